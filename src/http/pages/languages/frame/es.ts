/** What stands around every page, in Spanish. */
import type { FrameMessages } from './frame-messages.ts';

export const messages: FrameMessages = {
  skip: 'Ir al contenido',
  language: 'Idioma',
};
