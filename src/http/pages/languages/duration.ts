/** Lengths of time of the policy (`13 months`) as each language says them. */
import type { Language } from './language.ts';

/** For example `13 Monate`. A text that is none is returned as it is. */
export function durationIn(language: Language, text: string): string {
  const match = /^(\d+) (minute|hour|day|week|month|year)s?$/.exec(text);
  if (match === null) return text;
  const [, count = '', unit = ''] = match;
  return new Intl.NumberFormat(language === 'ar' ? 'ar-u-nu-latn' : language, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
  }).format(Number(count));
}
