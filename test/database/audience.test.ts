/** An audience is a query: compared with the same rule in plain words over what was sent, and asked again after people have gone. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/database/refusal.ts';
import { forget } from '../../src/people/forget.ts';
import type { Condition, Policy } from '../../src/policy/policy.ts';
import { attribute } from '../../src/policy/policy.ts';
import { audienceMin, audienceOf, countAudience, membersAmong, membersOf } from '../../src/sending/audience.ts';
import { type TestEngine, allow, send, shopPolicy, testEngine } from '../support/engine.ts';

const bands = ['18-24', '25-34', '35-49', '50+'] as const;

/** The shop, with a number beside the codes, and one segment to be filled in. */
function policyWith(where: Record<string, Condition>): Policy {
  return {
    ...shopPolicy,
    people: { ...shopPolicy.people, visits: attribute({ type: 'number', for: ['email'] }) },
    segments: { chosen: { for: 'email', where } },
    audiences: { everybodyChosen: { segment: 'chosen', placement: 'weekly' } },
  };
}

const engine = await testEngine({ policy: policyWith({ ageBand: [...bands] }) });
const dayMs = 86_400_000;
let made = 0;

interface Somebody {
  readonly purposes: readonly string[];
  readonly band: (typeof bands)[number] | undefined;
  readonly visits: number | undefined;
  readonly isMinor: boolean;
  readonly orders: readonly { readonly daysAgo: number; readonly total: number }[];
}

const somebody: fc.Arbitrary<Somebody> = fc.record({
  purposes: fc.constantFrom(
    ['suggestions', 'email'],
    ['suggestions', 'email'],
    ['suggestions', 'email'],
    ['email'],
    ['suggestions'],
  ),
  band: fc.option(fc.constantFrom(...bands), { nil: undefined }),
  visits: fc.option(fc.integer({ min: -5, max: 2_000 }), { nil: undefined }),
  isMinor: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
  orders: fc.array(fc.record({ daysAgo: fc.integer({ min: 0, max: 500 }), total: fc.integer({ min: 0, max: 500 }) }), {
    maxLength: 3,
  }),
});

const range = fc
  .tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 2 }))
  .map(([a, b, ends]) => ({
    ...(ends === 0 ? {} : { atLeast: Math.min(a, b) }),
    ...(ends === 1 ? {} : { atMost: Math.max(a, b) }),
  }));

const conditions: fc.Arbitrary<Record<string, Condition>> = fc
  .record(
    {
      ageBand: fc.uniqueArray(fc.constantFrom(...bands), { minLength: 1 }),
      visits: range,
      recency: range,
      frequency: fc.constantFrom({ atLeast: 1 }, { atMost: 1 }, { atLeast: 2, atMost: 3 }, { atMost: 0 }),
      value: range,
    },
    { requiredKeys: [] },
  )
  .filter((where) => Object.keys(where).length > 0);

/** Sends somebody in, and answers their id. */
async function arrive(one: Somebody): Promise<string> {
  const userId = `member-${made++}`;
  const [personId = ''] = await allow(engine, [userId], one.purposes);
  const now = engine.database.world.now().getTime();
  await send(engine, [
    {
      type: 'identify',
      messageId: `${userId}-i`,
      userId,
      traits: {
        ...(one.band === undefined ? {} : { ageBand: one.band }),
        ...(one.visits === undefined ? {} : { visits: one.visits }),
        isMinor: one.isMinor,
      },
    },
    ...one.orders.map(({ daysAgo, total }, at) => ({
      type: 'track' as const,
      messageId: `${userId}-${at}`,
      userId,
      event: 'Order Completed',
      properties: { total },
      at: new Date(now - daysAgo * dayMs - 60_000),
    })),
  ]);
  return personId;
}

/** The rule in plain words. */
function isMember(one: Somebody, where: Record<string, Condition>): boolean {
  if (one.isMinor || !one.purposes.includes('email') || !one.purposes.includes('suggestions')) return false;
  // Thirteen months are at least 395 days and at most 397; the days between are not drawn from here.
  const kept = one.orders.filter(({ daysAgo }) => daysAgo < 394);
  const known: Record<string, number | undefined> = {
    visits: one.visits,
    recency: kept.length === 0 ? undefined : Math.min(...kept.map(({ daysAgo }) => daysAgo)),
    frequency: kept.length,
    value: kept.reduce((sum, { total }) => sum + total, 0),
  };
  return Object.entries(where).every(([feature, condition]) => {
    if ('length' in condition) return one.band !== undefined && condition.includes(one.band);
    const value = known[feature];
    return value !== undefined && value >= (condition.atLeast ?? -Infinity) && value <= (condition.atMost ?? Infinity);
  });
}

const edgeFree = somebody.filter(({ orders }) => orders.every(({ daysAgo }) => daysAgo < 394 || daysAgo > 400));

function withRule(where: Record<string, Condition>): TestEngine {
  return { ...engine, policy: policyWith(where) };
}

describe('who is in an audience', () => {
  it('is whoever allows all of its purposes, meets its rule, and is protected by no safeguard', async () => {
    const crowd = fc.sample(edgeFree, { numRuns: 120, seed: 4 });
    const ids = new Map<string, Somebody>();
    for (const one of crowd) ids.set(await arrive(one), one);
    let members = 0;
    await fc.assert(
      fc.asyncProperty(conditions, async (where) => {
        const asked = withRule(where);
        const got = await membersAmong(asked, audienceOf(asked.policy, 'everybodyChosen'), [...ids.keys()]);
        members += got.length;
        expect(new Set(got)).toEqual(
          new Set([...ids].flatMap(([personId, one]) => (isMember(one, where) ? [personId] : []))),
        );
      }),
      { numRuns: 120, seed: 4 },
    );
    expect(members).toBeGreaterThan(200);
  });

  it('comes page by page, nobody twice and nobody left out, whatever the size of a page', async () => {
    const audience = audienceOf(engine.policy, 'everybodyChosen');
    const all: string[][] = [];
    for (const page of [1, 7, 10_000]) {
      const got: string[] = [];
      for await (const { personIds } of membersOf(engine, audience, { page })) got.push(...personIds);
      all.push(got);
    }
    expect(all[0]?.length).toBeGreaterThan(audienceMin);
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    expect(await countAudience(engine, audience)).toBe(all[0]?.length);
  });

  it('goes on where it stopped', async () => {
    const audience = audienceOf(engine.policy, 'everybodyChosen');
    const pages: { personIds: readonly string[]; last: string }[] = [];
    for await (const page of membersOf(engine, audience, { page: 20 })) pages.push(page);
    const rest: string[] = [];
    for await (const { personIds } of membersOf(engine, audience, { page: 20, after: pages[1]?.last }))
      rest.push(...personIds);
    expect(rest).toEqual(pages.slice(2).flatMap(({ personIds }) => personIds));
  });

  it.each([
    ['withdrawn one of its purposes', { kind: 'withdraw', purposes: ['suggestions'], method: 'form', source: 'test' }],
    ['corrected away what the rule reads', { kind: 'rectify', field: 'ageBand' }],
    ['been erased', { kind: 'erase' }],
  ] as const)('is not who has %s', async (_what, request) => {
    const personId = await arrive({
      purposes: ['suggestions', 'email'],
      band: '50+',
      visits: 1,
      isMinor: false,
      orders: [],
    });
    const audience = audienceOf(engine.policy, 'everybodyChosen');
    expect(await membersAmong(engine, audience, [personId])).toEqual([personId]);
    await forget(engine, personId, request);
    expect(await membersAmong(engine, audience, [personId])).toEqual([]);
  });

  it('does not count what was taken out', async () => {
    const asked = withRule({ frequency: { atLeast: 1 } });
    const audience = audienceOf(asked.policy, 'everybodyChosen');
    const personId = await arrive({
      purposes: ['suggestions', 'email'],
      band: undefined,
      visits: undefined,
      isMinor: false,
      orders: [{ daysAgo: 3, total: 10 }],
    });
    expect(await membersAmong(asked, audience, [personId])).toEqual([personId]);
    const now = engine.database.world.now().getTime();
    await forget(engine, personId, { kind: 'exclude', from: new Date(now - 5 * dayMs), until: new Date(now) });
    expect(await membersAmong(asked, audience, [personId])).toEqual([]);
  });
});

describe('a count', () => {
  it('of fewer than five is not told', async () => {
    const asked = withRule({ visits: { atLeast: 90_000 } });
    const audience = audienceOf(asked.policy, 'everybodyChosen');
    for (let people = 1; people <= audienceMin; people++) {
      await arrive({ purposes: ['suggestions', 'email'], band: undefined, visits: 90_001, isMinor: false, orders: [] });
      expect(await countAudience(asked, audience)).toBe(people < audienceMin ? undefined : people);
    }
  });
});

it('an audience that is not declared is refused, also by an inherited name', () => {
  for (const name of ['nobody', 'constructor', '__proto__'])
    expect(() => audienceOf(engine.policy, name)).toThrow(Refusal);
});
