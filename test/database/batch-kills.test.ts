/** A batch whose process is killed again and again: in a file everybody stands exactly once, and nobody gets two mails. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemWorld } from '../../src/database/world.ts';
import { type Engine, closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { type Policy } from '../../src/policy/policy.ts';
import { createBatch, readBatch } from '../../src/sending/batch.ts';
import { forgetHandOvers } from '../../src/sending/hand-overs.ts';
import { checkKeys, openKeys } from '../../src/vault/keys.ts';
import { testDatabase } from '../support/database.ts';
import { allow, send, shopPolicy, stock } from '../support/engine.ts';
import { mailServer } from '../support/mail-server.ts';
import { runCli, startCli } from '../support/run-cli.ts';

const people = 520;
const directory = mkdtempSync(join(tmpdir(), 'fairlead-kills-'));
const database = await testDatabase();
let engine: Engine;

const policy: Policy = {
  ...shopPolicy,
  placements: {
    ...shopPolicy.placements,
    weekly: { ...shopPolicy.placements.weekly, approval: 'one person', atMost: '9 per week' },
  },
};

beforeAll(async () => {
  mkdirSync(join(directory, 'data'), { mode: 0o700 });
  const keys = await openKeys(join(directory, 'data', 'keys'), { create: true, world: systemWorld });
  await checkKeys(database, keys);
  engine = await openEngine({
    database,
    keys,
    policy,
    adoptedBy: 'tests',
    followers: (installation) => [forgetHandOvers(installation)],
  });
  await stock(engine, 20);
  const users = Array.from({ length: people }, (_, at) => `user-${at}`);
  await allow(engine, users, ['suggestions', 'email']);
  await send(
    engine,
    users.map((userId) => ({
      type: 'identify' as const,
      messageId: userId,
      userId,
      traits: { email: `${userId}@people.example`, ageBand: '50+' },
    })),
  );
});
afterAll(async () => {
  await closeEngine(engine);
  rmSync(directory, { recursive: true, force: true });
});

const place = {
  DATABASE_URL: database.url,
  FAIRLEAD_DATA: join(directory, 'data'),
  FAIRLEAD_PUBLIC_URL: 'https://fairlead.shop.example',
};

/** Runs the batch and kills its process each time that `hasMoved` says it has come further, then lets it end. Answers how often it was killed. */
async function killed(
  words: readonly string[],
  options: { times: number; env?: Record<string, string>; hasMoved: () => boolean },
): Promise<number> {
  const { times, hasMoved } = options;
  const at = { cwd: directory, env: { ...place, ...options.env } };
  let kills = 0;
  while (kills < times) {
    const running = startCli(words, at);
    let hasEnded = false;
    void running.ended.then(() => (hasEnded = true));
    while (!hasEnded && !hasMoved()) await sleep(2);
    if (hasEnded) break;
    await sleep(kills);
    running.process.kill('SIGKILL');
    await running.ended;
    kills++;
  }
  const last = await runCli(words, at);
  expect(last, last.stderr).toMatchObject({ status: 0 });
  return kills;
}

it('a file has everybody exactly once', async () => {
  const { batch } = await createBatch(engine, { audience: 'grownWeekly', placement: 'weekly', to: 'csv', by: 'ada' });
  const file = join(directory, 'batch.csv');
  let size = 0;
  const hasMoved = (): boolean => {
    const now = statSync(`${file}.part`, { throwIfNoEntry: false })?.size ?? 0;
    const moved = now > size + 1_000;
    if (moved) size = now;
    return moved;
  };
  expect(
    await killed(['batch', '--run', batch, '--out', file, '--unsafe-dev', '--json'], { times: 2, hasMoved }),
  ).toBeGreaterThanOrEqual(2);
  const emails = parse<{ email: string }>(readFileSync(file), { columns: true }).map(({ email }) => email);
  expect(emails).toHaveLength(people);
  expect(new Set(emails).size).toBe(people);
  expect(await readBatch(engine, batch)).toMatchObject({ state: 'done', counts: { 'handed over': people } });
});

it('nobody gets two mails, and whoever may have got none is counted', async () => {
  const server = await mailServer({ toMail: async () => sleep(4, undefined) });
  const { batch } = await createBatch(engine, { audience: 'grownWeekly', placement: 'weekly', to: 'smtp', by: 'ada' });
  let seen = 0;
  const hasMoved = (): boolean => {
    const moved = server.received.length > seen + 40;
    if (moved) seen = server.received.length;
    return moved;
  };
  const words = ['batch', '--run', batch, '--unsafe-dev', '--json'];
  const env = {
    FAIRLEAD_MAIL_URL: `smtp://127.0.0.1:${server.port}`,
    FAIRLEAD_MAIL_FROM: 'Test Shop <offers@shop.example>',
  };
  const kills = await killed(words, { times: 3, env, hasMoved });
  expect(kills).toBeGreaterThanOrEqual(2);
  const to = server.received.map(({ to }) => to);
  expect(new Set(to).size).toBe(to.length);
  const { state, counts } = await readBatch(engine, batch);
  expect(state).toBe('done');
  expect(counts['handed over'] + counts.unanswered).toBe(people);
  // Four connections each time.
  expect(counts.unanswered).toBeLessThanOrEqual(4 * kills);
  expect(to.length).toBeGreaterThanOrEqual(counts['handed over']);
  expect(to.length).toBeLessThanOrEqual(counts['handed over'] + counts.unanswered);
});
