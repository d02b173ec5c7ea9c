import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Check } from 'typebox/value';
import { afterAll, describe, expect, test } from 'vitest';
import { type Endpoint, mayBrowsersCall } from '../../src/http/contract/endpoint.ts';
import { type EndpointName, endpointNames, endpoints } from '../../src/http/contract/endpoints.ts';
import { learn } from '../../src/models/learn.ts';
import { type Batch, approveBatch, createBatch } from '../../src/sending/batch.ts';
import { complain } from '../../src/rights/complaints.ts';
import { linkToken } from '../../src/sending/link-token.ts';
import { removalsToken } from '../../src/sending/removals.ts';
import { runBatch } from '../../src/sending/run-batch.ts';
import { sequenceOnce } from '../../src/transparency/sequencer.ts';
import { allow, crowd, send, stock, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const server = await testHttp();
const { engine, asServer } = server;
await stock(engine, 24);
await crowd(engine, 60, 24);
await allow(engine, ['u-17']);
await send(engine, [viewed('u-17', 'item-3'), viewed('u-17', 'item-5')]);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');
const grown = Array.from({ length: 6 }, (_, index) => `grown-${index}`);
await allow(engine, grown, ['suggestions', 'email']);
await send(
  engine,
  grown.map((userId) => ({
    type: 'identify' as const,
    messageId: `${userId}-i`,
    userId,
    traits: { email: `${userId}@people.example`, ageBand: '50+' },
  })),
);
const folder = mkdtempSync(join(tmpdir(), 'fairlead-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A batch by somebody else than the key that the examples are sent with. */
function makeBatch(): Promise<Batch> {
  return createBatch(engine, { audience: 'grownWeekly', placement: 'weekly', to: 'csv', by: 'ada' });
}

const sent = await approveBatch(engine, (await makeBatch()).batch, 'bob');
await runBatch(engine, sent.batch, { publicUrl: server.url, file: join(folder, 'batch.csv') });
const tokens: Readonly<Record<string, string>> = {
  listRemovals: removalsToken(engine, 'own systems'),
  readContent: /\/v1\/content\/([\w-]+)/.exec(readFileSync(join(folder, 'batch.csv'), 'utf8'))?.[1] ?? '',
};
const { person } = (await asServer.lookUpPerson({ body: { userId: 'u-17' } })).body;

/** The ids that an example cannot know beforehand. */
async function actual(
  name: EndpointName,
  params: Readonly<Record<string, string>> | undefined,
): Promise<Record<string, string>> {
  if (params === undefined) return {};
  if ('person' in params) return { person };
  if ('token' in params) return { token: tokens[name] ?? '' };
  if (name.endsWith('Complaint'))
    return {
      id: (await complain(engine, { personId: person, about: 'processing', words: 'Why?', via: 'api' })).complaint,
    };
  if (name.endsWith('Batch')) return { id: (await makeBatch()).batch };
  if (!('id' in params)) return params;
  const decided = await asServer.decide({ body: { person: { userId: 'u-17' }, placement: 'home' } });
  // The first step signs the empty log, the second takes what waits.
  for (let step = 0; step < 2; step++) await sequenceOnce(engine.database, { keys: logKeys });
  return { id: decided.headers.get('fairlead-decision') ?? '' };
}

const logKeys = { origin: 'shop.example/log', seed: Buffer.alloc(32, 5) };

// Whatever forgets or withdraws comes last.
const order = ['complain', 'pausePlacement', 'resumePlacement', 'excludeFromPerson', 'forgetPerson', 'withdrawItem'];
const names = endpointNames.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));

describe.each(names)('%s', (name) => {
  const declared: Endpoint = endpoints[name];

  test('its example, sent to the server, is answered as it says', async () => {
    const { params, query, body } = declared.example;
    const real = await actual(name, params);
    const path = declared.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(real[key] ?? ''));
    const sent = (await bodies[name]?.(real)) ?? body;
    const response = await fetch(
      `${server.url}${path}${query === undefined ? '' : `?${new URLSearchParams(query).toString()}`}`,
      {
        method: declared.method,
        headers: {
          ...(declared.callers.includes('anybody') ? {} : { authorization: `Bearer ${server.serverKey}` }),
          ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
      },
    );
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(response.headers.get('content-type')).toBe(`${declared.answerType ?? 'application/json'}; charset=utf-8`);
    expect(Check(declared.answer, declared.answerType === 'text/plain' ? text : JSON.parse(text))).toBe(true);
    expect(response.headers.get('cache-control')).toBe(
      declared.cacheSeconds === undefined ? 'no-store' : `public, max-age=${declared.cacheSeconds}`,
    );
    for (const header of Object.keys(declared.answerHeaders ?? {}))
      expect(response.headers.get(header), header).not.toBeNull();
    if (declared.cacheSeconds !== undefined) expect(mayBrowsersCall(declared)).toBe(false);
  });
});

/** The bodies whose example cannot know what they have to name. */
const bodies: Partial<Record<EndpointName, (real: Readonly<Record<string, string>>) => Promise<unknown>>> = {
  reportClicked: async (real) => ({ item: await firstItem(real['id'] ?? '') }),
  complain: async () => ({
    ...endpoints.complain.example.body,
    decision: (await actual('readDecision', { id: '' }))['id'],
  }),
  reportAbuse: () =>
    Promise.resolve({
      report: [
        'Content-Type: multipart/report; report-type=feedback-report; boundary=b',
        '',
        '--b',
        'Content-Type: message/feedback-report',
        '',
        'Feedback-Type: abuse',
        '',
        '--b',
        'Content-Type: message/rfc822',
        '',
        `List-Unsubscribe: <https://shop.example/u/${linkToken(engine, 'unsubscribe', { personId: person, batchId: sent.batch, placement: 'weekly' })}>`,
        '',
        '--b--',
      ].join('\r\n'),
    }),
};

async function firstItem(id: string): Promise<string> {
  return (await asServer.readDecision({ params: { id } })).body.items[0]?.item ?? '';
}
