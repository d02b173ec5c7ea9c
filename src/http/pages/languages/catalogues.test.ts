/** Every catalogue says everything in every language, with the same values in its sentences. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { languages } from './language.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const pages = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

/** Path of a message → the message. */
function messagesOf(node: unknown, path = ''): Map<string, string> {
  if (typeof node === 'string') return new Map([[path, node]]);
  if (typeof node !== 'object' || node === null) throw new Error(`${path} is no message`);
  return new Map(Object.entries(node).flatMap(([key, inner]) => [...messagesOf(inner, `${path}.${key}`)]));
}

function placesOf(message: string): string[] {
  return [...message.matchAll(/\{\w+\}/g)].map(([place]) => place).toSorted();
}

test('there are catalogues', () => {
  expect(pages).not.toEqual([]);
});

describe.each(pages)('%s', (page) => {
  test('has one file a language, with the same messages and the same places in them', async () => {
    const all: { language: string; messages: Map<string, string> }[] = [];
    for (const language of languages) {
      const file: Record<string, unknown> = await import(`./${page}/${language}.ts`);
      all.push({ language, messages: messagesOf(file['messages']) });
    }
    const english = all[0]?.messages ?? new Map<string, string>();
    for (const { language, messages } of all) {
      expect(new Set(messages.keys()), language).toEqual(new Set(english.keys()));
      for (const [path, message] of messages) {
        expect(message.trim(), `${language}${path}`).not.toBe('');
        expect(placesOf(message), `${language}${path}`).toEqual(placesOf(english.get(path) ?? ''));
      }
    }
  });

  test('is written in the script of its language', async () => {
    const file: Record<string, unknown> = await import(`./${page}/ar.ts`);
    const latin = [...messagesOf(file['messages'])].filter(([, message]) => !/\p{Script=Arabic}/u.test(message));
    expect(latin).toEqual([]);
  });
});
