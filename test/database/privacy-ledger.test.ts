import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { Refusal } from '../../src/database/refusal.ts';
import { systemWorld } from '../../src/database/world.ts';
import {
  budgetStanding,
  latestRelease,
  ledgerFindings,
  openPeriod,
  publish,
  spend,
  verifyRelease,
} from '../../src/models/privacy-ledger.ts';
import { BoundedSums } from '../../src/privacy/bounded-sums.ts';
import type { Payment } from '../../src/privacy/budget.ts';
import { Rational } from '../../src/privacy/rational.ts';
import { type Released, derivedRelease, releasedCounts } from '../../src/privacy/released.ts';
import { signerOf, verifierOf } from '../../src/transparency/note.ts';
import { testDatabase } from '../support/database.ts';
import { scriptedBytes } from '../support/scripted-bytes.ts';

const isLong = process.env['FAIRLEAD_LONG'] === '1';
const delta = Rational.parse('1e-6');
const signer = signerOf({ name: 'shop.example/releases', seed: new Uint8Array(32).fill(7) });
const verifier = verifierOf(signer.verifierKey);
let now = new Date();
const database = await testDatabase({ world: { ...systemWorld, now: () => now } });
const killing = await connect(database.url, systemWorld, { max: 1 });
afterAll(() => killing.close());
let periods = 0;

/** A period of its own for each test, to whose first moment the clock is set. */
async function freshPeriod(budget: { microRho: bigint; shares?: Record<string, bigint> }): Promise<string> {
  const year = 3000 + 2 * ++periods; // a year between two, so that each begins and ends at no other's edge
  now = new Date(Date.UTC(year, 0, 1));
  const endsAt = new Date(Date.UTC(year + 1, 0, 1));
  await openPeriod(database, { period: `${year}`, startsAt: now, endsAt, delta, openedBy: 'Priya Nair', ...budget });
  return `${year}`;
}

const popularity = { name: 'popularity', share: 'general', microRho: 1000n };

function countsOf(payment: Payment): Released<readonly bigint[]> {
  const sums = new BoundedSums({ cells: 3, cellsPerPersonMax: 1 });
  return releasedCounts({ sums, payment, random: scriptedBytes(1) });
}

async function debitsIn(period: string): Promise<{ spent: bigint; sum: bigint; releases: Set<string> }> {
  const [budget] = await database.query<{ spent: string }>(
    'select sum(spent_micro_rho)::text as spent from privacy_budgets where period = $1',
    [period],
  );
  const rows = await database.query<{ release_id: string; micro_rho: string }>(
    'select release_id, micro_rho::text as micro_rho from privacy_ledger where period = $1',
    [period],
  );
  return {
    spent: BigInt(budget?.spent ?? 0),
    sum: rows.reduce((sum, row) => sum + BigInt(row.micro_rho), 0n),
    releases: new Set(rows.map((row) => row.release_id)),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Refusal ? error.code : String(error);
}

describe('spending', () => {
  test('a payment says what is spent and left, and the debit is there before it', async () => {
    const period = await freshPeriod({ microRho: 5000n, shares: { audits: 1000n } });
    const payment = await spend(database, popularity);
    expect(payment).toMatchObject({
      period,
      share: 'general',
      microRho: 1000n,
      spentMicroRho: 1000n,
      remainingMicroRho: 3000n,
    });
    expect(await debitsIn(period)).toEqual({ spent: 1000n, sum: 1000n, releases: new Set([payment.release]) });
    expect((await spend(database, { ...popularity, share: 'audits' })).remainingMicroRho).toBe(0n);
  });

  test('a share that cannot pay refuses, says what is left, and loses nothing', async () => {
    const period = await freshPeriod({ microRho: 1500n });
    await spend(database, popularity);
    await expect(spend(database, popularity)).rejects.toThrow(/500 millionths of ρ left/);
    expect((await debitsIn(period)).sum).toBe(1000n);
    await expect(spend(database, { ...popularity, share: 'unheard of' })).rejects.toMatchObject({
      code: 'budget.no-period',
    });
    await expect(spend(database, { ...popularity, microRho: 0n })).rejects.toThrow(RangeError);
  });

  test('without a period nothing is paid for, before it begins and from its end on', async () => {
    const period = await freshPeriod({ microRho: 5000n });
    now = new Date(now.getTime() - 1);
    await expect(spend(database, popularity)).rejects.toMatchObject({ code: 'budget.no-period' });
    now = new Date(Date.UTC(Number(period) + 1, 0, 1));
    await expect(spend(database, popularity)).rejects.toMatchObject({ code: 'budget.no-period' });
  });

  test('periods do not overlap and are not opened twice, however many try at once', async () => {
    const year = 3000 + 2 * ++periods;
    const opened = await Promise.allSettled(
      Array.from({ length: 8 }, (_, month) =>
        openPeriod(database, {
          period: `${year}/${month}`,
          startsAt: new Date(Date.UTC(year, month, 1)),
          endsAt: new Date(Date.UTC(year + 1, 0, 1)),
          delta,
          microRho: 1n,
          openedBy: 'Priya Nair',
        }),
      ),
    );
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(opened.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []))).toEqual(
      Array(7).fill('budget.period'),
    );
  });

  test('64 spenders at once, budget for k: exactly k succeed', { timeout: isLong ? 3_600_000 : 60_000 }, async () => {
    for (let round = 0; round < (isLong ? 1000 : 10); round++) {
      const k = round % 65;
      const period = await freshPeriod({ microRho: BigInt(k) * 1000n + 999n });
      const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => spend(database, popularity)));
      const paid = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value.release] : []));
      const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
      expect(new Set(refused)).toEqual(new Set(k < 64 ? ['budget.exhausted'] : []));
      expect(paid).toHaveLength(k);
      expect(await debitsIn(period)).toEqual({
        spent: BigInt(k) * 1000n,
        sum: BigInt(k) * 1000n,
        releases: new Set(paid),
      });
    }
  });

  test(
    'the same while connections are killed: never more than k, every payment has its debit',
    { timeout: isLong ? 3_600_000 : 60_000 },
    async () => {
      let killed = 0;
      for (let round = 0; round < (isLong ? 1000 : 4); round++) {
        const k = 20;
        const period = await freshPeriod({ microRho: BigInt(k) * 1000n });
        const paid = new Set<string>();
        let isOver = false;
        // The killer has a connection of its own and ends whoever is in the middle of a transaction.
        const killer = (async () => {
          while (!isOver) {
            const victims = await killing.query<{ killed: boolean }>(
              `select pg_terminate_backend(pid) as killed from pg_stat_activity
             where datname = current_database() and usename = current_user and pid <> pg_backend_pid() and xact_start is not null order by random() limit 1`,
            );
            killed += victims.length;
            await sleep(10);
          }
        })();
        // Each spender tries until somebody has answered it: with a payment, or with an empty share.
        await Promise.all(
          Array.from({ length: 64 }, async () => {
            for (;;) {
              try {
                paid.add((await spend(database, popularity)).release);
                return;
              } catch (error) {
                if (codeOf(error) === 'budget.exhausted') return;
                if (!(error instanceof Refusal) || !error.code.startsWith('database.')) throw error;
              }
            }
          }),
        );
        isOver = true;
        await killer;
        const { spent, sum, releases } = await debitsIn(period);
        expect(spent).toBe(sum);
        expect(releases.size).toBe(k);
        expect([...paid].filter((release) => !releases.has(release))).toEqual([]);
      }
      expect(killed).toBeGreaterThan(0);
    },
  );
});

describe('publishing', () => {
  test('a release is signed, kept, found again, and verified with the public key alone', async () => {
    const period = await freshPeriod({ microRho: 5000n });
    const released = countsOf(await spend(database, popularity));
    const published = await publish(database, released, signer);
    expect(JSON.parse(published.record)).toMatchObject({
      release: released.release,
      period,
      unit: 'person',
      remainingMicroRho: '4000',
    });
    expect(verifyRelease(published, [verifier])).toBe(true);
    expect(await latestRelease(database, 'popularity')).toEqual(published);
    expect(await latestRelease(database, 'never made')).toBeUndefined();
    const changed = { ...published, record: published.record.replace('"4000"', '"5000"') };
    expect(verifyRelease(changed, [verifier])).toBe(false);
    const stranger = verifierOf(signerOf({ name: 'shop.example/releases', seed: new Uint8Array(32) }).verifierKey);
    expect(() => verifyRelease(published, [stranger])).toThrow(Refusal);
  });

  test('happens once for a debit, and never for what is no release', async () => {
    await freshPeriod({ microRho: 5000n });
    const released = countsOf(await spend(database, popularity));
    await publish(database, released, signer);
    await expect(publish(database, released, signer)).rejects.toMatchObject({ code: 'budget.unpaid' });
    const other = derivedRelease(countsOf(await spend(database, popularity)), () => 'made of it');
    await expect(publish(database, { ...other }, signer)).rejects.toMatchObject({ code: 'budget.unpaid' });
    expect(JSON.parse((await publish(database, other, signer)).record)).toMatchObject({ value: 'made of it' });
  });
});

describe('what verify reads', () => {
  test('the standing of each share, with the ε that stands for it', async () => {
    const period = await freshPeriod({ microRho: 500_000n, shares: { audits: 100_000n } });
    await spend(database, { ...popularity, microRho: 28_000n });
    const standing = (await budgetStanding(database)).filter((row) => row.period === period);
    expect(
      standing.map(({ share, reservedMicroRho, spentMicroRho }) => [share, reservedMicroRho, spentMicroRho]),
    ).toEqual([
      ['audits', '100000', '0'],
      ['general', '400000', '28000'],
    ]);
    expect(standing[1]?.epsilonSpent).toBeCloseTo(1.0775586, 6);
  });

  test('a debit taken out of the ledger, a budget set back and a changed record are each found', async () => {
    const period = await freshPeriod({ microRho: 5000n });
    const payment = await spend(database, popularity);
    await publish(database, countsOf(payment), signer);
    const findings = () => ledgerFindings(database, [verifier]);
    expect(await findings()).toEqual([]);
    await database.query('update privacy_budgets set spent_micro_rho = 0 where period = $1', [period]);
    expect(await findings()).toEqual([
      `privacy_budgets and privacy_ledger: the share general of ${period} says that 0 millionths of ρ are spent, its releases come to 1000.`,
    ]);
    await database.query('update privacy_budgets set spent_micro_rho = 1000 where period = $1', [period]);
    await database.query(
      "update privacy_ledger set record = replace(record, 'person', 'nobody') where release_id = $1",
      [payment.release],
    );
    expect(await findings()).toEqual([
      `privacy_ledger: the release ${payment.release} is not the one that was signed.`,
    ]);
    await database.query('delete from privacy_ledger where release_id = $1', [payment.release]);
    expect(await findings()).toEqual([
      `privacy_budgets and privacy_ledger: the share general of ${period} says that 1000 millionths of ρ are spent, its releases come to 0.`,
    ]);
    await database.query('update privacy_budgets set spent_micro_rho = 0 where period = $1', [period]);
  });

  test('not even SQL can overdraw a share', async () => {
    const period = await freshPeriod({ microRho: 5000n });
    await expect(
      database.query('update privacy_budgets set spent_micro_rho = 5001 where period = $1', [period]),
    ).rejects.toThrow();
  });
});
