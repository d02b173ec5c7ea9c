/** Whatever is stored about a person or an item, the privacy centre shows it as text: two hundred payloads in every stored string that its pages show. */
import { describe, expect, test } from 'vitest';
import { putItems } from '../../src/catalogue/items.ts';
import { dutyPermit } from '../../src/consent/permit.ts';
import { languages } from '../../src/http/pages/languages/language.ts';
import { choose } from '../../src/people/choose.ts';
import { startSession } from '../../src/people/person-sessions.ts';
import { readWholePerson } from '../../src/people/profile.ts';
import { attribute, identifier, type Policy } from '../../src/policy/policy.ts';
import { allow, send, shopPolicy, testEngine, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';
import { scriptPayloads } from '../support/script-payloads.ts';

const hostile = scriptPayloads[1] ?? '';
const hostilePolicy: Policy = {
  ...shopPolicy,
  controller: { ...shopPolicy.controller, name: hostile },
  purposes: {
    ...shopPolicy.purposes,
    suggestions: { ...shopPolicy.purposes.suggestions, title: hostile, notice: hostile, recipients: [hostile] },
  },
  people: {
    note: attribute({ type: 'text', for: ['suggestions'] }),
    email: identifier('email', { for: ['email'] }),
  },
  events: { ...shopPolicy.events, [hostile]: { for: ['suggestions'] } },
};
const engine = await testEngine({ policy: hostilePolicy });
await putItems(
  engine.database,
  scriptPayloads.map((title, index) => ({
    itemId: `${title.slice(0, 150)} ${index}`,
    title,
    category: title,
    supplier: title,
  })),
);
await engine.items.refresh();
const { url } = await testHttp({ engine });

test('there are two hundred of them, all different', () => {
  expect(new Set(scriptPayloads).size).toBe(200);
});

/** Tags that the page's own templates never write. */
const foreignTags =
  /<(?:script(?! type="module" src="\/assets\/)|img|svg|iframe|object|math|base|style|template|meta http-equiv)/i;
/** A handler of events, or an address that runs something. */
const foreignAttributes = /<[a-z][^>]*\son\w+/i;
const runningAddress = /(?:href|src|action)="\s*javascript:/i;

function expectText(html: string, payloads: readonly string[]): void {
  expect(html).not.toMatch(foreignTags);
  expect(html).not.toMatch(runningAddress);
  // Without what stands between quotation marks, which no value can leave: its own are written as &#34;.
  expect(html.replaceAll(/="[^"]*"/g, '=""')).not.toMatch(foreignAttributes);
  for (const payload of payloads) if (/[<>]/.test(payload)) expect(html).not.toContain(payload);
}

describe.each(languages)('in %s', (language) => {
  test('titles and ids of items, one page of the history after another', async () => {
    const userId = `reader-${language}`;
    const [personId = ''] = await allow(engine, [userId]);
    await send(
      engine,
      scriptPayloads.map((title, index) => viewed(userId, `${title.slice(0, 150)} ${index}`)),
    );
    await send(engine, [{ type: 'track', messageId: `${language} own`, userId, event: hostile, properties: {} }]);
    const headers = {
      cookie: `fairlead-person=${await startSession(engine, personId)}`,
      'sec-fetch-site': 'same-origin',
    };
    let seen = 0;
    for (let page = 1; page <= 9; page++) {
      const html = await (await fetch(`${url}/privacy?language=${language}&page=${page}`, { headers })).text();
      expectText(html, scriptPayloads);
      seen += html.match(/action="\/privacy\/preview/g)?.length ?? 0;
    }
    expect(seen).toBe(201);
    const item = `${hostile.slice(0, 150)} 1`;
    for (const path of ['preview', 'take-out']) {
      const answer = await fetch(`${url}/privacy/${path}?language=${language}`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ item }),
      });
      expectText(await answer.text(), scriptPayloads);
    }
  });
});

test('what people say of themselves, how they are called, and why somebody looked', async () => {
  for (const [index, payload] of scriptPayloads.entries()) {
    const userId = `${payload} ${index}`;
    const [made] = await choose(engine, [
      {
        who: { kind: 'userId', value: userId },
        choices: { purposes: { suggestions: true, email: true }, method: 'form', source: payload },
      },
    ]);
    const personId = made?.personId ?? '';
    await send(engine, [
      { type: 'identify', messageId: `i-${index}`, userId, traits: { note: payload, email: payload } },
    ]);
    await readWholePerson(engine, engine.database, dutyPermit('access', personId, payload));
    const headers = { cookie: `fairlead-person=${await startSession(engine, personId)}` };
    const html = await (
      await fetch(`${url}/privacy?said=${encodeURIComponent(payload)}&language=${encodeURIComponent(payload)}`, {
        headers,
      })
    ).text();
    expectText(html, [payload]);
  }
});

test('links whose token is one', async () => {
  for (const payload of scriptPayloads) {
    const html = await (
      await fetch(`${url}/privacy/enter/${encodeURIComponent(payload)}?language=${encodeURIComponent(payload)}`)
    ).text();
    expectText(html, [payload]);
  }
});
