/** What stands around every page that customers see. */
import type { Catalogue } from '../language.ts';
import { messages as ar } from './ar.ts';
import { messages as de } from './de.ts';
import { messages as en } from './en.ts';
import { messages as es } from './es.ts';
import { messages as fr } from './fr.ts';

export interface FrameMessages {
  readonly skip: string;
  readonly language: string;
}

export const frameMessages: Catalogue<FrameMessages> = { en, de, fr, es, ar };
