/** What stands around every page, in English. */
import type { FrameMessages } from './frame-messages.ts';

export const messages: FrameMessages = {
  skip: 'Skip to the content',
  language: 'Language',
};
