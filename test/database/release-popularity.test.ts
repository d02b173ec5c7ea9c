/** Law 7 for the popularity behind non-personal lists: paid for, noised, at the pace of the policy, and nothing else reaches those lists. */
import { describe, expect, it } from 'vitest';
import { systemWorld, worldOf } from '../../src/database/world.ts';
import { decide } from '../../src/deciding/decide.ts';
import { latestRelease } from '../../src/models/privacy-ledger.ts';
import { releasePopularityWhenDue, releasedPopularity } from '../../src/models/release-popularity.ts';
import { foldAll } from '../../src/people/fold.ts';
import { signerOf } from '../../src/transparency/note.ts';
import { allow, send, shopPolicy, stock, testEngine, viewed } from '../support/engine.ts';

const signer = signerOf({ name: 'shop.example/log', seed: Buffer.alloc(32, 5) });
const policy = {
  ...shopPolicy,
  placements: { ...shopPolicy.placements, home: { ...shopPolicy.placements.home, otherwise: 'popular' as const } },
  privacy: { epsilon: 10, delta: 1e-6, period: '12 months', popularEvery: '3 months' },
};

describe('released popularity', () => {
  it('orders the list for everybody, is paid for, and comes at the pace of the policy and no faster', async () => {
    let now = new Date('2026-03-01T00:00:00Z');
    const engine = await testEngine({
      policy,
      world: worldOf({ now: () => now, randomBytes: (count) => systemWorld.randomBytes(count) }),
    });
    await stock(engine, 12);
    expect((await decide(engine, { person: {}, placement: 'home' })).items.map((item) => item.item)).toEqual([
      'item-0',
      'item-1',
      'item-2',
      'item-3',
      'item-4',
    ]);
    const users = Array.from({ length: 400 }, (_, index) => `user-${index}`);
    await allow(engine, users);
    await send(
      engine,
      users.flatMap((user, index) => [viewed(user, 'item-9'), ...(index % 2 === 0 ? [viewed(user, 'item-7')] : [])]),
    );
    await foldAll(engine);
    expect(await releasePopularityWhenDue(engine, 'alsoLiked', signer)).toBe(true);
    const ranking = await releasedPopularity(engine.database, 'alsoLiked');
    expect(ranking).toHaveLength(12);
    // σ is about 9 here; 400 and 200 against 0 stand 20 spreads and more above the rest.
    expect(ranking?.slice(0, 2)).toEqual([9, 7]);
    await expect
      .poll(async () => (await decide(engine, { person: {}, placement: 'home' })).items[0]?.item)
      .toBe('item-9');
    const [ledger] = await engine.database.query<{ spent: number; reserved: number }>(
      "select spent_micro_rho as spent, reserved_micro_rho as reserved from privacy_budgets where share = 'popularity'",
    );
    expect(ledger?.spent).toBe(Math.floor((ledger?.reserved ?? 0) / 4));
    expect(await releasePopularityWhenDue(engine, 'alsoLiked', signer)).toBe(false);
    for (const month of ['06', '09', '12']) {
      now = new Date(`2026-${month}-02T00:00:00Z`);
      expect(await releasePopularityWhenDue(engine, 'alsoLiked', signer)).toBe(true);
    }
    const last = await latestRelease(engine.database, 'popularity of alsoLiked');
    now = new Date('2027-02-27T00:00:00Z');
    await engine.database.query("update privacy_ledger set published_at = published_at - interval '4 months'");
    expect(await releasePopularityWhenDue(engine, 'alsoLiked', signer)).toBe(false);
    expect((await latestRelease(engine.database, 'popularity of alsoLiked'))?.releaseId).toBe(last?.releaseId);
  });

  it('is never made without a budget in the policy', async () => {
    const engine = await testEngine();
    await stock(engine, 4);
    await allow(engine, ['ada']);
    await send(engine, [viewed('ada', 'item-3')]);
    await foldAll(engine);
    expect(await releasePopularityWhenDue(engine, 'alsoLiked', signer)).toBe(false);
    expect(await engine.database.query('select 1 as found from privacy_ledger')).toEqual([]);
  });
});
