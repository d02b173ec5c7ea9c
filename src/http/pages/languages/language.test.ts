import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countIn, dayIn, fill, languageOf, languages, listIn, momentIn } from './language.ts';

const asking = (accepted: string | undefined, query: unknown = {}) =>
  languageOf({ query, headers: { 'accept-language': accepted } });

test('a language that was asked for by name beats what the browser prefers, and one that there is not counts for nothing', () => {
  expect(asking('de', { language: 'ar' })).toBe('ar');
  expect(asking('de', { language: 'tlh' })).toBe('de');
  expect(asking('de', { language: ['fr', 'es'] })).toBe('de');
  expect(asking(undefined)).toBe('en');
});

test('of the languages of the browser, the best liked that there is', () => {
  expect(asking('pt-BR, es-MX;q=0.8, en;q=0.9')).toBe('en');
  expect(asking('fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5')).toBe('fr');
  expect(asking('de;q=0, en')).toBe('en');
  fc.assert(fc.property(fc.string(), (accepted) => languages.includes(asking(accepted))));
});

test('a value is put in as it is, isolated, and never read for places of its own', () => {
  expect(fill('Hello {name}, {name} {other}', { name: '{other} $&' })).toBe(
    'Hello \u2068{other} $&\u2069, \u2068{other} $&\u2069 {other}',
  );
  expect(fill('{constructor}', {})).toBe('{constructor}');
});

test.each(languages)('days, times, counts and lists are written in %s', (language) => {
  expect(dayIn(language, new Date('2026-03-01T23:59:00Z'))).toMatch(/2026/);
  expect(momentIn(language, new Date('2026-03-01T23:59:00Z'))).toMatch(/\b23\b.*59|11.59/);
  expect(countIn(language, 12_345)).toMatch(/^12.345$/);
  expect(listIn(language, ['a', 'b'])).toContain('\u2068a\u2069');
});
