/**
 * How good the suggestions are: of the people whose last purchase was held out and never sent, how many find it among what they would be shown. Measured
 * by asking the running system for each of them, beside a list of the most popular things, which is the same for everybody.
 */
import { decide } from '../../deciding/decide.ts';
import type { Engine } from '../../deciding/engine.ts';
import { contributionRows } from '../../models/live-sums.ts';
import { readHistories } from '../../people/history.ts';
import { findPeople, identifierHash } from '../../vault/identifiers.ts';
import type { Shop } from './shop.ts';

export interface HitRate {
  /** People with a held-out purchase who allow suggestions. */
  readonly people: number;
  /** Those who find at least one held-out purchase among as many items as the placement shows. */
  readonly hits: number;
  /** The same for the most popular items that they do not have yet. */
  readonly popularHits: number;
}

const decisionsAtOnce = 8;

/** Measures by real decisions, recorded like any other, for those of whom something is held out and known. */
export async function hitRateOf(
  engine: Engine,
  shop: Shop,
  ask: { model: string; placement: string },
): Promise<HitRate> {
  const tested = await testedPeople(engine, shop, ask.model);
  const popular = await popularItems(engine, ask.model);
  let [people, hits, popularHits] = [0, 0, 0];
  for (let start = 0; start < tested.length; start += decisionsAtOnce) {
    const some = tested.slice(start, start + decisionsAtOnce);
    const decisions = await Promise.all(
      some.map(({ userId }) => decide(engine, { person: { userId }, placement: ask.placement })),
    );
    decisions.forEach(({ personal, items }, at) => {
      const person = some[at];
      if (!personal || person === undefined) return;
      people++;
      if (items.some(({ item }) => person.heldOut.includes(item))) hits++;
      const forEverybody = popular.filter((item) => !person.has.has(item)).slice(0, items.length);
      if (forEverybody.some((item) => person.heldOut.includes(item))) popularHits++;
    });
  }
  return { people, hits, popularHits };
}

interface TestedPerson {
  readonly userId: string;
  readonly heldOut: readonly string[];
  /** The items in their history. */
  readonly has: ReadonlySet<string>;
}

async function testedPeople(engine: Engine, shop: Shop, model: string): Promise<TestedPerson[]> {
  const byHash = new Map(
    Array.from({ length: shop.peopleCount }, (_, number) => shop.person(number))
      .filter((person) => person.heldOut.length > 0 && person.answers?.['suggestions'] === true)
      .map((person) => [identifierHash(engine.keys, { kind: 'userId', value: person.userId }).toString('hex'), person]),
  );
  const personIds = await findPeople(
    engine.database,
    [...byHash.keys()].map((hash) => Buffer.from(hash, 'hex')),
  );
  const byId = new Map([...personIds].map(([hash, personId]) => [personId, byHash.get(hash)]));
  const histories = await readHistories(engine.database, engine.policy, {
    model,
    now: engine.database.world.now(),
    whom: { personIds: [...byId.keys()] },
  });
  return histories.flatMap(({ personId, entries }) => {
    const person = byId.get(personId);
    if (person === undefined || entries.length === 0) return [];
    const has = new Set(entries.flatMap(({ item }) => engine.items.item(item)?.itemId ?? []));
    return [{ userId: person.userId, heldOut: person.heldOut, has }];
  });
}

/** The items that may be shown, those of most people first. */
async function popularItems(engine: Engine, model: string): Promise<string[]> {
  const counts = new Map<number, number>();
  for await (const rows of contributionRows(engine.database, model)) {
    for (const row of rows) for (const item of row.items) counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  return [...counts]
    .filter(([item]) => engine.items.isShowable(item))
    .toSorted(([itemA, countA], [itemB, countB]) => countB - countA || itemA - itemB)
    .flatMap(([item]) => engine.items.item(item)?.itemId ?? []);
}
