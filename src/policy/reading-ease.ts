/**
 * How easily a notice reads, by formulas that were published for its language. `fairlead check` prints the measure of every notice and warns of a hard one.
 * The formulas count what can be counted, words in a sentence and syllables in a word; they say nothing about whether a text is true or kind.
 */

export type ReadingLanguage = 'en' | 'de' | 'fr' | 'es' | 'ar';

export interface ReadingEase {
  readonly language: ReadingLanguage;
  /** The formula, by the names of those who published it. */
  readonly formula: string;
  /** For a Flesch scale: 100 is very easy, 0 very hard. For words in a sentence: how many on average. One decimal. */
  readonly score: number;
  /** The worst score that is not warned of. */
  readonly limit: number;
  readonly isHard: boolean;
}

/** Fewer words say too little about how a text reads. */
const wordsMin = 15;
/** On Flesch's scale from 50 down a text is "difficult" (Flesch 1949). */
const easeMin = 50;
/** A usual limit for plain language: the British Government's is 25 words for a sentence at most; ours is for the average. */
const sentenceWordsMax = 20;

/** Undefined for a text that is too short to be measured. */
export function readingEase(text: string, language: ReadingLanguage): ReadingEase | undefined {
  const words = text.match(/[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*/gu) ?? [];
  if (words.length < wordsMin) return undefined;
  const sentences = Math.max(1, text.split(/[.!?…:;؟؛]+(?=\s|$)/u).filter((part) => /\p{L}/u.test(part)).length);
  const perSentence = words.length / sentences;
  if (language === 'ar') {
    const score = rounded(perSentence);
    return {
      language,
      formula: 'words in a sentence',
      score,
      limit: sentenceWordsMax,
      isHard: score > sentenceWordsMax,
    };
  }
  const perWord = words.reduce((sum, word) => sum + syllablesOf(word, language), 0) / words.length;
  const { formula, ease } = formulas[language];
  const score = rounded(ease(perSentence, perWord));
  return { language, formula, score, limit: easeMin, isHard: score < easeMin };
}

/**
 * Reading ease from words in a sentence and syllables in a word. Arabic has none here: OSMAN (El-Haj & Rayson 2016) needs the vowel signs that nobody writes in
 * a notice, so only the length of sentences is measured and called by that name.
 */
const formulas: Readonly<
  Record<
    Exclude<ReadingLanguage, 'ar'>,
    { readonly formula: string; readonly ease: (perSentence: number, perWord: number) => number }
  >
> = {
  // R. Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948).
  en: { formula: 'Flesch', ease: (perSentence, perWord) => 206.835 - 1.015 * perSentence - 84.6 * perWord },
  // T. Amstad, Wie verständlich sind unsere Zeitungen?, Zürich (1978).
  de: { formula: 'Amstad', ease: (perSentence, perWord) => 180 - perSentence - 58.5 * perWord },
  // L. Kandel & A. Moles, Application de l'indice de Flesch à la langue française, Cahiers d'Études de Radio-Télévision (1958).
  fr: { formula: 'Kandel & Moles', ease: (perSentence, perWord) => 207 - 1.015 * perSentence - 73.6 * perWord },
  // J. Fernández Huerta, Medidas sencillas de lecturabilidad, Consigna 214 (1959), in the form that counts words in a sentence.
  es: { formula: 'Fernández Huerta', ease: (perSentence, perWord) => 206.84 - 1.02 * perSentence - 60 * perWord },
};

/** Syllables of a word, from its vowels: right for most words, and within a tenth over a text. A number counts as one. */
export function syllablesOf(word: string, language: Exclude<ReadingLanguage, 'ar'>): number {
  const lower = word.toLowerCase().normalize('NFC');
  return Math.max(1, (lower.match(vowelGroups[language]) ?? []).length - silent(lower, language));
}

/** What is spoken as one: diphthongs stay together, vowels that belong to two syllables do not. */
const vowelGroups: Readonly<Record<Exclude<ReadingLanguage, 'ar'>, RegExp>> = {
  en: /[aeiouy]+/g,
  de: /aa|ee|oo|ie|ei|ai|ey|ay|au|eu|äu|[aeiouäöüy]/g,
  fr: /[aeiouyàâäéèêëîïôöùûüœæ]+/g,
  // Strong vowels stand alone; í and ú beside another vowel too; u after q and g is silent before e and i.
  es: /(?<=[qg])u(?=[eiéí])[eiéí]|[iuü]?[aeoáéó](?:[iuy](?![aeoáéó]))?|[íú]|[iuüy]+(?![aeoáéó])/g,
};

function silent(word: string, language: Exclude<ReadingLanguage, 'ar'>): number {
  if (language === 'en')
    return /[^aeiouyl]e$|[^aeiouy]es$|[^aeioutd]ed$/.test(word) && !/(?:[sxz]|ch|sh|[cg])es$/.test(word) ? 1 : 0;
  if (language === 'fr') return /[^aeiouyéèêàâîôû](?:e|es)$/.test(word) && word.length > 2 ? 1 : 0;
  return 0;
}

function rounded(score: number): number {
  return Math.round(score * 10) / 10;
}
