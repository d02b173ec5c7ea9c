/** A database that takes two seconds for everything: decisions answer in time, with the list for everybody, and no queue grows without end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { connect } from '../../src/database/connect.ts';
import { type Decision, decide } from '../../src/deciding/decide.ts';
import { type Engine, closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { AccessKeys, createAccessKey } from '../../src/http/access-keys.ts';
import { client } from '../../src/http/client.ts';
import { startServer } from '../../src/http/server.ts';
import { learn } from '../../src/models/learn.ts';
import { findPerson } from '../../src/people/persons.ts';
import { crowd, stock, testEngine, testKeys } from '../support/engine.ts';
import { type Passage, passageTo } from '../support/outage.ts';

const items = 24;
/** What a decision may take is one second; the rest is for a busy machine. */
const inTimeMs = 1_700;

let engine: Awaited<ReturnType<typeof testEngine>>;
let passage: Passage;
let served: Engine;
let expected: string;
const opened: (() => Promise<void>)[] = [];

beforeAll(async () => {
  engine = await testEngine();
  await stock(engine, items);
  await crowd(engine, 40, items);
  await learn(engine, 'alsoLiked');
  passage = await passageTo(engine.database.url);
  // Everything of this engine goes that way. The limits of what decisions run on are those of `serve`.
  const database = await connect(passage.url, engine.database.world);
  const hot: Database = await connect(passage.url, engine.database.world, {
    max: 8,
    plansOnce: true,
    waitMsMax: 1_000,
    statementTimeoutMs: 1_000,
    lockTimeoutMs: 1_000,
  });
  served = await openEngine({
    database,
    hot,
    keys: testKeys,
    policy: engine.policy,
    adoptedBy: 'tests',
  });
  opened.push(
    () => closeEngine(served),
    () => database.close().catch(() => undefined),
    () => hot.close().catch(() => undefined), // statements that the passage still holds are given up
    () => passage.close(),
  );
  expected = bodyOf(await decide(served, { person: { userId: 'nobody' }, placement: 'home' }));
});

afterAll(async () => {
  for (const close of opened) await close();
});

describe('a slow database', () => {
  it('means the answer for everybody in time, however many ask, and personal answers again when it is quick again', async () => {
    const ample = { perSecond: 1e6, burst: 1e6 };
    const server = await startServer({ engine: served, port: 0, rates: { serverKey: ample } });
    opened.unshift(() => server.close());
    const { key } = await createAccessKey(served, { kind: 'server', label: 'test server' });
    const asServer = client({ url: server.url, key });
    const ask = async (user: number): Promise<{ body: string; personal: boolean; ms: number }> => {
      const startedAt = performance.now();
      const { body } = await asServer.decide({ body: { person: { userId: `user-${user % 40}` }, placement: 'home' } });
      return { body: JSON.stringify(body), personal: body.personal, ms: performance.now() - startedAt };
    };
    expect((await ask(1)).personal).toBe(true);
    passage.slow(2_000);
    await sleep(AccessKeys.cacheMs); // so that the key has to be looked up again, too
    const answers = await Promise.all(Array.from({ length: 200 }, (_, user) => ask(user)));
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set([expected]));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(inTimeMs);
    passage.slow(0);
    let last = await ask(1);
    for (let attempt = 0; attempt < 60 && !last.personal; attempt += 1) {
      await sleep(200);
      last = await ask(1);
    }
    expect(last.personal).toBe(true);
  });

  it('lets so many wait and refuses the rest at once', async () => {
    passage.slow(2_000);
    const startedAt = performance.now();
    const times: number[] = [];
    const all = Array.from({ length: 2_000 }, async (_, user): Promise<Decision> => {
      const decision = await decide(served, { person: { userId: `user-${user % 40}` }, placement: 'home' });
      times.push(performance.now() - startedAt);
      return decision;
    });
    const bodies = new Set((await Promise.all(all)).map(bodyOf));
    passage.slow(0);
    expect(bodies).toEqual(new Set([expected]));
    expect(times.filter((ms) => ms < 700).length).toBeGreaterThan(1_000);
    expect(Math.max(...times)).toBeLessThan(inTimeMs);
  });
});

describe('a person whom somebody else holds', () => {
  it('does not keep the others waiting, and is answered in time', async () => {
    const personId = (await findPerson(engine, engine.database, { userId: 'user-1' })) ?? '';
    const timed = async (userId: string): Promise<{ personal: boolean; ms: number }> => {
      const startedAt = performance.now();
      const { personal } = await decide(engine, { person: { userId }, placement: 'home' });
      return { personal, ms: performance.now() - startedAt };
    };
    await engine.models.refresh('alsoLiked');
    await timed('user-2');
    await engine.database.transaction(async (tx) => {
      await tx.query('select person_id from persons where person_id = $1 for update', [personId]);
      const [held, ...free] = await Promise.all(['user-1', 'user-2', 'user-3', 'user-4'].map(timed));
      expect(held?.personal).toBe(false);
      expect(held?.ms).toBeLessThan(inTimeMs);
      expect(free.map(({ personal }) => personal)).toEqual([true, true, true]);
      expect(Math.max(...free.map(({ ms }) => ms))).toBeLessThan(700);
    });
    expect((await timed('user-1')).personal).toBe(true);
  });
});

function bodyOf({ decision: _decision, why: _why, ...body }: Decision): string {
  return JSON.stringify(body);
}
