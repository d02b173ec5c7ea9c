import { afterAll, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { systemWorld } from '../../src/database/world.ts';
import { closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { learn } from '../../src/models/learn.ts';
import { choose } from '../../src/people/choose.ts';
import { allow, crowd, send, shopPolicy, stock, testEngine, testKeys, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';
import { passageTo } from '../support/outage.ts';

const engine = await testEngine();
await stock(engine, 24);
await crowd(engine, 60, 24);
const people = ['permitted', 'withdrawn', 'minor', 'without history'];
await allow(engine, people);
await send(engine, [
  ...['permitted', 'withdrawn', 'minor'].map((userId) => viewed(userId, 'item-2')),
  { type: 'identify', messageId: 'minor', userId: 'minor', traits: { isMinor: true } },
]);
await choose(engine, [
  {
    who: { kind: 'userId', value: 'withdrawn' },
    choices: { purposes: { suggestions: false }, method: 'switch', source: 'test' },
  },
]);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');

// The server reaches the same database through a passage that can be cut.
const passage = await passageTo(engine.database.url);
const database = await connect(passage.url, systemWorld);
const cutOff = await openEngine({ database, keys: testKeys, policy: shopPolicy, adoptedBy: 'tests' });
afterAll(async () => {
  await closeEngine(cutOff);
  await database.close();
  await passage.close();
});
const server = await testHttp({
  engine: { ...cutOff, database: Object.assign(database, { name: '', url: '', superuserUrl: '' }) },
});

async function ask(key: string, person: object): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(`${server.url}/v1/decisions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ person, placement: 'home' }),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** What may differ from answer to answer. */
const perAnswer = new Set(['fairlead-decision', 'link', 'date']);

function comparable(headers: Headers): [string, string][] {
  return [...headers].filter(([name]) => !perAnswer.has(name));
}

test('unknown, withdrawn, minor, without history and failed get the same bytes and the same headers', async () => {
  expect(JSON.parse((await ask(server.serverKey, { userId: 'permitted' })).body)).toMatchObject({ personal: true });
  const unknown = await ask(server.serverKey, { userId: 'nobody ever heard of' });
  expect(unknown.status).toBe(200);
  expect(JSON.parse(unknown.body)).toMatchObject({ personal: false, basis: [], model: null });
  for (const person of [
    { userId: 'withdrawn' },
    { userId: 'minor' },
    { userId: 'without history' },
    { anonymousId: 'stranger' },
  ]) {
    const answered = await ask(server.serverKey, person);
    expect(answered.body, JSON.stringify(person)).toBe(unknown.body);
    expect(comparable(answered.headers)).toEqual(comparable(unknown.headers));
    expect(answered.headers.get('link')).toHaveLength(unknown.headers.get('link')?.length ?? 0);
  }
  await ask(server.publicKey, { anonymousId: 'stranger' });
  await passage.cut();
  try {
    const failed = await ask(server.serverKey, { userId: 'permitted' });
    expect(failed.status).toBe(200);
    expect(failed.body).toBe(unknown.body);
    expect(comparable(failed.headers)).toEqual(comparable(unknown.headers));
  } finally {
    await passage.mend();
  }
});

test('a browser, too, gets the same bytes whoever it asks for', async () => {
  const unknown = await ask(server.publicKey, { anonymousId: 'stranger' });
  expect(JSON.parse(unknown.body)).toMatchObject({ personal: false });
  const other = await ask(server.publicKey, { anonymousId: 'another stranger' });
  expect(other.body).toBe(unknown.body);
});

test('while the database is away intake answers 503 and when to come again, never success, and takes the same message afterwards', async () => {
  const send = async (): Promise<Response> =>
    fetch(`${server.url}/v1/track`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.serverKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        userId: 'permitted',
        event: 'Product Viewed',
        properties: { product_id: 'item-6' },
        messageId: 'during the outage',
      }),
    });
  await passage.cut();
  const refused = await send();
  await passage.mend();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'database.unavailable' });
  await expect.poll(async () => (await send()).status, { timeout: 15_000 }).toBe(200);
  const rows = await engine.database.query("select 1 from events where item_ids = array['item-6']");
  expect(rows.length).toBeGreaterThan(0);
});

test('readiness follows the database, liveness does not', async () => {
  await passage.cut();
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await passage.mend();
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status, { timeout: 15_000 }).toBe(200);
});
