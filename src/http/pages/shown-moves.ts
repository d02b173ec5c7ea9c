/** Why an item stands where it stands, in words for people: its place by points alone, and what moved it. */
import type { DecidedItem } from '../../deciding/decision-record.ts';

const words: Readonly<Record<string, string>> = {
  calibration: 'for the mix of categories',
  novelty: 'for something new',
  variety: 'for variety',
  exposure: 'in turn, because it was shown least',
  'supplier share': 'for a fair share among suppliers',
};

/** Half a sentence, for example `9th by points, moved up for variety`; undefined for an item that stands where its points put it. */
export function shownMoves(item: Pick<DecidedItem, 'moves'>): string | undefined {
  const [first] = item.moves;
  const last = item.moves.at(-1);
  if (first === undefined || last === undefined || first.from === last.to) return undefined;
  // Those that push the same way as the whole; an item that was moved up and a little down again is told about once.
  const causes = item.moves
    .filter((move) => move.to < move.from === last.to < first.from)
    .map((move) => words[move.cause] ?? move.cause);
  return `${ordinal(first.from)} by points, moved ${last.to < first.from ? 'up' : 'down'} ${[...new Set(causes)].join(' and ')}`;
}

/** Whether the place is one of those that go round among things that were shown little, whoever asks. */
export function isInTurn(item: Pick<DecidedItem, 'moves'>): boolean {
  return item.moves.some((move) => move.cause === 'exposure' && move.to < move.from);
}

const suffixes: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th' };
const plurals = new Intl.PluralRules('en', { type: 'ordinal' });

function ordinal(place: number): string {
  return `${place}${suffixes[plurals.select(place)] ?? 'th'}`;
}
