/**
 * From scored candidates to the items of a decision: what balance needs to know of them, put into the record, and the list that follows from the two. The
 * replay makes the list with the same function, from the record alone.
 */
import type { KeptItem } from '../../catalogue/items.ts';
import type { ScoredItem } from '../../learning/scoring.ts';
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
    exposures: given.candidates
      .map((item) =>
        item === undefined ? '0' : exposure.levelOf(placement, item.itemNumber, given.itemCount).toString(16),
      )
      .join(''),
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

/** The items in their places, with terms and moves, and what the moves cost. */
export function balancedList(
  scored: readonly ScoredItem[],
  used: { show: number; balance: BalanceUsed | undefined },
  idOf: (itemNumber: number) => string,
): { items: DecidedItem[]; costs: DecisionRecord['costs'] } {
  const facts = used.balance?.facts;
  const decided = (item: ScoredItem, moves: DecidedItem['moves']): DecidedItem => ({
    item: idOf(item.item),
    moves,
    score: item.score,
    terms: item.terms.map((term) => ({ of: term.of === 'everyone' ? 'everyone' : idOf(term.of), points: term.points })),
  });
  if (used.balance === undefined || facts === undefined)
    return { items: scored.slice(0, used.show).map((item) => decided(item, [])), costs: undefined };
  const { shown, costs } = balance(
    {
      ...facts,
      scores: scored.map((item) => item.score),
      exposures: Array.from(facts.exposures, (level) => Number.parseInt(level, 16)),
    },
    used.balance.weights,
    used.show,
  );
  return {
    items: shown.flatMap(({ candidate, moves }) => {
      const item = scored[candidate];
      return item === undefined ? [] : [decided(item, moves)];
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
