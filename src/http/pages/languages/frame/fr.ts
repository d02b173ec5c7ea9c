/** What stands around every page, in French. */
import type { FrameMessages } from './frame-messages.ts';

export const messages: FrameMessages = {
  skip: 'Aller au contenu',
  language: 'Langue',
};
