import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { allow, stock } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const server = await testHttp();
await stock(server.engine, 10);
await allow(server.engine, ['ada']);

interface Sent {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.serverKey}`, 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), body: JSON.parse(text) };
}

const good = { userId: 'ada', event: 'Product Viewed', properties: { product_id: 'item-1' }, messageId: 'hostile' };

/** JSON text of a good event, with raw text in the place of one value. */
function withRaw(place: string, raw: string): string {
  return JSON.stringify({ ...good, [place]: '@' }).replace('"@"', raw);
}

const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const hostile: [string, string, string | Uint8Array<ArrayBuffer>, Record<string, string>?][] = [
  ['nothing', '/v1/track', ''],
  ['no JSON', '/v1/track', 'userId=ada'],
  ['JSON that breaks off', '/v1/track', '{"userId":"ada"'],
  ['a list', '/v1/track', '[]'],
  ['null', '/v1/track', 'null'],
  ['a number', '/v1/track', '1e400'],
  ['10 MB', '/v1/track', JSON.stringify({ ...good, properties: { product_id: 'x'.repeat(10_000_000) } })],
  ['10 MB to the catalogue', '/v1/items', JSON.stringify({ items: [{ item: 'x', title: 'x'.repeat(10_000_000) }] })],
  ['1,000 levels', '/v1/track', withRaw('properties', deep(1_000))],
  ['1,000,000 open brackets', '/v1/track', '['.repeat(400_000)],
  ['65 levels', '/v1/track', withRaw('properties', deep(65))],
  ['__proto__', '/v1/track', withRaw('properties', '{"__proto__":{"isAdmin":true}}')],
  ['__proto__ in escapes', '/v1/track', withRaw('properties', '{"\\u005f_proto_\\u005f":{"isAdmin":true}}')],
  ['a NUL', '/v1/track', withRaw('event', '"Product\\u0000Viewed"')],
  ['a NUL in a property nobody declared', '/v1/track', withRaw('properties', '{"note":"\\u0000"}')],
  ['a NUL in a key', '/v1/track', withRaw('properties', '{"\\u0000":1}')],
  ['a raw NUL', '/v1/track', withRaw('event', '"Product\u0000Viewed"')],
  ['half a surrogate pair', '/v1/track', withRaw('userId', '"\\ud83d"')],
  ['half a surrogate pair in a batch', '/v1/batch', `{"batch":[{"type":"track","userId":"ada","event":"\\udc00"}]}`],
  ['bytes that are not UTF-8', '/v1/track', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['a surrogate written as bytes', '/v1/track', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['the year 9999', '/v1/track', JSON.stringify({ ...good, timestamp: '9999-12-31T23:59:59Z' })],
  ['the year 1', '/v1/track', JSON.stringify({ ...good, timestamp: '0001-01-01T00:00:00Z' })],
  ['two days ahead', '/v1/track', JSON.stringify({ ...good, timestamp: new Date(Date.now() + 2 * 86_400_000) })],
  ['a time that is none', '/v1/track', JSON.stringify({ ...good, timestamp: '2026-13-45T99:99:99Z' })],
  ['a time in words', '/v1/track', JSON.stringify({ ...good, timestamp: 'yesterday' })],
  [
    'a sentAt that makes the time far off',
    '/v1/track',
    JSON.stringify({ ...good, timestamp: new Date(), sentAt: '2001-01-01T00:00:00Z' }),
  ],
  ['a user id that is an object', '/v1/track', JSON.stringify({ ...good, userId: { $ne: null } })],
  ['a user id of 300 characters', '/v1/track', JSON.stringify({ ...good, userId: 'x'.repeat(300) })],
  ['a message id of 101 characters', '/v1/track', JSON.stringify({ ...good, messageId: 'x'.repeat(101) })],
  ['properties that are a list', '/v1/track', JSON.stringify({ ...good, properties: [1] })],
  ['no event', '/v1/track', JSON.stringify({ ...good, event: undefined })],
  [
    'consent that is text',
    '/v1/track',
    JSON.stringify({ ...good, context: { consent: { categoryPreferences: { Functional: 'yes' } } } }),
  ],
  [
    'an event of 33 KB',
    '/v1/track',
    JSON.stringify({ ...good, properties: { product_id: 'item-1', note: 'x'.repeat(33_000) } }),
  ],
  [
    'an event of 33 KB in a batch',
    '/v1/batch',
    JSON.stringify({
      batch: [
        { type: 'track', ...good },
        { type: 'track', ...good, properties: { note: 'x'.repeat(33_000) } },
      ],
    }),
  ],
  [
    'a batch of 501 KB',
    '/v1/batch',
    JSON.stringify({
      batch: Array.from({ length: 520 }, (_, index) => ({
        type: 'track',
        ...good,
        messageId: `b-${index}`,
        properties: { note: 'x'.repeat(900) },
      })),
    }),
  ],
  ['an empty batch', '/v1/batch', '{"batch":[]}'],
  ['a batch with one message of no type', '/v1/batch', JSON.stringify({ batch: [{ type: 'track', ...good }, good] })],
  [
    'a batch with one message of an unknown type',
    '/v1/batch',
    JSON.stringify({
      batch: [
        { type: 'track', ...good },
        { type: 'erase', ...good },
      ],
    }),
  ],
  ['a gzip bomb', '/v1/batch', gzipSync(Buffer.alloc(100_000_000)), { 'content-encoding': 'gzip' }],
  ['what is not gzip', '/v1/batch', JSON.stringify(good), { 'content-encoding': 'gzip' }],
  ['gzip that breaks off', '/v1/track', gzipSync(JSON.stringify(good)).subarray(0, 30), { 'content-encoding': 'gzip' }],
  ['another compression', '/v1/track', JSON.stringify(good), { 'content-encoding': 'br' }],
  ['another media type', '/v1/track', '<event/>', { 'content-type': 'application/xml' }],
  ['a form', '/v1/track', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
  [
    'a decision with what nobody declared',
    '/v1/decisions',
    JSON.stringify({ person: { userId: 'ada' }, placement: 'home', isAdmin: true }),
  ],
  ['a decision about nobody', '/v1/decisions', JSON.stringify({ person: {}, placement: 'home' })],
  [
    'a decision at a place that every object has',
    '/v1/decisions',
    JSON.stringify({ person: { userId: 'ada' }, placement: 'constructor' }),
  ],
  [
    'consent to what every object has',
    '/v1/consents',
    JSON.stringify({ person: { userId: 'ada' }, purposes: { toString: true } }),
  ],
  ['consent to nothing', '/v1/consents', JSON.stringify({ person: { userId: 'ada' }, purposes: {} })],
  ['an item without a title', '/v1/items', JSON.stringify({ items: [{ item: 'x' }] })],
  [
    'an item at a price below nothing',
    '/v1/items',
    JSON.stringify({ items: [{ item: 'x', title: 'x', priceMinor: -1 }] }),
  ],
  ['an item at half a cent', '/v1/items', JSON.stringify({ items: [{ item: 'x', title: 'x', priceMinor: 0.5 }] })],
];

async function everything(): Promise<unknown> {
  return Promise.all(
    (
      ['events', 'profile_fields', 'inbox', 'persons', 'items', 'consent_entries', 'decisions', 'fold_queue'] as const
    ).map(async (table) => {
      // The name is one of the list above.
      const [row] = await server.engine.database.query<{ count: number }>(
        `select count(*)::integer as count from ${table}`,
      );
      return row?.count;
    }),
  );
}

const before = await everything();
afterEach(async () => {
  expect(await everything()).toEqual(before);
});

describe('a hostile body is refused, and nothing of it is stored', () => {
  test.each(hostile)('%s to %s', async (_name, path, body, headers) => {
    const { status, type, body: problem } = await post(path, body, headers);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(type).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({
      status,
      code: expect.stringMatching(/^(request|intake|placement|consent)\./),
      request: expect.any(String),
    });
  });
});

/** JSON of any shape, hostile keys and values among it; never the shape of a message that would be taken. */
const anyJson = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '\u0000',
      '\ud800',
      '9999-12-31',
      '${7*7}',
      "'; drop table events; --",
      '{{7*7}}',
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.constantFrom(
        'userId',
        'anonymousId',
        'event',
        'properties',
        'batch',
        'type',
        'person',
        'purposes',
        'placement',
        'items',
        'context',
        'timestamp',
        '__proto__',
        'constructor',
      ),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
})).value;

const posts = [
  '/v1/track',
  '/v1/identify',
  '/v1/page',
  '/v1/group',
  '/v1/alias',
  '/v1/batch',
  '/v1/consents',
  '/v1/consents/lookup',
  '/v1/items',
  '/v1/decisions',
  '/v1/people/lookup',
  '/v1/people/01980000-0000-7000-8000-000000000004/forget',
  '/v1/decisions/01980000-0000-7000-8000-000000000004/clicked',
];

test('whatever JSON is sent wherever, the fault is never the server’s, and nothing is kept of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...posts), anyJson, async (path, value) => {
      const { status } = await post(path, JSON.stringify(value));
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
});

test('whatever bytes are sent wherever, compressed or not, the fault is never the server’s', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...posts),
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('identity', 'gzip'),
      async (path, bytes, encoding) => {
        const { status } = await post(path, Buffer.from(bytes), { 'content-encoding': encoding });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: 200 },
  );
});

test('nothing that was sent stands in the log', () => {
  const logged = JSON.stringify(server.logged);
  expect(server.logged.length).toBeGreaterThan(500);
  expect(logged).not.toMatch(/"ada"|Product|item-|isAdmin|__proto__/);
});
