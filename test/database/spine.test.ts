import { describe, expect, it } from 'vitest';
import { decide } from '../../src/deciding/decide.ts';
import { matchGoals, outcomesOf, recordOutcome } from '../../src/deciding/outcomes.ts';
import { replay, why } from '../../src/deciding/why.ts';
import { learn, retrain } from '../../src/models/learn.ts';
import { startLearning } from '../../src/models/learning-loop.ts';
import { choose } from '../../src/people/choose.ts';
import { forget } from '../../src/people/forget.ts';
import { allow, crowd, ordered, send, stock, testEngine, viewed } from '../support/engine.ts';

const engine = await testEngine();
await stock(engine, 24);
await crowd(engine, 60, 24);
const [adaId] = await allow(engine, ['ada'], ['suggestions', 'email']);
await send(engine, [viewed('ada', 'item-2'), viewed('ada', 'item-4'), ordered('ada', ['item-8'])]);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');

describe('the spine', () => {
  it('leads from events to a personal decision whose terms add up, and back', async () => {
    const before = await decide(engine, { person: { userId: 'ada' }, placement: 'home' });
    expect(before.personal).toBe(true);
    expect(before.items).toHaveLength(5);
    expect(before.basis).toEqual([{ purpose: 'suggestions', consent: expect.any(String), notice: 1 }]);
    for (const item of before.items) expect(item.terms.reduce((sum, term) => sum + term.points, 0)).toBe(item.score);
    expect(await replay(engine, before.decision)).toEqual({ result: 'same', differences: [] });
    const explained = await why(engine, before.decision);
    expect(explained.used).toEqual(['Item 2', 'Item 4', 'Item 8']);

    const [result] = await choose(engine, [
      {
        who: { personId: adaId ?? '' },
        choices: { purposes: { suggestions: false }, method: 'switch', source: 'test' },
      },
    ]);
    expect(result?.receipt?.sumDigestBefore).not.toBe(result?.receipt?.sumDigestAfter);
    const after = await decide(engine, { person: { userId: 'ada' }, placement: 'home' });
    expect(after.personal).toBe(false);
    expect(await replay(engine, before.decision)).toEqual({ result: 'redacted', differences: [] });

    const [subtracted, trained] = [await learn(engine, 'alsoLiked'), await retrain(engine, 'alsoLiked')];
    expect(trained.sumDigest).toBe(result?.receipt?.sumDigestAfter);
    expect(subtracted.parameterDigest).toBe(trained.parameterDigest);
    expect(subtracted.sumDigest).toBe(trained.sumDigest);
    expect(trained.people).toBe(60);
  });

  it('erases', async () => {
    const receipt = await forget(engine, adaId ?? '', { kind: 'erase' });
    expect(receipt.kind).toBe('erase');
    for (const table of [
      'events',
      'decisions',
      'profile_fields',
      'consent_entries',
      'contributions',
      'persons',
      'person_keys',
      'person_identifiers',
    ] as const) {
      const rows = await engine.database.query(`select 1 from ${table} where person_id = $1`, [adaId]);
      expect(rows, table).toEqual([]);
    }
  });
});

describe('what came of a decision', () => {
  it('comes back to it: shown, clicked, and the goal by itself', async () => {
    await allow(engine, ['gil']);
    await send(engine, [viewed('gil', 'item-2'), viewed('gil', 'item-4')]);
    await learn(engine, 'alsoLiked');
    await engine.models.refresh('alsoLiked');
    const decision = await decide(engine, { person: { userId: 'gil' }, placement: 'home' });
    const [first, second] = decision.items.map((item) => item.item);
    await recordOutcome(engine, decision.decision, { kind: 'shown' });
    await recordOutcome(engine, decision.decision, { kind: 'clicked', item: first ?? '' });
    await expect(recordOutcome(engine, decision.decision, { kind: 'clicked', item: 'item-2' })).rejects.toMatchObject({
      code: 'item.unknown',
    });
    await expect(recordOutcome(engine, engine.database.world.uuid(), { kind: 'shown' })).rejects.toMatchObject({
      code: 'decision.unknown',
    });
    const loop = await startLearning(engine, {
      quietMs: 20,
      lookEveryMs: 20,
      afterFold: async (people) => void (await matchGoals(engine, people)),
    });
    await send(engine, [ordered('gil', [second ?? '', 'item-23'])]);
    await expect
      .poll(async () => (await outcomesOf(engine, decision.decision)).map(({ kind, item }) => [kind, item]), {
        timeout: 5_000,
      })
      .toEqual([
        ['shown', null],
        ['clicked', first],
        ['goal', second],
      ]);
    await loop.stop();
    const [gilId] = await allow(engine, ['gil']);
    await forget(engine, gilId ?? '', {
      kind: 'withdraw',
      purposes: ['suggestions'],
      method: 'switch',
      source: 'test',
    });
    expect(await outcomesOf(engine, decision.decision)).toEqual([]);
  });
});
