/** What stands around every page, in Arabic. */
import type { FrameMessages } from './frame-messages.ts';

export const messages: FrameMessages = {
  skip: 'انتقل إلى المحتوى',
  language: 'اللغة',
};
