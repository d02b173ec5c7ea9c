/**
 * A whole engine on a database of its own, with a small made-up shop: what the tests of laws start from. Everything goes in through the real doors.
 */
import { afterAll } from 'vitest';
import { type Item, putItems } from '../../src/catalogue/items.ts';
import { type Engine, closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { type Message, takeIn } from '../../src/people/intake.ts';
import { choose } from '../../src/people/choose.ts';
import {
  attribute,
  identifier,
  policy,
  propensity,
  recommender,
  safeguard,
  sensitive,
} from '../../src/policy/policy.ts';
import { followersOf } from '../../src/rights/followers.ts';
import { checkKeys, keysOf } from '../../src/vault/keys.ts';
import { type TestDatabase, type TestDatabaseOptions, testDatabase } from './database.ts';

/** A policy with every kind of field, two models' worth of events and two placements. */
export const shopPolicy = policy({
  controller: { name: 'Test Shop', contact: 'privacy@shop.example', regions: ['EU'] },
  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions made for you',
      notice: 'We use what you view and buy to suggest things.',
      keepFor: '13 months',
    },
    email: {
      basis: 'consent',
      title: 'Offers by e-mail',
      notice: 'We send you offers by e-mail.',
      keepFor: '13 months',
    },
    fairness: {
      basis: 'explicit-consent',
      title: 'Checking that we treat people alike',
      notice: 'We compare how groups are treated.',
      keepFor: '24 months',
    },
  },
  consentCategories: { Advertising: ['email'], Functional: ['suggestions'] },
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25-34', '35-49', '50+'], for: ['suggestions', 'email', 'fairness'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male', 'other'], for: ['fairness'] }),
  },
  items: { category: 'text', supplier: 'text', price: 'money', available: 'boolean', url: 'url', image: 'url' },
  events: {
    'Product Viewed': { item: 'properties.product_id', for: ['suggestions'] },
    'Order Completed': {
      items: 'properties.products[].product_id',
      properties: { total: 'money' },
      for: ['suggestions', 'email'],
    },
  },
  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed', 'Order Completed'], minPeople: 2 }),
    reorder: propensity({
      for: 'email',
      predicts: 'Order Completed',
      within: '30 days',
      using: ['recency', 'frequency', 'ageBand'],
    }),
  },
  placements: {
    home: {
      channel: 'web',
      purposes: ['suggestions'],
      model: 'alsoLiked',
      show: 5,
      otherwise: 'catalogue',
      goal: 'Order Completed within 7 days',
    },
    weekly: {
      channel: 'email',
      purposes: ['suggestions', 'email'],
      model: 'alsoLiked',
      show: 3,
      atMost: '1 per week',
      approval: 'second person',
      goal: 'Order Completed within 7 days',
    },
  },
  segments: { grown: { for: 'email', where: { ageBand: ['25-34', '35-49', '50+'] } } },
  audiences: { grownWeekly: { segment: 'grown', placement: 'weekly' } },
  fairness: { groups: ['ageBand', 'gender'], limits: { exposureRatio: 0.8 } },
});

export type TestEngine = Engine & { readonly database: TestDatabase };

/** Keys of a test installation: fixed, so that a failing case can be run again. */
export const testKeys = keysOf(Buffer.alloc(32, 7), new Map([[1, Buffer.alloc(32, 9)]]));

export async function testEngine(
  options: TestDatabaseOptions & { policy?: Engine['policy'] } = {},
): Promise<TestEngine> {
  const { policy: given, ...rest } = options;
  const database = await testDatabase(rest);
  await checkKeys(database, testKeys);
  const engine = await openEngine({
    database,
    keys: testKeys,
    policy: given ?? shopPolicy,
    adoptedBy: 'tests',
    followers: followersOf,
  });
  open.push(engine);
  return { ...engine, database };
}

const open: Engine[] = [];
afterAll(async () => {
  for (const engine of open.splice(0)) await closeEngine(engine);
});

/** A catalogue of `count` items in four categories. */
export function shopItems(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    itemId: `item-${index}`,
    title: `Item ${index}`,
    category: `category-${index % 4}`,
    supplier: `supplier-${index % 3}`,
    priceMinor: 100 + index,
    currency: 'EUR',
  }));
}

export async function stock(engine: Engine, count: number): Promise<void> {
  await putItems(engine.database, shopItems(count));
  await engine.items.refresh();
}

/** Grants purposes to user ids, made up on the spot. */
export async function allow(
  engine: Engine,
  userIds: readonly string[],
  purposes: readonly string[] = ['suggestions'],
): Promise<string[]> {
  const results = await choose(
    engine,
    userIds.map((value) => ({
      who: { kind: 'userId', value },
      choices: {
        purposes: Object.fromEntries(purposes.map((purpose) => [purpose, true])),
        method: 'form',
        source: 'test',
      },
    })),
  );
  return results.map((result) => result.personId);
}

let sent = 0;

/** One view of an item. */
export function viewed(userId: string, item: string, at?: Date): Message {
  return {
    type: 'track',
    messageId: `m-${sent++}`,
    userId,
    event: 'Product Viewed',
    properties: { product_id: item },
    ...(at === undefined ? {} : { at }),
  };
}

/** One order of items. */
export function ordered(userId: string, items: readonly string[], at?: Date): Message {
  return {
    type: 'track',
    messageId: `m-${sent++}`,
    userId,
    event: 'Order Completed',
    properties: { products: items.map((item) => ({ product_id: item })) },
    ...(at === undefined ? {} : { at }),
  };
}

/** Sends messages as a server key would. */
export async function send(engine: Engine, messages: readonly Message[]): ReturnType<typeof takeIn> {
  return takeIn(engine, messages, { source: 'test', mayGrant: true, counts: engine.counts });
}

/** A crowd with two planted tastes: even people like even items, odd ones odd. Returns their user ids. */
export async function crowd(engine: Engine, people: number, items: number): Promise<string[]> {
  const userIds = Array.from({ length: people }, (_, index) => `user-${index}`);
  await allow(engine, userIds);
  await send(
    engine,
    userIds.flatMap((userId, index) =>
      Array.from({ length: 4 }, (_, step) =>
        viewed(userId, `item-${(index % 2) + 2 * ((index + step * (1 + (index % 3))) % Math.floor(items / 2))}`),
      ),
    ),
  );
  return userIds;
}
