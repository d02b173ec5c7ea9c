/** What stands around every page, in German. */
import type { FrameMessages } from './frame-messages.ts';

export const messages: FrameMessages = {
  skip: 'Zum Inhalt springen',
  language: 'Sprache',
};
