import { readFileSync } from 'node:fs';
import { Check, Errors } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { type Endpoint, problemsOf } from './endpoint.ts';
import { endpointNames, endpoints } from './endpoints.ts';
import { documentText, openApi } from './openapi.ts';
import { problemsPage } from './problems-page.ts';
import { problemCodes } from './problems.ts';

const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }; // our own file

test('the committed OpenAPI document is the one that the declarations make', async () => {
  await expect(`${documentText(openApi(version))}\n`).toMatchFileSnapshot(
    new URL('docs/reference/openapi.json', root).pathname,
  );
});

test('the committed page of problems is the one that the table makes', async () => {
  await expect(problemsPage()).toMatchFileSnapshot(new URL('docs/reference/problems.md', root).pathname);
});

describe.each(endpointNames)('%s', (name) => {
  const declared: Endpoint = endpoints[name];

  test('its example fits its schemas', () => {
    const { params, query, body, answer, answerToBrowsers } = declared.example;
    expect(declared.params === undefined).toBe(params === undefined);
    if (declared.params !== undefined) expect(Errors(declared.params, params)).toEqual([]);
    if (declared.query !== undefined) expect(Errors(declared.query, query)).toEqual([]);
    expect(declared.body === undefined).toBe(body === undefined);
    if (declared.body !== undefined) expect(Errors(declared.body, body)).toEqual([]);
    expect(Errors(declared.answer, answer)).toEqual([]);
    expect(declared.answerToBrowsers === undefined).toBe(answerToBrowsers === undefined);
    if (declared.answerToBrowsers !== undefined)
      expect(Errors(declared.answerToBrowsers, answerToBrowsers)).toEqual([]);
  });

  test('it is described for people, and its parameters are the ones in its path', () => {
    expect(declared.summary).toMatch(/^[A-Z][^.]+$/);
    expect(declared.description).toMatch(/^[A-Z].+\.$/s);
    const inPath = [...declared.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(inPath).toEqual(Object.keys(declared.params?.properties ?? {}));
  });
});

test('no two endpoints share method and path', () => {
  const calls = Object.values(endpoints).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(calls).size).toBe(calls.length);
});

test('a browser is never answered with scores', () => {
  const { answerToBrowsers } = endpoints.decide;
  expect(JSON.stringify(answerToBrowsers)).not.toMatch(/score|terms|points/);
  expect(Check(answerToBrowsers, endpoints.decide.example.answer)).toBe(false);
});

test('every problem is one that some endpoint answers with', () => {
  const answered = new Set<string>([
    ...Object.values(endpoints).flatMap((declared) => problemsOf(declared)),
    'route.unknown',
  ]);
  expect(problemCodes.filter((code) => !answered.has(code))).toEqual([]);
});

test('the contract and the client can be bundled for a browser: they import nothing of Node', () => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(
      /^(?:import|export) (?!type)[^;]*?from '([^']+)';/gms,
    )) {
      if (specifier.startsWith('.')) visit(new URL(specifier, url));
      else expect(specifier, url.pathname).toMatch(/^typebox/);
    }
  };
  visit(new URL('../client.ts', import.meta.url));
  visit(new URL('openapi.ts', import.meta.url));
  expect(seen.size).toBeGreaterThan(8);
});
