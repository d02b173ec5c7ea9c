import { describe, expect, test } from 'vitest';
import { putItems } from '../../src/catalogue/items.ts';
import { whyToken } from '../../src/deciding/why-token.ts';
import { learn } from '../../src/models/learn.ts';
import { readDatabase } from '../../src/transparency/database-reader.ts';
import { signerOf } from '../../src/transparency/note.ts';
import { sequenceOnce } from '../../src/transparency/sequencer.ts';
import { keysOf } from '../../src/vault/keys.ts';
import { allow, crowd, send, shopItems, stock, testEngine, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const logKeys = { origin: 'shop.example/log', seed: Buffer.alloc(32, 3) };
const { verifierKey } = signerOf({ name: logKeys.origin, seed: logKeys.seed });
const engine = await testEngine();
await stock(engine, 24);
await crowd(engine, 150, 24);
const used = ['item-2', 'item-4', 'item-8'];
const people = ['ada', 'ben', 'cleo', 'dora', 'emil', 'fay', 'gus'];
const ids = new Map((await allow(engine, people)).map((personId, at) => [people[at] ?? '', personId] as const));
await send(
  engine,
  people.flatMap((userId) => used.map((item) => viewed(userId, item))),
);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');
const server = await testHttp({ engine, publicLog: { read: readDatabase(engine.database), verifierKey } });
const { asServer } = server;

interface Seen {
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

async function open(path: string, url = server.url): Promise<Seen> {
  const answer = await fetch(`${url}${path}`);
  return { status: answer.status, html: await answer.text(), headers: answer.headers };
}

/** Decides and follows the link of the answer, as whoever receives it would. */
async function decideFor(userId: string): Promise<{ id: string; path: string; items: string[] }> {
  const { body, headers } = await asServer.decide({ body: { person: { userId }, placement: 'home' } });
  const path = /^<(\/why\/[^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? '';
  return { id: headers.get('fairlead-decision') ?? '', path, items: body.items.map(({ item }) => item) };
}

/** The words of a page, as they are read. */
function wordsOf(html: string): string {
  return (/<main[\s\S]*<\/footer>/.exec(html)?.[0] ?? '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');
}

async function sequence(): Promise<void> {
  for (;;) if ((await sequenceOnce(engine.database, { keys: logKeys }))?.more !== true) return;
}

describe('the page of a personal decision', () => {
  test('says which categories it came from, on what basis, from how many people, and that it comes out the same again', async () => {
    const { path, items } = await decideFor('ada');
    const { status, html } = await open(path);
    expect(status).toBe(200);
    const words = wordsOf(html);
    expect(words).toContain('Because of things in category-0');
    expect(words).toContain('that were viewed or bought.');
    for (const item of items) expect(html).toContain(`>Item ${item.slice('item-'.length)}</bdi>`);
    expect(words).toContain('Suggestions made for you');
    expect(words).toMatch(/The person agreed on \d+ \w+ \d{4}, to version 1 of this text/);
    expect(words).toContain('We use what you view and buy to suggest things.');
    expect(words).toContain('more than 150 people');
    expect(words).toContain('came out the same');
    expect(words).toMatch(/Kept to check that people are treated alike ?gender/);
    expect(words).toContain('privacy@shop.example');
  });

  test('names nothing of the history, nor the person, nor any number of the model', async () => {
    const { id, path } = await decideFor('ada');
    const { html } = await open(path);
    for (const item of used) expect(html).not.toMatch(new RegExp(`[Ii]tem[ -]${item.slice('item-'.length)}\\b`));
    for (const secret of ['ada', ids.get('ada') ?? '-', id]) expect(wordsOf(html)).not.toContain(secret);
    const record = await asServer.readDecision({ params: { id } });
    for (const { score, terms } of record.body.items)
      for (const points of [score, ...terms.map((term) => term.points)]) expect(html).not.toContain(String(points));
  });

  test('is kept by nobody, listed nowhere, framed by nobody, and runs nothing', async () => {
    const { path } = await decideFor('ada');
    const { headers, html } = await open(path);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow, noarchive');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(html).not.toMatch(/<script|<style|<form|style=|javascript:/i);
    expect(server.logged.some((line) => JSON.stringify(line).includes(path.slice('/why/'.length)))).toBe(false);
  });

  test('says that it enters the log, then where it stands there, and nothing of a log that is not shown', async () => {
    const { path } = await decideFor('ada');
    expect(wordsOf((await open(path)).html)).toContain('It enters the public log within seconds');
    await sequence();
    expect(wordsOf((await open(path)).html)).toMatch(/sealed in entry [\d,]+ of the public log/);
    const without = await testHttp({ engine });
    expect((await open(path, without.url)).html).not.toContain('/log');
  });

  test('does not name a category that would as good as name the thing', async () => {
    const { path } = await decideFor('ada');
    const rare = shopItems(24).filter(({ itemId }) => itemId === 'item-2');
    await putItems(
      engine.database,
      rare.map((item) => ({ ...item, category: 'Rarities' })),
    );
    await engine.items.refresh();
    const { html } = await open(path);
    expect(html).not.toContain('Rarities');
    expect(wordsOf(html)).toContain('other places');
    await stock(engine, 24);
  });

  test('names neither a thing nor a category by what is a sensitive topic by now', async () => {
    const { path, items } = await decideFor('ada');
    const touchy = new Set(['item-4', 'item-8', items[0]]);
    await putItems(
      engine.database,
      shopItems(24).map((item) => ({ ...item, topics: touchy.has(item.itemId) ? ['pregnancy'] : [] })),
    );
    await engine.items.refresh();
    const { html } = await open(path);
    expect(html).not.toContain('category-0');
    expect(html).toContain('category-2');
    expect(html).not.toContain(`>Item ${items[0]?.slice('item-'.length)}<`);
    expect(html).toContain('Something that is no longer suggested');
    await stock(engine, 24);
  });

  test('says so when it does not come out the same again', async () => {
    const { id, path } = await decideFor('gus');
    await engine.database.query(
      `update decisions set record = regexp_replace(record, '"score":', '"score":1') where decision_id = $1`,
      [id],
    );
    expect(wordsOf((await open(path)).html)).toContain('came out differently. Please tell us.');
  });

  test('shows pictures of this server alone', async () => {
    const { path, items } = await decideFor('ada');
    const [first = ''] = items;
    const item = shopItems(24).find(({ itemId }) => itemId === first);
    for (const [image, isShown] of [
      ['/demo/pictures/x.svg', true],
      ['//elsewhere.example/x.svg', false],
      ['/\\elsewhere.example/x.svg', false],
      ['https://elsewhere.example/x.svg', false],
      ['javascript:alert(1)', false],
      ['data:image/svg+xml,<svg onload=alert(1)>', false],
    ] as const) {
      if (item !== undefined) await putItems(engine.database, [{ ...item, image }]);
      await engine.items.refresh();
      const { html } = await open(path);
      expect(/<li><img/.test(html), image).toBe(isShown);
      expect(html).not.toContain('elsewhere');
    }
    await stock(engine, 24);
  });
});

describe('the page of a decision that has been stripped', () => {
  test('says that something was taken out, and no longer what', async () => {
    const { path } = await decideFor('ben');
    await sequence();
    const person = ids.get('ben') ?? '';
    await asServer.excludeFromPerson({ params: { person }, body: { item: 'item-2' } });
    const words = wordsOf((await open(path)).html);
    expect(words).toContain('Something was taken out of the history');
    expect(words).toContain('It cannot be computed again');
    expect(words).toMatch(/That it once was on record is entry [\d,]+/);
    expect(words).toContain('category-0');
    for (const item of ['item-4', 'item-8']) await asServer.excludeFromPerson({ params: { person }, body: { item } });
    const emptied = wordsOf((await open(path)).html);
    expect(emptied).toContain('What this came from has been taken out.');
    expect(emptied).toContain('What it came from has been taken out');
    expect(emptied).not.toContain('category-0');
  });

  test('shows nothing of it any more after a withdrawal, and nothing at all after an erasure', async () => {
    const { path, items } = await decideFor('cleo');
    await asServer.recordConsents({ body: { person: { userId: 'cleo' }, purposes: { suggestions: false } } });
    const { status, html } = await open(path);
    expect(status).toBe(200);
    expect(wordsOf(html)).toContain('The permission behind it has been withdrawn.');
    for (const item of items) expect(html).not.toContain(`Item ${item.slice('item-'.length)}<`);
    expect(html).not.toContain('category-');
    expect(html).not.toContain('Suggestions made for you');
    await asServer.forgetPerson({ params: { person: ids.get('cleo') ?? '' }, body: { kind: 'erase' } });
    expect((await open(path)).status).toBe(404);
  });
});

test('the answer for everybody has a short page, the same for whoever was asked about', async () => {
  const [first, second] = [await decideFor('a stranger'), await decideFor('another stranger')];
  const { status, html } = await open(first.path);
  expect(status).toBe(200);
  expect(wordsOf(html)).toContain('Everybody sees this here.');
  expect(html).not.toMatch(/What was used|worked out|agreed|Because/);
  const timeless = (said: string): string => said.replaceAll(/\d\d:\d\d UTC/g, 'then');
  expect(timeless(html)).toBe(timeless((await open(second.path)).html));
});

describe('a token that leads nowhere', () => {
  const nowhere = open('/why/nothing');

  /** Everything that can be seen from outside, without the clock. */
  function seen({ status, html, headers }: Seen): unknown {
    return { status, html, headers: [...headers].filter(([name]) => name !== 'date') };
  }

  async function expectNothing(path: string): Promise<void> {
    expect(seen(await open(path)), path).toEqual(seen(await nowhere));
  }

  test('is answered with 404 and a page that says nothing', async () => {
    const { status, html, headers } = await nowhere;
    expect(status).toBe(404);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(wordsOf(html)).toContain('There is nothing here.');
    expect(html).not.toContain('was shown');
  });

  test('because any one of its bits was changed, is answered with the same bytes', async () => {
    const { path } = await decideFor('dora');
    const bytes = Buffer.from(path.slice('/why/'.length), 'base64url');
    expect(bytes).toHaveLength(32);
    expect((await open(path)).status).toBe(200);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expectNothing(`/why/${forged.toString('base64url')}`);
    }
  });

  test('because it is spelt in another way, is answered with the same bytes', async () => {
    const { path } = await decideFor('dora');
    const token = path.slice('/why/'.length);
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const lastOnes = digits
      .split('')
      .filter((digit) => digit !== token.at(-1))
      .map((digit) => token.slice(0, -1) + digit);
    for (const other of [
      ...lastOnes,
      `${token}=`,
      `${token}A`,
      `${token}/`,
      `${token}%0A`,
      `%20${token}`,
      `${token}%00`,
      `${token}.`,
      `/${token}`,
      `x/${token}`,
      token.slice(1),
      token.repeat(2),
      token.repeat(100),
      token.toUpperCase(),
      '',
      '%3Cscript%3E',
      encodeURIComponent('🦊'),
    ])
      await expectNothing(`/why/${other}`);
  });

  test('because it was made under another key, or for a decision that is not there, is answered with the same bytes', async () => {
    const { id } = await decideFor('emil');
    const foreign = keysOf(Buffer.alloc(32, 8), new Map([[1, Buffer.alloc(32, 9)]]));
    await expectNothing(`/why/${whyToken({ keys: foreign }, id)}`);
    await expectNothing(`/why/${whyToken(engine, engine.database.world.uuid())}`);
    await expectNothing(`/why/${whyToken(engine, '00000000-0000-0000-0000-000000000000')}`);
  });

  test('because its decision was erased, is answered with the same bytes', async () => {
    const { path } = await decideFor('fay');
    expect((await open(path)).status).toBe(200);
    await asServer.forgetPerson({ params: { person: ids.get('fay') ?? '' }, body: { kind: 'erase' } });
    await expectNothing(path);
  });
});

test('too many requests of one address are refused before anything is looked up', async () => {
  const slow = await testHttp({ engine, rates: { address: { perSecond: 0.1, burst: 2 } } });
  const statuses = [];
  for (let turn = 0; turn < 4; turn++) statuses.push((await open('/why/nothing', slow.url)).status);
  expect(statuses).toEqual([404, 404, 429, 429]);
});

const payloads: readonly string[] = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//x.example/x.js></SCRIPT>',
  '</bdi><script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '</h1></article></main><script>alert(1)</script>',
  '"><script>alert(1)</script>',
  "'><script>alert(1)</script>",
  '<img src=x onerror=alert(1)>',
  '<img src=x onerror="alert(1)"',
  '<svg onload=alert(1)>',
  '<svg/onload=alert(1)//',
  '<body onload=alert(1)>',
  '<iframe src="javascript:alert(1)">',
  '<a href="javascript:alert(1)">x</a>',
  '<details open ontoggle=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<video><source onerror=alert(1)>',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>',
  '<style>*{background:url(//x.example)}</style>',
  '<link rel=stylesheet href=//x.example/x.css>',
  '<meta http-equiv=refresh content="0;url=//x.example">',
  '<base href=//x.example/>',
  '<object data="data:text/html,<script>alert(1)</script>">',
  '<embed src=//x.example>',
  '<form action=//x.example><button>x',
  '<!--',
  '--><script>alert(1)</script>',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml version="1.0"?>',
  '" onmouseover="alert(1)',
  "' onmouseover='alert(1)",
  '` onmouseover=`alert(1)',
  'javascript:alert(1)',
  'data:text/html;base64,PHNjcmlwdD4=',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)',
  '&#x3c;script&#x3e;alert(1)',
  '\\u003cscript\\u003ealert(1)',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  '+ADw-script+AD4-alert(1)',
  '＜script＞alert(1)＜/script＞',
  '{{ "x" | upcase }}',
  '{% layout "demo.liquid" %}',
  '{{ engine }}{{ constructor.constructor }}',
  '${alert(1)}',
  '<%= 7 * 7 %>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '\u202Egnp.exe<script>alert(1)</script>',
  '<x\tonclick=alert(1)\nstyle=x>',
  'x'.repeat(5_000),
];

test('fifty hostile titles and categories are shown letter by letter, and change no tag of the page', async () => {
  expect(new Set(payloads).size).toBe(50);
  const { path } = await decideFor('emil');
  const everybody = (await decideFor('a stranger')).path;
  const tagsWith = async (text: string, at: string): Promise<string> => {
    await putItems(
      engine.database,
      shopItems(24).map((item) => ({ ...item, title: text, category: text })),
    );
    await engine.items.refresh();
    const { status, html } = await open(at);
    expect(status).toBe(200);
    expect(wordsOf(html), text).toContain(text.replaceAll(/\s+/g, ' '));
    return (html.match(/<[^>]*>/g) ?? []).join('');
  };
  const harmless = await tagsWith('Kitchen', path);
  const harmlessToo = await tagsWith('Kitchen', everybody);
  for (const payload of payloads) {
    expect(await tagsWith(payload, path), payload).toBe(harmless);
    expect(await tagsWith(payload, everybody), payload).toBe(harmlessToo);
  }
  await stock(engine, 24);
});
