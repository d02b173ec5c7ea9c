/**
 * How good the suggestions are: of the people whose last purchase was held out and never sent, how many find it among what they would be shown. Measured
 * on what the running system really holds and ranks, beside a list of the most popular things, which is the same for everybody.
 */
import { rank } from '../../deciding/decide.ts';
import type { Engine } from '../../deciding/engine.ts';
import { contributionRows } from '../../models/live-sums.ts';
import { contributionFrom, readHistories } from '../../people/history.ts';
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

/** Measures; publishes and records nothing. */
export async function hitRateOf(engine: Engine, shop: Shop, ask: { model: string; show: number }): Promise<HitRate> {
  const { database } = engine;
  const live = engine.models.current(ask.model);
  const heldOut = new Map<string, ReadonlySet<number>>();
  for (let number = 0; number < shop.peopleCount; number++) {
    const person = shop.person(number);
    if (person.heldOut.length === 0 || person.answers?.['suggestions'] !== true) continue;
    const hash = identifierHash(engine.keys, { kind: 'userId', value: person.userId }).toString('hex');
    heldOut.set(hash, new Set(person.heldOut.flatMap((itemId) => engine.items.byId(itemId)?.itemNumber ?? [])));
  }
  const personIds = await findPeople(
    database,
    [...heldOut.keys()].map((hash) => Buffer.from(hash, 'hex')),
  );
  const wanted = new Map([...personIds].map(([hash, personId]) => [personId, heldOut.get(hash) ?? new Set<number>()]));
  const histories = await readHistories(database, engine.policy, {
    model: ask.model,
    now: database.world.now(),
    whom: { personIds: [...wanted.keys()] },
  });
  const popular = await popularItems(engine, ask.model);
  let [people, hits, popularHits] = [0, 0, 0];
  for (const history of histories) {
    const items = contributionFrom(history);
    const bought = wanted.get(history.personId);
    if (live === undefined || bought === undefined || items.length === 0) continue;
    people++;
    const { shown } = rank(engine, live, items, { show: ask.show, excluded: new Set() });
    if (shown.some(({ item }) => bought.has(item))) hits++;
    const has = new Set(items);
    const forEverybody = popular.filter((item) => !has.has(item)).slice(0, ask.show);
    if (forEverybody.some((item) => bought.has(item))) popularHits++;
  }
  return { people, hits, popularHits };
}

/** Item numbers that may be shown, those of most people first. */
async function popularItems(engine: Engine, model: string): Promise<number[]> {
  const counts = new Map<number, number>();
  for await (const rows of contributionRows(engine.database, model)) {
    for (const row of rows) for (const item of row.items) counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  return [...counts]
    .filter(([item]) => engine.items.isShowable(item))
    .toSorted(([itemA, countA], [itemB, countB]) => countB - countA || itemA - itemB)
    .map(([item]) => item);
}
