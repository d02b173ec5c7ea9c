import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadingLanguage, readingEase, syllablesOf } from './reading-ease.ts';

describe('syllables', () => {
  test.each([
    [
      'en',
      { cat: 1, make: 1, table: 2, suggestions: 3, email: 2, basket: 2, wanted: 2, used: 1, notices: 3, privacy: 3 },
    ],
    ['de', { Haus: 1, Daten: 2, Vorschläge: 3, Einwilligung: 4, Sie: 1, neue: 2, Europa: 3 }],
    ['fr', { porte: 1, données: 2, vous: 1, achetez: 3, utiliser: 4, suggestions: 3, le: 1 }],
    ['es', { casa: 2, datos: 2, país: 2, bueno: 2, que: 1, guía: 2, correo: 3, sugerencias: 4, leer: 2, muy: 1 }],
  ] as const)('are counted as they are spoken in %s', (language, words) => {
    const counted = Object.keys(words).map((word) => [word, syllablesOf(word, language)]);
    expect(Object.fromEntries(counted)).toEqual(words);
  });
});

const plain: Readonly<Record<ReadingLanguage, string>> = {
  en: 'We use what you view and buy to suggest gifts. We keep it for a year. You can switch it off at any time.',
  de: 'Wir nutzen, was Sie ansehen und kaufen, um Ihnen etwas vorzuschlagen. Das bleibt ein Jahr. Sie können es hier ausschalten.',
  fr: 'Avec ce que vous voyez et achetez, nous vous proposons des cadeaux. On le garde un an. Vous pouvez le couper ici.',
  es: 'Usamos lo que ve y compra para darle ideas de regalo. Lo guardamos un año. Lo puede apagar aquí cuando quiera.',
  ar: 'نستخدم ما تشاهده وتشتريه لنقترح عليك الهدايا. نحفظه سنة واحدة. ويمكنك أن توقفه هنا في أي وقت تشاء.',
};

const hard: Readonly<Record<ReadingLanguage, string>> = {
  en: 'Notwithstanding the aforementioned considerations, personalised recommendations necessitate continuous processing of behavioural information, encompassing transactional histories and demographic characteristics.',
  de: 'Unbeschadet vorstehender Bestimmungen erfordert die Personalisierung unserer Produktempfehlungen die kontinuierliche Verarbeitung verhaltensbezogener Informationen einschließlich Transaktionshistorien sowie demografischer Eigenschaften.',
  fr: 'Nonobstant les considérations susmentionnées, la personnalisation des recommandations nécessite le traitement continuel des informations comportementales, notamment transactionnelles et sociodémographiques.',
  es: 'No obstante las consideraciones anteriormente mencionadas, la personalización de recomendaciones comerciales requiere el procesamiento ininterrumpido de informaciones transaccionales y características sociodemográficas.',
  ar: 'من دون الإخلال بما سبق ذكره من الأحكام فإن إعداد الاقتراحات المخصصة لك يقتضي المعالجة المستمرة للمعلومات السلوكية الخاصة بك بما فيها سجل معاملاتك وخصائصك السكانية التي قدمتها لنا',
};

test.each(Object.keys(plain) as ReadingLanguage[])(
  'a plain notice passes and a lawyer’s does not, in %s',
  (language) => {
    expect(readingEase(plain[language], language)).toMatchObject({ isHard: false });
    expect(readingEase(hard[language], language)).toMatchObject({ isHard: true });
  },
);

test('Flesch’s own formula, by hand: 20 words of one syllable in two sentences', () => {
  const text = `${'cat '.repeat(10).trim()}. ${'dog '.repeat(10).trim()}.`;
  expect(readingEase(text, 'en')?.score).toBe(Math.round((206.835 - 1.015 * 10 - 84.6) * 10) / 10);
});

test('whatever the text, it is measured or too short, and one sentence made of two never reads easier', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('en', 'de', 'fr', 'es', 'ar'), (text, language) => {
      const ease = readingEase(text, language);
      expect(ease === undefined || Number.isFinite(ease.score)).toBe(true);
    }),
  );
  for (const language of ['en', 'de', 'fr', 'es'] as const)
    expect(readingEase(plain[language].replaceAll('. ', ' '), language)?.score).toBeLessThan(
      readingEase(plain[language], language)?.score ?? 0,
    );
});
