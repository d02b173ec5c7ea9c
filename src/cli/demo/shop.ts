/**
 * Simulates the demo's shop: made-up people with planted tastes, what they answered when they were asked for consent, and the calls that the shop
 * would have sent over the last months, in the shape of Segment's API. Pure: the same seed, moment and number give the same shop, and each person
 * follows from seed and number alone. What somebody bought in the last week of their story is held out and never sent, so that a model can be tested on it.
 */
import type { Message } from '../../people/intake.ts';
import { type Chance, chanceOf } from './chance.ts';
import { type NorthwindItem, categories, northwindItems, themes } from './northwind-items.ts';
import { adasStory, bensStory, type Story } from './stories.ts';

export interface ShopOptions {
  readonly seed: number;
  /** How many, Ada and Ben among them; at least 2. */
  readonly people: number;
  /** When the simulation ends: the last events are a few hours old then. */
  readonly now: Date;
}

export interface Shop {
  readonly items: readonly NorthwindItem[];
  readonly peopleCount: number;
  /** The person of a number from 0: 0 is Ada, 1 is Ben. */
  person(number: number): SimulatedPerson;
}

/** A made-up person: nobody's data. */
export interface SimulatedPerson {
  readonly userId: string;
  /** Purpose → what they said when they were asked; undefined for those who never answered. */
  readonly answers: Readonly<Record<string, boolean>> | undefined;
  readonly askedAt: Date;
  /** What the shop sends about them: who they are, then what they did, in order of time. */
  readonly messages: readonly Message[];
  /** Items they bought afterwards, of which nothing has been sent. */
  readonly heldOut: readonly string[];
}

/** The simulated shop. */
export function simulateShop(options: ShopOptions): Shop {
  const items = northwindItems();
  const world = worldOf(items, options.seed);
  return {
    items,
    peopleCount: options.people,
    person(number) {
      if (number === 0) return toldPerson(adasStory, options, world);
      if (number === 1) return toldPerson(bensStory, options, world);
      return simulatedPerson(number, options, world);
    },
  };
}

/**
 * A story as calls. Told on its days, or all within the last hour, for a walk that somebody takes once more; `telling` keeps the message ids of one
 * telling apart from those of another.
 */
export function storyMessages(
  story: Story,
  items: readonly NorthwindItem[],
  options: { telling: string; now: Date; within: 'its days' | 'the last hour' },
): Message[] {
  const byId = new Map(items.map((item) => [item.itemId, item]));
  const calls = callsOf(story.userId, `northwind-${options.telling}-${story.userId}`);
  const lastDay = Math.max(story.askedDaysAgo, ...story.deeds.map((deed) => deed.daysAgo));
  const momentOf = (daysAgo: number): Date =>
    daysBefore(options.now, options.within === 'its days' ? daysAgo : daysAgo / lastDay / 24);
  calls.identify(story.traits, momentOf(story.askedDaysAgo));
  for (const { daysAgo, did, item: itemId } of story.deeds.toSorted((left, right) => right.daysAgo - left.daysAgo)) {
    const item = byId.get(itemId);
    if (item === undefined)
      throw new Error(`the story of ${story.userId} names ${itemId}, which the shop does not have`);
    if (did === 'viewed') calls.view(item, momentOf(daysAgo));
    else if (did === 'added') calls.add(item, momentOf(daysAgo));
    else calls.order([item], momentOf(daysAgo));
  }
  return calls.messages;
}

interface World {
  readonly items: readonly NorthwindItem[];
  /** How much each item is liked by everybody, before any taste; log scale. */
  readonly appeal: Float64Array;
  readonly themeOf: Int32Array;
  readonly categoryOf: Int32Array;
  /** Hidden qualities of each item that no catalogue states. */
  readonly qualities: readonly Float64Array[];
  /** For each item, what goes well with it: the same theme on the shelf that belongs with its own. */
  readonly companions: readonly Int32Array[];
}

const qualityCount = 4;

/** Which shelves belong together: a mug with tea, a candle with a bath. */
const goesWith: Readonly<Record<string, string>> = {
  Mugs: 'Pantry',
  Pantry: 'Mugs',
  Candles: 'Bath',
  Bath: 'Candles',
  Stationery: 'Prints',
  Prints: 'Stationery',
  Cosy: 'Craft',
  Craft: 'Cosy',
  Garden: 'Kitchen',
  Kitchen: 'Garden',
  Games: 'Cosy',
  Jewellery: 'Bath',
};

function worldOf(items: readonly NorthwindItem[], seed: number): World {
  const chance = chanceOf(seed, 'items');
  return {
    items,
    appeal: Float64Array.from(items, (item) => 0.35 * chance.normal() - (item.priceMinor > 3_000 ? 0.4 : 0)),
    themeOf: Int32Array.from(items, (item) => themes.indexOf(item.theme)),
    categoryOf: Int32Array.from(items, (item) => categories.indexOf(item.category)),
    qualities: items.map(() => Float64Array.from({ length: qualityCount }, () => chance.normal())),
    companions: items.map((item) =>
      Int32Array.from(
        items.flatMap((other, at) =>
          other.theme === item.theme && other.category === goesWith[item.category] && other.topics === undefined
            ? [at]
            : [],
        ),
      ),
    ),
  };
}

/** Somebody who never was, drawn from tastes that a recommender can find again and popularity cannot. */
function simulatedPerson(number: number, options: ShopOptions, world: World): SimulatedPerson {
  const chance = chanceOf(options.seed, `person ${number}`);
  const userId = `customer-${String(number).padStart(5, '0')}`;
  const gender = genders[chance.weighted([0.52, 0.44, 0.04])] ?? 'other';
  const ageBand = ageBands[chance.weighted([0.16, 0.29, 0.31, 0.24])] ?? '25-34';
  const isMinor = ageBand === '18-24' ? false : chance.happens(0.02);
  const liking = likingOf(chance, world, { gender, ageBand });
  const askedDaysAgo = chance.whole(20, 170) + chance.unit();
  const calls = callsOf(userId, `northwind-${options.seed}-${userId}`);
  calls.identify(
    { email: `${userId}@people.example`, ageBand, gender, ...(isMinor ? { isMinor: true } : {}) },
    daysBefore(options.now, askedDaysAgo),
  );
  const visitCount = 1 + Math.min(8, Math.floor(-Math.log(1 - chance.unit()) * 2.6));
  const visits = Array.from({ length: visitCount }, () => 0.1 + chance.unit() * (askedDaysAgo - 0.2)).sort(
    (a, b) => b - a,
  );
  const seen = new Set<number>();
  let heldOut: string[] = [];
  visits.forEach((daysAgo, at) => {
    const visit = visitOf(chance, world, liking);
    const last = visits.length >= 2 && at === visits.length - 1;
    if (last && visit.bought.length > 0 && visit.bought.every((item) => !seen.has(item))) {
      heldOut = visit.bought.flatMap((item) => world.items[item]?.itemId ?? []);
      return;
    }
    sendVisit(
      calls,
      world,
      visit,
      (minutes) => new Date(daysBefore(options.now, daysAgo).getTime() + minutes * 60_000),
    );
    for (const item of visit.viewed) seen.add(item);
  });
  return {
    userId,
    answers: answersOf(chance),
    askedAt: daysBefore(options.now, askedDaysAgo),
    messages: calls.messages,
    heldOut,
  };
}

const genders = ['female', 'male', 'other'] as const;
const ageBands = ['18-24', '25-34', '35-49', '50+'] as const;

/** How likely the person is to look at each item. Two themes and three shelves are theirs; groups lean a little, as in life. */
function likingOf(chance: Chance, world: World, group: { gender: string; ageBand: string }): Float64Array {
  const themeTaste = new Float64Array(themes.length);
  const categoryTaste = new Float64Array(categories.length);
  for (const strength of [3.2, 2]) themeTaste[chance.weighted([1.3, 1, 1.1, 1.25, 0.8, 0.9, 1, 1.1, 0.7])] = strength;
  const leaning = categories.map((name) => {
    if (group.ageBand === '50+' && (name === 'Garden' || name === 'Craft')) return 1.8;
    if (group.ageBand === '18-24' && (name === 'Stationery' || name === 'Jewellery')) return 1.6;
    return group.gender === 'male' && name === 'Games' ? 1.5 : 1;
  });
  for (const strength of [2.4, 1.9, 1.3]) categoryTaste[chance.weighted(leaning)] = strength;
  const hidden = Float64Array.from({ length: qualityCount }, () => 0.28 * chance.normal());
  return Float64Array.from(world.items, (_, at) => {
    const quality = (world.qualities[at] ?? []).reduce(
      (sum, value, dimension) => sum + value * (hidden[dimension] ?? 0),
      0,
    );
    return Math.exp(
      (world.appeal[at] ?? 0) +
        (themeTaste[world.themeOf[at] ?? 0] ?? 0) +
        (categoryTaste[world.categoryOf[at] ?? 0] ?? 0) +
        quality,
    );
  });
}

interface Visit {
  /** What they typed into the search box, if they did. */
  readonly query: string | undefined;
  readonly viewed: readonly number[];
  readonly added: readonly number[];
  readonly bought: readonly number[];
}

/** One visit: a few items, each either to the person's liking or what goes with the one before; now and then one is bought. */
function visitOf(chance: Chance, world: World, liking: Float64Array): Visit {
  const viewed: number[] = [];
  const length = chance.whole(2, 6);
  while (viewed.length < length) {
    const before = viewed.at(-1);
    const companions = before === undefined ? undefined : world.companions[before];
    const item =
      companions !== undefined && companions.length > 0 && chance.happens(0.3)
        ? (companions[chance.weighted(Array.from(companions, (at) => liking[at] ?? 0))] ?? 0)
        : chance.weighted(liking);
    if (!viewed.includes(item)) viewed.push(item);
    else if (chance.happens(0.3)) break;
  }
  const added = viewed.filter((item) => (world.items[item]?.available ?? false) && chance.happens(0.3));
  const query = chance.happens(0.2) ? world.items[viewed[0] ?? 0]?.category.toLowerCase() : undefined;
  return { query, viewed, added, bought: chance.happens(0.75) ? added : [] };
}

function sendVisit(calls: Calls, world: World, visit: Visit, momentOf: (minutes: number) => Date): void {
  let minutes = 0;
  if (visit.query !== undefined) calls.search(visit.query, momentOf(minutes++));
  for (const at of visit.viewed) {
    const item = world.items[at];
    if (item === undefined) continue;
    calls.view(item, momentOf(minutes));
    minutes += 2;
    if (visit.added.includes(at)) calls.add(item, momentOf(minutes++));
  }
  const bought = visit.bought.flatMap((at) => world.items[at] ?? []);
  if (bought.length > 0) calls.order(bought, momentOf(minutes + 3));
}

/** What people said when they were asked: most allow suggestions, some only e-mail, some refused everything, and some never answered. */
function answersOf(chance: Chance): Record<string, boolean> | undefined {
  const answer = chance.weighted([0.6, 0.24, 0.04, 0.04, 0.08]);
  const fairness = chance.happens(0.4) ? { fairness: true } : {};
  return [
    { suggestions: true, email: true, ...fairness },
    { suggestions: true, ...fairness },
    { email: true },
    { suggestions: false, email: false, fairness: false },
    undefined,
  ][answer];
}

function toldPerson(story: Story, options: ShopOptions, world: World): SimulatedPerson {
  return {
    userId: story.userId,
    answers: story.answers,
    askedAt: daysBefore(options.now, story.askedDaysAgo),
    messages: storyMessages(story, world.items, {
      telling: String(options.seed),
      now: options.now,
      within: 'its days',
    }),
    heldOut: story.heldOut,
  };
}

interface Calls {
  readonly messages: Message[];
  identify(traits: Readonly<Record<string, unknown>>, at: Date): void;
  search(query: string, at: Date): void;
  view(item: NorthwindItem, at: Date): void;
  add(item: NorthwindItem, at: Date): void;
  order(items: readonly NorthwindItem[], at: Date): void;
}

/** Writes calls as a shop's own code would send them, with searches, names and prices that the policy does not ask for. */
function callsOf(userId: string, idPrefix: string): Calls {
  const messages: Message[] = [];
  const track = (event: string, properties: Readonly<Record<string, unknown>>, at: Date): void => {
    messages.push({ type: 'track', messageId: `${idPrefix}-${messages.length}`, userId, event, properties, at });
  };
  const product = (item: NorthwindItem): Readonly<Record<string, unknown>> => ({
    product_id: item.itemId,
    name: item.title,
    price: item.priceMinor / 100,
  });
  return {
    messages,
    identify: (traits, at) =>
      void messages.push({ type: 'identify', messageId: `${idPrefix}-${messages.length}`, userId, traits, at }),
    view: (item, at) => track('Product Viewed', product(item), at),
    search: (query, at) => track('Products Searched', { query }, at),
    add: (item, at) => track('Product Added', { ...product(item), quantity: 1 }, at),
    order: (items, at) => {
      const revenue = items.reduce((sum, item) => sum + item.priceMinor, 0) / 100;
      track('Order Completed', { products: items.map(product), revenue, currency: 'GBP' }, at);
    },
  };
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * 86_400_000);
}
