/**
 * The languages of the pages that customers see: which one a reader gets, which way it is written, and how it writes days, times and lists.
 * The words themselves stand in one catalogue a page beside this file (`privacy/`, `why/`), one file a language, held to one type.
 */

export const languages = ['en', 'de', 'fr', 'es', 'ar'] as const;
export type Language = (typeof languages)[number];

/** One catalogue: the same messages in every language. Leaves are text, in which `{name}` stands for a value that `fill` puts in. */
export type Catalogue<Messages> = Readonly<Record<Language, Messages>>;

/** How a language calls itself. */
export const languageNames: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  ar: 'العربية',
};

export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr';
}

/**
 * The reader's language: the one that was asked for by name (`?language=de`), or the first of the browser's list (RFC 9110, section 12.5.4) that
 * there is, or English.
 */
export function languageOf(request: {
  readonly query?: unknown;
  readonly headers: { readonly 'accept-language'?: string | undefined };
}): Language {
  return askedLanguage(request.query) ?? preferredLanguage(request.headers['accept-language'] ?? '');
}

/** The language that the address names, or undefined. */
export function askedLanguage(query: unknown): Language | undefined {
  const asked: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'language') : undefined;
  return languages.find((language) => language === asked);
}

function preferredLanguage(accepted: string): Language {
  const wanted = accepted
    .slice(0, 500)
    .split(',')
    .map((part, index) => {
      const [range = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters.map((text) => /^\s*q=(\d(?:\.\d+)?)\s*$/.exec(text)?.[1]).find(Boolean);
      return { language: range.split('-')[0], quality: quality === undefined ? 1 : Number(quality), index };
    })
    .toSorted((one, other) => other.quality - one.quality || one.index - other.index);
  for (const { language, quality } of wanted) {
    const found = languages.find((known) => known === language);
    if (found !== undefined && quality > 0) return found;
  }
  return 'en';
}

/** Marks around a value that keep its own direction to itself (Unicode Standard Annex 9, first strong isolate). */
const isolateStart = '\u2068';
const isolateEnd = '\u2069';

/** Puts values into the places of a message. Each is isolated, so that a name written from right to left leaves the sentence as it is. */
export function fill(message: string, values: Readonly<Record<string, string | number>>): string {
  return message.replaceAll(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? `${isolateStart}${String(values[name])}${isolateEnd}` : place,
  );
}

/** For example `1 March 2026`, in UTC. */
export function dayIn(language: Language, moment: Date): string {
  return formats[language].day.format(moment);
}

/** For example `1 March 2026 at 09:00 UTC`. */
export function momentIn(language: Language, moment: Date): string {
  return formats[language].moment.format(moment);
}

/** For example `a, b and c`. */
export function listIn(language: Language, words: readonly string[]): string {
  return formats[language].list.format(words.map((word) => `${isolateStart}${word}${isolateEnd}`));
}

/** Whole numbers with the marks between thousands that the language writes. */
export function countIn(language: Language, count: number): string {
  return formats[language].count.format(count);
}

interface Formats {
  readonly day: Intl.DateTimeFormat;
  readonly moment: Intl.DateTimeFormat;
  readonly list: Intl.ListFormat;
  readonly count: Intl.NumberFormat;
}

/** English as it is written in Europe. Digits are those of the latin script everywhere, as most Arabic pages on the web have them. */
const locales: Readonly<Record<Language, string>> = {
  en: 'en-GB',
  de: 'de-DE',
  fr: 'fr-FR',
  es: 'es-ES',
  ar: 'ar-u-nu-latn',
};

function formatsOf(language: Language): Formats {
  const locale = locales[language];
  return {
    day: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }),
    moment: new Intl.DateTimeFormat(locale, {
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZone: 'UTC',
      timeZoneName: 'short',
    }),
    list: new Intl.ListFormat(locale, { type: 'conjunction' }),
    count: new Intl.NumberFormat(locale),
  };
}

const formats: Readonly<Record<Language, Formats>> = {
  en: formatsOf('en'),
  de: formatsOf('de'),
  fr: formatsOf('fr'),
  es: formatsOf('es'),
  ar: formatsOf('ar'),
};
