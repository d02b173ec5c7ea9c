/** The words of the privacy centre. English is the measure: what it says, every language says, or the project does not compile. */
import type { Catalogue } from '../language.ts';
import { messages as ar } from './ar.ts';
import { messages as de } from './de.ts';
import { messages as en } from './en.ts';
import { messages as es } from './es.ts';
import { messages as fr } from './fr.ts';

export type PrivacyMessages = typeof en;

export const privacyMessages: Catalogue<PrivacyMessages> = { en, de, fr, es, ar };
