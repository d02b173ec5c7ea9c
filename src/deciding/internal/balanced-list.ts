/**
 * From scored candidates to the items of a decision: what balance needs to know of them, put into the record, and the list that follows from the two. The
 * replay makes the list with the same function, from the record alone.
 */
import type { KeptItem } from '../../catalogue/items.ts';
import type { RankedItem, ScoreTerm } from '../../learning/scoring.ts';
import { balance } from '../balance.ts';
import type { BalanceFacts, BalanceUsed, DecidedItem, DecisionRecord } from '../decision-record.ts';
import type { Exposure } from './exposure.ts';

/** What the catalogue and the counts of places said at this moment. Values become numbers in the order in which they are met. */
export function balanceFacts(given: {
  candidates: readonly (KeptItem | undefined)[];
  history: readonly (KeptItem | undefined)[];
  by: string;
  placement: string;
  supplierShareMax: number | null;
  itemCount: number;
  exposure: Exposure;
}): BalanceFacts {
  const { exposure, placement, supplierShareMax } = given;
  const [groupOf, supplierOf] = [numbering(), numbering()];
  const suppliers = given.candidates.map((item) => supplierOf.number(item?.supplier));
  return {
    exposures: exposure.levelsOf(placement, given.candidates, given.itemCount),
    groups: given.candidates.map((item) => groupOf.number(valueOf(item, given.by))),
    heldBack:
      supplierShareMax === null
        ? []
        : [...supplierOf.numbers].flatMap(([supplier, number]) =>
            exposure.isOverShare(placement, supplier, supplierShareMax) ? [number] : [],
          ),
    history: given.history.map((item) => groupOf.number(valueOf(item, given.by))),
    suppliers,
  };
}

/** The items in their places, with terms and moves, and what the moves cost. `explain` gives the terms of the items that are shown, which are few. */
export function balancedList(
  ranked: readonly RankedItem[],
  used: { show: number; balance: BalanceUsed | undefined },
  idOf: (itemNumber: number) => string,
  explain: (items: readonly number[]) => readonly (readonly ScoreTerm[])[],
): { items: DecidedItem[]; costs: DecisionRecord['costs'] } {
  const { placed, costs } = inTheirPlaces(ranked, used);
  const terms = explain(placed.map(({ item }) => item));
  const items = placed.map(({ item, score, moves }, place): DecidedItem => ({
    item: idOf(item),
    moves,
    score,
    terms: (terms[place] ?? []).map(({ of, points }) => ({ of: of === 'everyone' ? of : idOf(of), points })),
  }));
  return { items, costs };
}

function inTheirPlaces(
  ranked: readonly RankedItem[],
  used: { show: number; balance: BalanceUsed | undefined },
): { placed: (RankedItem & Pick<DecidedItem, 'moves'>)[]; costs: DecisionRecord['costs'] } {
  const facts = used.balance?.facts;
  if (used.balance === undefined || facts === undefined)
    return { placed: ranked.slice(0, used.show).map((one) => ({ ...one, moves: [] })), costs: undefined };
  const { shown, costs } = balance(
    {
      ...facts,
      scores: ranked.map(({ score }) => score),
      exposures: Array.from(facts.exposures, (level) => Number.parseInt(level, 16)),
    },
    used.balance.weights,
    used.show,
  );
  return {
    placed: shown.flatMap(({ candidate, moves }) => {
      const one = ranked[candidate];
      return one === undefined ? [] : [{ ...one, moves }];
    }),
    costs,
  };
}

/** The value of a declared item field that is text; null where the item has none. */
function valueOf(item: KeptItem | undefined, field: string): string | null {
  if (item === undefined) return null;
  if (field === 'category' || field === 'supplier' || field === 'title') return item[field];
  const value = Object.hasOwn(item.attributes, field) ? item.attributes[field] : undefined;
  return typeof value === 'string' ? value : null;
}

function numbering(): { number: (value: string | null | undefined) => number; numbers: ReadonlyMap<string, number> } {
  const numbers = new Map<string, number>();
  return {
    numbers,
    number(value) {
      if (value === null || value === undefined) return -1;
      const known = numbers.get(value) ?? numbers.size;
      numbers.set(value, known);
      return known;
    },
  };
}
