import { describe, expect, it } from 'vitest';
import { decide } from '../../src/deciding/decide.ts';
import { replay, why } from '../../src/deciding/why.ts';
import { learn, retrain } from '../../src/models/learn.ts';
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
