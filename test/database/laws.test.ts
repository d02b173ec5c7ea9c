/** The laws of the design, as properties over generated lives of made-up people, through the real doors and a real database. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { basisCheck, expiryCheck } from '../../src/auditing/internal/people-checks.ts';
import { contributionCheck, sumCheck } from '../../src/auditing/internal/model-checks.ts';
import { assertPermit, readPermitted } from '../../src/consent/permit.ts';
import { Refusal } from '../../src/database/refusal.ts';
import { systemWorld, worldOf } from '../../src/database/world.ts';
import { type Decision, decide } from '../../src/deciding/decide.ts';
import type { Engine } from '../../src/deciding/engine.ts';
import { DecisionStatements } from '../../src/deciding/decision-statements.ts';
import { expireDecisions } from '../../src/deciding/expire-decisions.ts';
import { replay } from '../../src/deciding/why.ts';
import { learn, retrain } from '../../src/models/learn.ts';
import { readSum } from '../../src/models/live-sums.ts';
import { choose } from '../../src/people/choose.ts';
import { expireDue } from '../../src/people/expire.ts';
import { foldAll } from '../../src/people/fold.ts';
import { forget } from '../../src/people/forget.ts';
import { findPerson } from '../../src/people/persons.ts';
import { readProfiles } from '../../src/people/profile.ts';
import { putItems } from '../../src/catalogue/items.ts';
import { allow, crowd, ordered, send, shopItems, shopPolicy, stock, testEngine, viewed } from '../support/engine.ts';

const items = 16;
const people = ['ada', 'ben', 'cleo', 'dana', 'eli'] as const;
const anyone = fc.constantFrom(...people);
const item = fc.nat({ max: items - 1 }).map((number) => `item-${number}`);

/** One thing that can happen in somebody's life. */
type Step =
  | { readonly do: 'view'; readonly who: string; readonly item: string }
  | { readonly do: 'order'; readonly who: string; readonly items: readonly string[] }
  | { readonly do: 'grant' | 'withdraw'; readonly who: string; readonly purpose: string }
  | { readonly do: 'exclude'; readonly who: string; readonly item: string }
  | { readonly do: 'visit'; readonly visitor: string; readonly item: string }
  | { readonly do: 'sign in'; readonly who: string; readonly visitor: string }
  | { readonly do: 'alias'; readonly who: string; readonly previous: string }
  | { readonly do: 'erase'; readonly who: string }
  | { readonly do: 'fold' };

const purpose = fc.constantFrom('suggestions', 'email');
const visitor = fc.constantFrom('visitor-1', 'visitor-2');
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('view' as const), who: anyone, item }), weight: 6 },
  {
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      who: anyone,
      items: fc.array(item, { minLength: 1, maxLength: 3 }),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ do: fc.constantFrom('grant' as const, 'withdraw' as const), who: anyone, purpose }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('exclude' as const), who: anyone, item }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('visit' as const), visitor, item }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('sign in' as const), who: anyone, visitor }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('alias' as const), who: anyone, previous: anyone }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('erase' as const), who: anyone }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('fold' as const) }), weight: 3 },
);

let message = 0;

async function live(engine: Engine, life: Step): Promise<void> {
  switch (life.do) {
    case 'view':
      await send(engine, [viewed(life.who, life.item)]);
      return;
    case 'order':
      await send(engine, [ordered(life.who, life.items)]);
      return;
    case 'grant':
    case 'withdraw':
      await choose(engine, [
        {
          who: { kind: 'userId', value: life.who },
          choices: { purposes: { [life.purpose]: life.do === 'grant' }, method: 'switch', source: 'test' },
        },
      ]);
      return;
    case 'visit':
      await choose(engine, [
        {
          who: { kind: 'anonymousId', value: life.visitor },
          choices: { purposes: { suggestions: true }, method: 'banner', source: 'test' },
        },
      ]);
      await send(engine, [
        {
          type: 'track',
          messageId: `visit-${message++}`,
          anonymousId: life.visitor,
          event: 'Product Viewed',
          properties: { product_id: life.item },
        },
      ]);
      return;
    case 'sign in':
      await send(engine, [
        { type: 'identify', messageId: `identify-${message++}`, userId: life.who, anonymousId: life.visitor },
      ]);
      return;
    case 'alias':
      await send(engine, [
        { type: 'alias', messageId: `alias-${message++}`, userId: life.who, previousId: life.previous },
      ]);
      return;
    case 'exclude':
    case 'erase': {
      const personId = await findPerson(engine, engine.database, { userId: life.who });
      if (personId !== undefined)
        await forget(
          engine,
          personId,
          life.do === 'erase' ? { kind: 'erase' } : { kind: 'exclude', itemId: life.item },
        );
      return;
    }
    case 'fold':
      await foldAll(engine, { batch: 2 });
      return;
    default:
      life satisfies never;
  }
}

describe('law 1: no permit, no data', () => {
  it('a permit that was not minted is refused, and so is one for another purpose', async () => {
    const engine = await testEngine();
    const [adaId] = await allow(engine, ['ada']);
    await send(engine, [{ type: 'identify', messageId: 'traits', userId: 'ada', traits: { ageBand: '25-34' } }]);
    const [profile] = await readProfiles({ ...engine, policy: shopPolicy }, engine.database, {
      purpose: 'suggestions',
      whom: { personIds: [adaId ?? ''] },
    });
    expect(profile?.view).toEqual({ ageBand: '25-34' });
    const permit = profile?.permit;
    if (permit === undefined) throw new Error('no permit');
    expect(() => assertPermit(permit, 'suggestions')).not.toThrow();
    expect(() => assertPermit({ ...permit }, 'suggestions')).toThrow(Refusal);
    expect(() => assertPermit<string>(permit, 'email')).toThrow(Refusal);
  });

  it('a person who allows one of two purposes is not read for both, whatever the body would read', async () => {
    const engine = await testEngine();
    const [adaId] = await allow(engine, ['ada'], ['suggestions']);
    const read = (purposes: string[]) =>
      readPermitted(
        engine.database,
        shopPolicy,
        purposes,
        { personIds: [adaId ?? ''] },
        { select: 'select 1 as one where $4 = 1', values: [1] },
      );
    expect(await read(['suggestions'])).toHaveLength(1);
    expect(await read(['suggestions', 'email'])).toEqual([]);
    expect(await read(['email'])).toEqual([]);
    await expect(read([])).rejects.toThrow(Refusal);
    await expect(read(['constructor'])).rejects.toThrow(Refusal);
  });
});

describe('law 2: a model is its people', () => {
  it('after any life, sums and digests are those of the rows, rows are those of the events, and live sums solve to the bytes of a fresh training', async () => {
    const engine = await testEngine();
    await stock(engine, items);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (life) => {
        for (const one of life) await live(engine, one);
        await foldAll(engine);
        expect((await contributionCheck(engine)).findings).toEqual([]);
        expect((await sumCheck(engine)).findings).toEqual([]);
        expect((await basisCheck(engine)).findings).toEqual([]);
        const [version, trained] = [await learn(engine, 'alsoLiked'), await retrain(engine, 'alsoLiked')];
        expect(version.parameterDigest).toBe(trained.parameterDigest);
        expect(version.sumDigest).toBe(trained.sumDigest);
      }),
      { numRuns: 25 },
    );
  });
});

describe('law 3: forgetting is subtraction', () => {
  it('whatever somebody did, withdrawing and erasing leave the sum as if they had never come', async () => {
    const engine = await testEngine();
    await stock(engine, items);
    await crowd(engine, 30, items);
    await foldAll(engine);
    const without = await retrain(engine, 'alsoLiked');
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { minLength: 1, maxLength: 12 }),
        fc.constantFrom('withdraw' as const, 'erase' as const),
        async (history, way) => {
          const [personId] = await allow(engine, ['guest']);
          await send(
            engine,
            history.map((viewedItem) => viewed('guest', viewedItem)),
          );
          await foldAll(engine);
          const receipt = await forget(
            engine,
            personId ?? '',
            way === 'erase'
              ? { kind: 'erase' }
              : { kind: 'withdraw', purposes: ['suggestions'], method: 'switch', source: 'test' },
          );
          expect(receipt.sumDigestBefore).not.toBe(without.sumDigest);
          expect(receipt.sumDigestAfter).toBe(without.sumDigest);
          expect((await learn(engine, 'alsoLiked')).parameterDigest).toBe(without.parameterDigest);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('an item that is taken out changes the sum as if it had never been seen, and strips the records that name it', async () => {
    const engine = await testEngine();
    await stock(engine, items);
    await crowd(engine, 40, items);
    const [adaId] = await allow(engine, ['ada']);
    await send(engine, [viewed('ada', 'item-2'), viewed('ada', 'item-4')]);
    await learn(engine, 'alsoLiked');
    const withTwo = (await readSum(engine.database, 'alsoLiked')).digest;
    await send(engine, [viewed('ada', 'item-6')]);
    await learn(engine, 'alsoLiked');
    await engine.models.refresh('alsoLiked');
    const decision = await decide(engine, { person: { userId: 'ada' }, placement: 'home' });
    expect(JSON.stringify(decision.items)).toContain('item-6');
    await forget(engine, adaId ?? '', { kind: 'exclude', itemId: 'item-6' });
    expect((await readSum(engine.database, 'alsoLiked')).digest.equals(withTwo)).toBe(true);
    const [row] = await engine.database.query<{ record: string }>(
      'select record from decisions where decision_id = $1',
      [decision.decision],
    );
    const record = JSON.parse(row?.record ?? '{}') as {
      used: { history: { item: string }[] };
      items: { terms: { of: string }[] }[];
    };
    expect(record.used.history.map((entry) => entry.item)).toEqual(['item-2', 'item-4']);
    expect(record.items.flatMap((one) => one.terms.map((term) => term.of))).not.toContain('item-6');
    expect(await replay(engine, decision.decision)).toEqual({ result: 'redacted', differences: [] });
  });

  it('what is past its time is subtracted by itself', async () => {
    let now = new Date('2026-01-15T10:00:00Z');
    const engine = await testEngine({
      world: worldOf({ now: () => now, randomBytes: (count) => systemWorld.randomBytes(count) }),
    });
    await stock(engine, items);
    await crowd(engine, 20, items);
    await foldAll(engine);
    const without = (await readSum(engine.database, 'alsoLiked')).digest;
    await allow(engine, ['ada']);
    await send(engine, [viewed('ada', 'item-1', new Date('2025-01-20T10:00:00Z'))]);
    await learn(engine, 'alsoLiked');
    expect((await readSum(engine.database, 'alsoLiked')).digest.equals(without)).toBe(false);
    now = new Date('2026-02-21T10:00:00Z');
    expect(await expireDue(engine)).toBe(1);
    expect((await readSum(engine.database, 'alsoLiked')).digest.equals(without)).toBe(true);
    expect(await engine.database.query("select 1 from events where at < '2025-02-01'")).toEqual([]);
    expect(await expireDue(engine)).toBe(0);
    now = new Date('2027-03-01T10:00:00Z');
    await expireDecisions(engine);
    await expireDue(engine);
    expect((await expiryCheck(engine)).findings).toEqual([]);
  });

  it('two records that become one are subtracted twice and added once, and a refusal on either side wins', async () => {
    const engine = await testEngine();
    await stock(engine, items);
    const [adaId] = await allow(engine, ['ada'], ['suggestions', 'email']);
    await choose(engine, [
      {
        who: { kind: 'anonymousId', value: 'visitor' },
        choices: { purposes: { suggestions: true, email: false }, method: 'banner', source: 'test' },
      },
    ]);
    await send(engine, [
      viewed('ada', 'item-1'),
      {
        type: 'track',
        messageId: 'visit',
        anonymousId: 'visitor',
        event: 'Product Viewed',
        properties: { product_id: 'item-2' },
      },
    ]);
    await foldAll(engine);
    expect((await readSum(engine.database, 'alsoLiked')).people).toBe(2);
    await send(engine, [{ type: 'identify', messageId: 'sign-in', userId: 'ada', anonymousId: 'visitor' }]);
    const rows = await engine.database.query<{ person_id: string; items: number[] }>(
      'select person_id, items from contributions',
    );
    expect(rows).toEqual([{ person_id: adaId, items: [1, 2] }]);
    const [result] = await choose(engine, [
      { who: { personId: adaId ?? '' }, choices: { purposes: {}, method: 'form', source: 'test' } },
    ]);
    expect(result?.standing).toEqual({ suggestions: true, email: false, fairness: false });
    const receipts = await engine.database.query<{ kind: string }>(
      'select kind from receipts where person_id = $1 order by at',
      [adaId],
    );
    expect(receipts.map((receipt) => receipt.kind)).toContain('merge');
    expect((await sumCheck(engine)).findings).toEqual([]);
  });

  it('a user id goes into another by alias alone', async () => {
    const engine = await testEngine();
    await stock(engine, items);
    await allow(engine, ['ada', 'ben']);
    await choose(engine, [
      {
        who: { kind: 'anonymousId', value: 'shared' },
        choices: { purposes: { suggestions: true }, method: 'banner', source: 'test' },
      },
    ]);
    const identify = (userId: string) => ({
      type: 'identify' as const,
      messageId: `shared-${userId}`,
      userId,
      anonymousId: 'shared',
    });
    await send(engine, [identify('ada')]);
    await send(engine, [identify('ben')]);
    const [ada, ben] = [
      await findPerson(engine, engine.database, { userId: 'ada' }),
      await findPerson(engine, engine.database, { userId: 'ben' }),
    ];
    expect(ada).not.toBe(ben);
    await send(engine, [{ type: 'alias', messageId: 'joined', userId: 'ada', previousId: 'ben' }]);
    expect(await findPerson(engine, engine.database, { userId: 'ben' })).toBe(ada);
  });
});

describe('law 4: a decision is complete', () => {
  it('every personal answer is recorded before it leaves, and computes to the same again', async () => {
    const engine = await shop();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 39 }), fc.array(item, { maxLength: 3 }), async (user, exclude) => {
        const decision = await decide(engine, {
          person: { userId: `user-${user}` },
          placement: 'home',
          context: { exclude },
        });
        expect(decision.personal).toBe(true);
        expect(decision.items.map((one) => one.item).filter((one) => exclude.includes(one))).toEqual([]);
        for (const one of decision.items) expect(one.terms.reduce((sum, term) => sum + term.points, 0)).toBe(one.score);
        expect(await replay(engine, decision.decision)).toEqual({ result: 'same', differences: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('an item that is not available is never shown', async () => {
    const engine = await shop();
    const first = await decide(engine, { person: { userId: 'user-1' }, placement: 'home' });
    const gone = first.items[0]?.item ?? '';
    await putItems(
      engine.database,
      shopItems(items)
        .filter((one) => one.itemId === gone)
        .map((one) => ({ ...one, available: false })),
    );
    await engine.items.refresh();
    const second = await decide(engine, { person: { userId: 'user-1' }, placement: 'home' });
    expect(second.items.map((one) => one.item)).not.toContain(gone);
    expect(await replay(engine, second.decision)).toEqual({ result: 'same', differences: [] });
    const anybody = await decide(engine, { person: { userId: 'nobody' }, placement: 'home' });
    expect(anybody.items.map((one) => one.item)).not.toContain(gone);
  });
});

describe('law 8: sensitive attributes only check fairness', () => {
  it('items of a sensitive topic enter no contribution and no list', async () => {
    const engine = await testEngine();
    await putItems(
      engine.database,
      shopItems(items).map((one, index) => (index % 4 === 0 ? { ...one, topics: ['alcohol'] } : one)),
    );
    await engine.items.refresh();
    await crowd(engine, 40, items);
    await learn(engine, 'alsoLiked');
    await engine.models.refresh('alsoLiked');
    const rows = await engine.database.query<{ items: number[] }>('select items from contributions');
    expect(rows.flatMap((row) => row.items.filter((number) => number % 4 === 0))).toEqual([]);
    for (const user of ['user-0', 'user-1', 'nobody']) {
      const decision = await decide(engine, { person: { userId: user }, placement: 'home' });
      expect(decision.items.map((one) => Number(one.item.slice(5)) % 4)).not.toContain(0);
    }
  });

  it('a sensitive attribute needs its own explicit consent and is in the view of no other purpose', async () => {
    const engine = await testEngine();
    const [adaId] = await allow(engine, ['ada'], ['suggestions', 'email', 'fairness']);
    await send(engine, [
      {
        type: 'identify',
        messageId: 'traits',
        userId: 'ada',
        traits: { gender: 'female', ageBand: '25-34', email: 'ada@example.org' },
      },
    ]);
    const view = async (wanted: 'suggestions' | 'email' | 'fairness') =>
      (
        await readProfiles({ ...engine, policy: shopPolicy }, engine.database, {
          purpose: wanted,
          whom: { personIds: [adaId ?? ''] },
        })
      )[0]?.view;
    expect(await view('suggestions')).toEqual({ ageBand: '25-34' });
    expect(await view('email')).toEqual({ ageBand: '25-34', email: 'ada@example.org' });
    expect(await view('fairness')).toEqual({ ageBand: '25-34', gender: 'female' });
    await choose(engine, [
      { who: { personId: adaId ?? '' }, choices: { purposes: { fairness: false }, method: 'switch', source: 'test' } },
    ]);
    expect(await engine.database.query("select 1 from profile_fields where field = 'gender'")).toEqual([]);
  });
});

describe('law 9: fail closed', () => {
  it('whichever statement of a decision fails, the answer is the one for everybody, and nothing personal leaves unrecorded', async () => {
    const engine = await shop();
    const expected = bodyOf(await decide(engine, { person: { userId: 'nobody' }, placement: 'home' }));
    for (let failing = 0; failing < 6; failing += 1) {
      let count = 0;
      const database: Engine['database'] = {
        ...engine.database,
        query: async (text, values) => {
          if (count++ === failing) throw new Refusal('database.unavailable', 'The database is away.');
          return engine.database.query(text, values);
        },
      };
      const decision = await decide(
        { ...engine, database, statements: new DecisionStatements({ ...engine, database }) },
        { person: { userId: 'user-1' }, placement: 'home' },
      );
      if (decision.personal) {
        expect(
          await engine.database.query('select 1 as found from decisions where decision_id = $1', [decision.decision]),
        ).toHaveLength(1);
        expect(failing).toBeGreaterThanOrEqual(2);
      } else {
        expect(bodyOf(decision)).toBe(expected);
      }
    }
  });
});

describe('law 10: the non-personal answer does not depend on the person', () => {
  it('is the same, byte for byte, for the unknown, the withdrawn, the minor, the new and the erased', async () => {
    const engine = await shop();
    const [withdrawnId, minorId, , erasedId] = await allow(engine, ['withdrawn', 'minor', 'new', 'erased']);
    await send(engine, [
      ...['withdrawn', 'minor', 'erased'].flatMap((user) => [viewed(user, 'item-1'), viewed(user, 'item-3')]),
      { type: 'identify', messageId: 'minor', userId: 'minor', traits: { isMinor: true } },
    ]);
    await choose(engine, [
      {
        who: { personId: withdrawnId ?? '' },
        choices: { purposes: { suggestions: false }, method: 'switch', source: 'test' },
      },
    ]);
    await forget(engine, erasedId ?? '', { kind: 'erase' });
    expect(minorId).toBeDefined();
    const bodies = new Set<string>();
    for (const user of ['unknown', 'withdrawn', 'minor', 'new', 'erased'])
      bodies.add(bodyOf(await decide(engine, { person: { userId: user }, placement: 'home' })));
    bodies.add(bodyOf(await decide(engine, { person: {}, placement: 'home' })));
    bodies.add(bodyOf(await decide(engine, { person: { anonymousId: 'visitor' }, placement: 'home' })));
    expect(bodies.size).toBe(1);
    expect(bodyOf(await decide(engine, { person: { userId: 'user-1' }, placement: 'home' }))).not.toBe([...bodies][0]);
  });
});

describe('what is acknowledged is obeyed', () => {
  it('a withdrawal that falls between the read and the record of a decision leaves no personal answer and no record', async () => {
    const engine = await shop();
    const personId = (await findPerson(engine, engine.database, { userId: 'user-1' })) ?? '';
    let reads = 0;
    const database: Engine['database'] = {
      ...engine.database,
      query: async (text, values) => {
        const rows = await engine.database.query<never>(text, values);
        if (reads++ === 0)
          await choose(engine, [
            { who: { personId }, choices: { purposes: { suggestions: false }, method: 'switch', source: 'test' } },
          ]);
        return rows;
      },
    };
    const decision = await decide(
      { ...engine, database, statements: new DecisionStatements({ ...engine, database }) },
      { person: { userId: 'user-1' }, placement: 'home' },
    );
    expect(decision.personal).toBe(false);
    expect(await engine.database.query('select 1 as found from decisions where person_id = $1', [personId])).toEqual(
      [],
    );
  });

  it('a withdrawal that falls between the test and the write of an event waits, and then takes the event with it', async () => {
    const engine = await shop();
    const personId = (await findPerson(engine, engine.database, { userId: 'user-1' })) ?? '';
    let withdrawal: Promise<unknown> = Promise.resolve();
    const database: Engine['database'] = {
      ...engine.database,
      transaction: (work, options) =>
        engine.database.transaction(
          (tx) =>
            work({
              ...tx,
              query: async (text, values) => {
                if (text.includes('insert into inbox')) {
                  withdrawal = choose(engine, [
                    {
                      who: { personId },
                      choices: { purposes: { suggestions: false }, method: 'switch', source: 'test' },
                    },
                  ]);
                  // Long enough for a withdrawal that nothing holds up; a held one goes on after this transaction.
                  await Promise.race([withdrawal, new Promise((resolve) => setTimeout(resolve, 400))]);
                }
                return tx.query(text, values);
              },
            }),
          options,
        ),
    };
    await send({ ...engine, database }, [viewed('user-1', 'item-1')]);
    await withdrawal;
    expect(await engine.database.query('select 1 as found from events where person_id = $1', [personId])).toEqual([]);
    expect((await basisCheck(engine)).findings).toEqual([]);
  });

  it('no decision that starts after a withdrawal was acknowledged uses that person, and no event outlives its basis, under concurrent grants, withdrawals, events and decisions', async () => {
    const engine = await shop();
    const users = Array.from({ length: 8 }, (_, index) => `user-${index}`);
    let violations = 0;
    const client = async (user: string, seed: number): Promise<void> => {
      let state = seed;
      let stands = true;
      for (let turn = 0; turn < 60; turn += 1) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        const roll = state % 10;
        if (roll < 2) {
          stands = !stands;
          await choose(engine, [
            {
              who: { kind: 'userId', value: user },
              choices: { purposes: { suggestions: stands }, method: 'switch', source: 'test' },
            },
          ]);
        } else if (roll < 6) {
          await send(engine, [
            viewed(user, `item-${state % items}`),
            viewed(users[(state >> 4) % users.length] ?? user, `item-${(state >> 8) % items}`),
          ]);
        } else if (roll < 7) {
          await foldAll(engine);
        } else {
          const decision = await decide(engine, { person: { userId: user }, placement: 'home' });
          if (decision.personal && !stands) violations += 1;
        }
      }
    };
    await Promise.all(users.map((user, index) => client(user, index * 7_919 + 1)));
    await foldAll(engine);
    expect(violations).toBe(0);
    expect((await basisCheck(engine)).findings).toEqual([]);
    expect((await contributionCheck(engine)).findings).toEqual([]);
    expect((await sumCheck(engine)).findings).toEqual([]);
  });
});

/** A learned shop with forty people. */
async function shop(): Promise<Awaited<ReturnType<typeof testEngine>>> {
  const engine = await testEngine();
  await stock(engine, items);
  await crowd(engine, 40, items);
  await learn(engine, 'alsoLiked');
  await engine.models.refresh('alsoLiked');
  return engine;
}

/** What stands in the body of an answer: everything but the id and the link, which are headers. */
function bodyOf({ decision: _decision, why: _why, ...body }: Decision): string {
  return JSON.stringify(body);
}
