/** Balance within decisions: recorded, replayed without the stored answer, steered by the person's dial, and ended by their switch. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../src/auditing/verify.ts';
import { putItems } from '../../src/catalogue/items.ts';
import { dutyPermit } from '../../src/consent/permit.ts';
import { type Decision, decide } from '../../src/deciding/decide.ts';
import { recordFrom } from '../../src/deciding/decision-record.ts';
import { type Replay, replay, replayRecord } from '../../src/deciding/why.ts';
import { learn } from '../../src/models/learn.ts';
import { forget } from '../../src/people/forget.ts';
import { findPerson } from '../../src/people/persons.ts';
import { readWholePerson } from '../../src/people/profile.ts';
import { readSettings, setDial } from '../../src/people/settings.ts';
import type { DialPosition } from '../../src/policy/policy.ts';
import {
  type TestEngine,
  allow,
  crowd,
  send,
  shopItems,
  shopPolicy,
  stock,
  testEngine,
  viewed,
} from '../support/engine.ts';

const itemCount = 48;
const dials = [-2, -1, 0, 1, 2] as const;
const policy = {
  ...shopPolicy,
  placements: {
    ...shopPolicy.placements,
    home: {
      ...shopPolicy.placements.home,
      show: 12,
      variety: { calibrateBy: 'category', strength: 'strong', supplierShareMax: 0.4, novelty: 0.1 },
    },
    aside: { ...shopPolicy.placements.home, variety: { calibrateBy: 'shelf', dial: { atLeast: -1, atMost: 0 } } },
    plain: shopPolicy.placements.home,
    wide: { ...shopPolicy.placements.home, show: 12 },
  },
} as const;

let engine: TestEngine;
beforeAll(async () => {
  engine = await testEngine({ policy });
  await stock(engine, itemCount);
  await crowd(engine, 60, itemCount);
  await learn(engine, 'alsoLiked');
  await engine.models.refresh('alsoLiked');
});

async function idOf(userId: string): Promise<string> {
  const personId = await findPerson(engine, engine.database, { userId });
  if (personId === undefined) throw new Error('nobody has that user id');
  return personId;
}

function home(userId: string, placement = 'home'): Promise<Decision> {
  return decide(engine, { person: { userId }, placement });
}

async function recordOf(decision: Decision): Promise<ReturnType<typeof recordFrom>> {
  const [row] = await engine.database.query<{ record: string }>('select record from decisions where decision_id = $1', [
    decision.decision,
  ]);
  return recordFrom(row?.record ?? '{}');
}

describe('law 4: a balanced decision is complete', () => {
  it('terms add up to scores, moves lead from the place by score to the place shown, and a replay makes the same list', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 59 }),
        fc.constantFrom(...dials),
        fc.constantFrom('home', 'aside', 'plain'),
        fc.uniqueArray(
          fc.nat({ max: itemCount - 1 }).map((number) => `item-${number}`),
          { maxLength: 4 },
        ),
        async (user, dial, placement, exclude) => {
          await setDial(engine, await idOf(`user-${user}`), { dial });
          const decision = await decide(engine, {
            person: { userId: `user-${user}` },
            placement,
            context: { exclude },
          });
          expect(decision.personal).toBe(true);
          expect(new Set(decision.items.map((one) => one.item)).size).toBe(decision.items.length);
          expect(decision.items.filter((one) => exclude.includes(one.item))).toEqual([]);
          decision.items.forEach((one, at) => {
            expect(one.terms.reduce((sum, term) => sum + term.points, 0)).toBe(one.score);
            expect(one.moves.at(-1)?.to ?? at + 1).toBe(at + 1);
            one.moves.slice(1).forEach((move, index) => expect(move.from).toBe(one.moves[index]?.to));
          });
          if (placement === 'plain') expect(decision.items.flatMap((one) => one.moves)).toEqual([]);
          expect(await replay(engine, decision.decision)).toEqual({ result: 'same', differences: [] });
        },
      ),
      { numRuns: 40 },
    );
    expect((await verify(engine)).checks.filter((check) => !check.ok)).toEqual([]);
  });

  it('moves something, says why, and the sum of its costs is what the list by score had more', async () => {
    await setDial(engine, await idOf('user-3'), { dial: 2 });
    const decision = await home('user-3');
    const moves = decision.items.flatMap((one) => one.moves);
    expect(new Set(moves.map((move) => move.cause)).size).toBeGreaterThan(1);
    const { costs = [] } = await recordOf(decision);
    const byScore = await home('user-3', 'wide');
    const sumOf = (items: Decision['items']): number => items.reduce((sum, one) => sum + one.score, 0);
    const lost = sumOf(byScore.items) - sumOf(decision.items);
    expect(lost).toBeGreaterThan(0);
    expect(costs.reduce((sum, { points }) => sum + points, 0)).toBe(lost);
  });

  it.each([
    ['a move', (text: string) => text.replace(/"from":(\d+)/, '"from":9$1')],
    ['the cost of a move', (text: string) => text.replace(/"cost":(-?)(\d)/, '"cost":$11$2')],
    ['its cause', (text: string) => text.replace(/"cause":"calibration","cost":/, '"cause":"variety","cost":')],
    ['what balance cost', (text: string) => text.replace(/"costs":\[\{"cause":"calibration","points":/, '$&1')],
    ['where the dial led', (text: string) => text.replace(/"calibration":1536/, '"calibration":99')],
    ['what was known of a candidate', (text: string) => text.replace(/"groups":\[0/, '"groups":[3')],
  ])('a replay reports that %s was changed', async (_, change) => {
    await setDial(engine, await idOf('user-4'), { dial: 0 });
    const record = await recordOf(await home('user-4'));
    const text = JSON.stringify(record);
    // A record from the database has its keys in order already.
    expect(change(text)).not.toBe(text);
    const found: Replay = await replayRecord(engine, recordFrom(change(text)));
    expect(found.result).toBe('different');
    expect(found.differences.length).toBeGreaterThan(0);
  });

  it('is replayed to the same list after the catalogue has said otherwise', async () => {
    await setDial(engine, await idOf('user-5'), { dial: 1 });
    const decision = await home('user-5');
    await putItems(
      engine.database,
      shopItems(itemCount).map((one) => ({ ...one, category: 'all in one', supplier: 'one for all' })),
    );
    await engine.items.refresh();
    expect(await replay(engine, decision.decision)).toEqual({ result: 'same', differences: [] });
    await stock(engine, itemCount);
  });

  it('loses what it knew of the mix when a part of the history is taken out', async () => {
    const [ninaId = ''] = await allow(engine, ['nina']);
    await send(engine, [viewed('nina', 'item-1'), viewed('nina', 'item-3'), viewed('nina', 'item-5')]);
    const decision = await home('nina');
    expect((await recordOf(decision)).used.balance?.facts?.history).toHaveLength(3);
    await forget(engine, ninaId, { kind: 'exclude', itemId: 'item-3' });
    const after = await recordOf(decision);
    expect(after.used.balance?.facts).toBeUndefined();
    expect(after.used.balance?.weights).toBeDefined();
    expect(await replay(engine, decision.decision)).toEqual({ result: 'redacted', differences: [] });
  });

  it('gives no supplier more than its share of a list', async () => {
    for (const user of [6, 7, 8, 9]) {
      const suppliers = (await home(`user-${user}`)).items.map((one) => engine.items.byId(one.item)?.supplier);
      for (const supplier of new Set(suppliers))
        expect(suppliers.filter((one) => one === supplier).length).toBeLessThanOrEqual(5);
    }
  });

  it('shows more of the catalogue than the order by score', async () => {
    const shownAt = async (placement: string): Promise<number> => {
      const shown = new Set<string>();
      for (let user = 0; user < 40; user += 1)
        for (const one of (await home(`user-${user}`, placement)).items.slice(0, 5)) shown.add(one.item);
      return shown.size;
    };
    expect(await shownAt('home')).toBeGreaterThanOrEqual(await shownAt('plain'));
  });
});

describe("the person's own dial", () => {
  it('at "more of what I like" gives the order by score, but for the share of suppliers', async () => {
    await setDial(engine, await idOf('user-10'), { dial: -2 });
    const { items } = await home('user-10');
    expect(new Set(items.flatMap((one) => one.moves.map((move) => move.cause)))).toEqual(
      new Set(items.some((one) => one.moves.length > 0) ? ['supplier share'] : []),
    );
  });

  it('towards "surprise me" shows more kinds of things', async () => {
    const kinds = async (dial: DialPosition): Promise<number> => {
      let count = 0;
      for (const user of [12, 14, 16, 18]) {
        await setDial(engine, await idOf(`user-${user}`), { dial });
        count += new Set((await home(`user-${user}`)).items.map((one) => engine.items.byId(one.item)?.category)).size;
      }
      return count;
    };
    expect(await kinds(2)).toBeGreaterThan(await kinds(-2));
  });

  it('stays within the bounds of a placement', async () => {
    await setDial(engine, await idOf('user-20'), { dial: 2 });
    expect((await recordOf(await home('user-20', 'aside'))).used.balance?.dial).toBe(0);
    await setDial(engine, await idOf('user-20'), { dial: -2 });
    expect((await recordOf(await home('user-20', 'aside'))).used.balance?.dial).toBe(-1);
  });

  it('switched off, leaves the very answer that anybody gets, everywhere, until it is switched on', async () => {
    const personId = await idOf('user-21');
    expect(await setDial(engine, personId, { dial: 1, personal: false })).toEqual({
      dial: 1,
      personal: false,
      withheld: [],
    });
    for (const placement of ['home', 'aside', 'plain']) {
      const { decision: _, why: __, ...own } = await home('user-21', placement);
      const { decision: ___, why: ____, ...anybody } = await home('a stranger', placement);
      expect(own).toEqual(anybody);
      expect(own.personal).toBe(false);
    }
    expect(await setDial(engine, personId, { personal: true })).toEqual({ dial: 1, personal: true, withheld: [] });
    expect((await home('user-21')).personal).toBe(true);
  });

  it('is exported, outlives a merge with every refusal, and is erased', async () => {
    const [omarId = '', pollyId = ''] = await allow(engine, ['omar', 'polly']);
    await setDial(engine, omarId, { dial: -1, personal: false });
    await setDial(engine, pollyId, { dial: 2, personal: true });
    const whole = await readWholePerson(engine, engine.database, dutyPermit('access', omarId, 'a test'));
    expect(whole.settings).toEqual({ dial: -1, personal: false, withheld: [] });
    await send(engine, [{ type: 'alias', messageId: 'omar-polly', userId: 'omar', previousId: 'polly' }]);
    expect(await readSettings(engine.database, omarId)).toEqual({ dial: 2, personal: false, withheld: [] });
    expect(await readSettings(engine.database, pollyId)).toEqual({ dial: 0, personal: true, withheld: [] });
    expect((await verify(engine)).checks.filter((check) => !check.ok)).toEqual([]);
    await forget(engine, omarId, { kind: 'erase' });
    expect(await engine.database.query('select 1 from person_settings where person_id = $1', [omarId])).toEqual([]);
  });

  it('refuses a position that there is not, and a person who is not there', async () => {
    await expect(setDial(engine, await idOf('user-1'), { dial: 3 as DialPosition })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    const nobody = '01980000-0000-7000-8000-000000000000';
    await expect(setDial(engine, nobody, { dial: 1 })).rejects.toMatchObject({ code: 'person.unknown' });
  });
});
