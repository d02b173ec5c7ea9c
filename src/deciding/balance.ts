/**
 * Balance: which of the best candidates stand in a list, and in which order, when more counts than the score. Whole numbers only, so that a replay
 * gives the same list on every machine; every change of rank names its cause and what it cost. Pure; called by `decide`, `replay` and the benches.
 */
import { type DialPosition, type VarietyRule, dialPositions } from '../policy/policy.ts';

/** What may change a rank, in the order in which they are added up. */
export const balanceCauses = ['calibration', 'novelty', 'variety', 'exposure', 'supplier share'] as const;
export type BalanceCause = (typeof balanceCauses)[number];

/** How much each part counts, in 256ths; 0 leaves it out. It stands in the record. */
export interface BalanceWeights {
  /** One bit of the person's mix, beside the mean score of what would be shown without balance. */
  readonly calibration: number;
  /** The share of the mix that all groups have evenly, also those that the person's history does not have. */
  readonly novelty: number;
  /** What one item loses when both before it are of its group or supplier. */
  readonly variety: number;
  /** The share of places that go to the candidate which was shown least. */
  readonly exposure: number;
  /** The largest share of the places of a list, and over time, that one supplier may have; null for no limit. */
  readonly supplierShareMax: number | null;
}

/** The candidates, best first, and what the catalogue says of them: groups, suppliers and exposures have one entry for each score. */
export interface Candidates {
  /** Whole and descending; the best less the last, times the places shown, is below 2⁵³. */
  readonly scores: ArrayLike<number>;
  /** The group of each by number; −1 for none. */
  readonly groups: ArrayLike<number>;
  /** The supplier of each by number; −1 for none. */
  readonly suppliers: ArrayLike<number>;
  /** How often each was shown before: 0 for never, `exposureLevelMean` for as often as the average, one more for twice as often. */
  readonly exposures: ArrayLike<number>;
  /** The group of each item of the history; −1 for none. */
  readonly history: ArrayLike<number>;
  /** The suppliers that have had more than their share over time. */
  readonly heldBack: readonly number[];
}

/** A change of rank. Places count from 1. */
export interface BalanceMove {
  readonly from: number;
  readonly to: number;
  readonly cause: BalanceCause;
  /** In points: how much more the item had that stood at `to` before this cause was added. Negative where the move brought score back. */
  readonly cost: number;
}

export interface Balanced {
  /** For each place, which candidate stands there and how it came there. */
  readonly shown: readonly { readonly candidate: number; readonly moves: readonly BalanceMove[] }[];
  /** What each part cost the whole list, in points; together, the score that the list lost. */
  readonly costs: readonly { readonly cause: BalanceCause; readonly points: number }[];
}

/** So many candidates are looked at for a list; for a list that is longer than half of them, twice its length. */
export const candidateCount = 200;

export const exposureLevelMean = 8;

/** 1 in the scale of shares and weights. */
const one = 256;
/** 1 in the scale of relevance, of bits and of the mix. */
const unit = 65_536;

/**
 * What a dial makes of a placement's variety: towards −2 the balance fades and the order by score is left; towards 2 it counts more, and more of the mix
 * is spread evenly over all groups. A supplier's share does not depend on the dial. The placement's bounds hold.
 */
export function balanceWeights(variety: VarietyRule, dial: DialPosition): BalanceWeights {
  const position = boundedDial(variety, dial);
  const strength = strengths[variety.strength ?? 'balanced'];
  const factor = dialFactors[position + 2] ?? 0;
  const scaled = (weight: number): number => Math.floor((weight * factor) / 4);
  const declared = variety.novelty === undefined ? strength.novelty : Math.floor(variety.novelty * one);
  return {
    calibration: scaled(strength.calibration),
    exposure: scaled(strength.exposure),
    novelty: position > 0 ? Math.min(noveltyMax, declared + position * noveltyStep) : scaled(declared),
    supplierShareMax: variety.supplierShareMax === undefined ? null : Math.floor(variety.supplierShareMax * one),
    variety: scaled(strength.variety),
  };
}

/** Where a dial stands within the bounds of a placement. */
export function boundedDial(variety: VarietyRule, dial: DialPosition): DialPosition {
  const { atLeast = -2, atMost = 2 } = variety.dial ?? {};
  return dialPositions.find((position) => position === Math.min(Math.max(dial, atLeast), atMost)) ?? 0;
}

/** Measured on the retail file by `bench/balance-quality.ts`, which holds `balanced` to its limits. */
const strengths = {
  gentle: { calibration: 128, novelty: 64, variety: 16, exposure: 13 },
  balanced: { calibration: 768, novelty: 128, variety: 32, exposure: 26 },
  strong: { calibration: 1536, novelty: 128, variety: 64, exposure: 52 },
} as const;
/** In quarters, by position. */
const dialFactors = [0, 2, 4, 8, 16] as const;
const noveltyStep = 32;
const noveltyMax = 192;
/** What was shown least gets its place from an eighth of the mean relevance on; at a quarter the coverage gained falls from 37 % to 32 %, without any 41 %. */
const leastRelevance = 8;

/**
 * Chooses the list place by place: at each, the candidate with the highest sum of relevance and what it adds.
 *
 * Relevance is the score above the last candidate's, in units of the mean of what would be shown by score alone. Calibration adds what the candidate's
 * group brings the list nearer to the person's mix p: p·(log q̃′ − log q̃) with q̃ = (63·q + p)/64, which among candidates for one place is all that differs in
 * Steck's −KL(p, q̃) (Calibrated Recommendations, RecSys 2018). Variety takes off for a group or supplier that the two places before have. Exposure keeps
 * every so-manieth place for the candidate of some relevance that was shown least, while there is one below the average. A supplier has at most ⌈share·places⌉, or ⌊share·places⌋ while it has had more than its share over time, unless nothing
 * else is left. Equal sums go to the higher score. The parts are added one after the other, and each names the moves that it made.
 *
 * Cost: below 0.1 ms for 200 candidates into 12 (`bench/balance.ts`).
 */
export function balance(candidates: Candidates, weights: BalanceWeights, show: number): Balanced {
  const { scores } = candidates;
  const places = Math.min(show, scores.length);
  const relevance = relevanceOf(scores, places);
  let before: Int32Array = Int32Array.from(relevance.keys());
  const changes: Change[] = [];
  const added: Record<BalanceCause, boolean> = {
    calibration: false,
    novelty: false,
    variety: false,
    exposure: false,
    'supplier share': false,
  };
  for (const cause of balanceCauses) {
    const weight = cause === 'supplier share' ? weights.supplierShareMax : weights[cause];
    if (weight === null || (weight === 0 && cause !== 'supplier share')) continue;
    added[cause] = true;
    const after = orderOf(candidates, relevance, weights, { places, added });
    changes.push({ cause, before, after, rankAfter: ranksOf(after) });
    before = after;
  }
  return {
    shown: Array.from(before.subarray(0, places), (candidate) => ({
      candidate,
      moves: movesOf(scores, changes, candidate),
    })),
    costs: changes.map((change) => ({ cause: change.cause, points: costOf(scores, change, places) })),
  };
}

/** What one part did to the order. */
interface Change {
  readonly cause: BalanceCause;
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly rankAfter: Int32Array;
}

function ranksOf(order: Int32Array): Int32Array {
  const ranks = new Int32Array(order.length);
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank] ?? 0] = rank;
  return ranks;
}

function movesOf(scores: ArrayLike<number>, changes: readonly Change[], candidate: number): BalanceMove[] {
  const moves: BalanceMove[] = [];
  let from = candidate;
  for (const { cause, before, rankAfter } of changes) {
    const to = rankAfter[candidate] ?? 0;
    const cost = (scores[before[to] ?? 0] ?? 0) - (scores[candidate] ?? 0);
    if (from !== to) moves.push({ cause, cost, from: from + 1, to: to + 1 });
    from = to;
  }
  return moves;
}

function costOf(scores: ArrayLike<number>, { before, after }: Change, places: number): number {
  let lost = 0;
  for (let rank = 0; rank < places; rank++) lost += (scores[before[rank] ?? 0] ?? 0) - (scores[after[rank] ?? 0] ?? 0);
  return lost;
}

/** Scores above the last one, in 65,536ths of the mean of the first places. */
function relevanceOf(scores: ArrayLike<number>, places: number): Float64Array {
  const last = scores[scores.length - 1] ?? 0;
  // Below 2³⁰ each, so that products stay whole.
  const divisor = Math.max(1, Math.ceil(((scores[0] ?? 0) - last) / 2 ** 30));
  const above = Float64Array.from(scores, (score) => Math.floor((score - last) / divisor));
  const mean = Math.max(1, Math.floor(above.subarray(0, places).reduce((sum, value) => sum + value, 0) / places));
  return above.map((value) => Math.floor((value * unit) / mean));
}

/** All candidates in their order when the parts in `added` count: the places that are shown, then the others as they were. */
function orderOf(
  candidates: Candidates,
  relevance: Float64Array,
  weights: BalanceWeights,
  ask: { places: number; added: Readonly<Record<BalanceCause, boolean>> },
): Int32Array {
  const { groups, suppliers, exposures } = candidates;
  const { places, added } = ask;
  const count = relevance.length;
  const exposureShare = added.exposure ? weights.exposure : 0;
  const varietyWeight = added.variety ? weights.variety : 0;
  const most = supplierPlaces(candidates, added['supplier share'] ? weights.supplierShareMax : null, places);
  const mix = added.calibration || added.novelty ? mixOf(candidates, added.novelty ? weights.novelty : 0) : emptyMix;
  const placed = new Int32Array(mix.length);
  const supplied = new Map<number, number>();
  const gains = new Float64Array(mix.length);
  const taken = new Uint8Array(count);
  const order = new Int32Array(count);
  for (let place = 0; place < places; place++) {
    let gainMost = 0;
    for (let group = 0; group < mix.length; group++) {
      const gain = weights.calibration * gainOf(mix[group] ?? 0, placed[group] ?? 0, place);
      gains[group] = gain;
      if (gain > gainMost) gainMost = gain;
    }
    const [last, lastButOne] = [place > 0 ? order[place - 1] : undefined, place > 1 ? order[place - 2] : undefined];
    const isKept = Math.floor(((place + 1) * exposureShare) / one) > Math.floor((place * exposureShare) / one);
    let best = -1;
    let bestSum = -Infinity;
    let least = -1;
    let leastLevel = exposureLevelMean;
    let fallback = -1;
    for (let at = 0; at < count; at++) {
      if (taken[at] === 1) continue;
      // Nobody from here on can have more than their relevance and the largest gain.
      if (!isKept && (relevance[at] ?? 0) * one + gainMost <= bestSum) break;
      const supplier = suppliers[at] ?? -1;
      if (most !== undefined && supplier >= 0 && (supplied.get(supplier) ?? 0) >= most(supplier)) {
        if (fallback < 0) fallback = at;
        continue;
      }
      const level = exposures[at] ?? 0;
      if (level < leastLevel && (relevance[at] ?? 0) * leastRelevance >= unit) {
        leastLevel = level;
        least = at;
      }
      const group = groups[at] ?? -1;
      let sum = (relevance[at] ?? 0) * one + (gains[group] ?? 0);
      if (varietyWeight > 0)
        sum -= varietyWeight * (unit / 4) * (likeness(candidates, at, last) + likeness(candidates, at, lastButOne));
      if (sum > bestSum) {
        bestSum = sum;
        best = at;
      }
    }
    const chosen = isKept && least >= 0 ? least : best >= 0 ? best : fallback;
    taken[chosen] = 1;
    order[place] = chosen;
    const [group, supplier] = [groups[chosen] ?? -1, suppliers[chosen] ?? -1];
    if (group >= 0 && group < placed.length) placed[group] = (placed[group] ?? 0) + 1;
    if (supplier >= 0) supplied.set(supplier, (supplied.get(supplier) ?? 0) + 1);
  }
  let place = places;
  for (let at = 0; at < count; at++) if (taken[at] === 0) order[place++] = at;
  return order;
}

/** 0 to 2: whether two candidates share their group, and their supplier. */
function likeness({ groups, suppliers }: Candidates, at: number, other: number | undefined): number {
  if (other === undefined) return 0;
  const [group, supplier] = [groups[at] ?? -1, suppliers[at] ?? -1];
  return (group >= 0 && group === groups[other] ? 1 : 0) + (supplier >= 0 && supplier === suppliers[other] ? 1 : 0);
}

/** How many places a supplier may have, or undefined where there is no limit. */
function supplierPlaces(
  { heldBack }: Candidates,
  shareMax: number | null,
  places: number,
): ((supplier: number) => number) | undefined {
  if (shareMax === null) return undefined;
  const [most, fewer] = [Math.ceil((shareMax * places) / one), Math.floor((shareMax * places) / one)];
  const held = new Set(heldBack);
  return (supplier) => (held.has(supplier) ? fewer : most);
}

const emptyMix = new Float64Array(0);

/** The mix to come near to, in 65,536ths by group: that of the history, and a share that all groups, of the history or new to it, have evenly. */
function mixOf({ groups, history }: Candidates, novelty: number): Float64Array {
  let highest = -1;
  for (let at = 0; at < groups.length; at++) highest = Math.max(highest, groups[at] ?? -1);
  for (let at = 0; at < history.length; at++) highest = Math.max(highest, history[at] ?? -1);
  const counts = new Float64Array(highest + 1);
  let total = 0;
  for (let at = 0; at < history.length; at++) {
    const group = history[at] ?? -1;
    if (group < 0) continue;
    counts[group] = (counts[group] ?? 0) + 1;
    total++;
  }
  if (total === 0) return emptyMix;
  const even = Math.floor((novelty * (unit / one)) / counts.length);
  return counts.map((known) => Math.floor((known * (one - novelty) * (unit / one)) / total) + even);
}

/** What one more item of a group brings a list of `place` items nearer to a mix in which the group has `share`, in 65,536ths of a bit. */
function gainOf(share: number, placed: number, place: number): number {
  if (share === 0) return 0;
  // 64·(place + 1)·q̃ before and after, in 65,536ths: below 2³¹ up to 500 places.
  const before = 63 * placed * unit + (place + 1) * share;
  return Math.floor((share * (binaryLog(before + 63 * unit) - binaryLog(before))) / unit);
}

/** ⌊65,536·log₂(x)⌋ for a whole x from 1 to 2³², at most 3 too low; it never falls where x rises. */
export function binaryLog(x: number): number {
  const exponent = 31 - Math.clz32(x);
  const mantissa = x * 2 ** (31 - exponent) - 2 ** 31;
  const entry = Math.floor(mantissa / 2 ** 19);
  const low = logTable[entry] ?? 0;
  const part = mantissa - entry * 2 ** 19;
  return exponent * unit + low + Math.floor((part * ((logTable[entry + 1] ?? 0) - low)) / 2 ** 19);
}

/** ⌊65,536·log₂(1 + entry/4096)⌋, bit by bit: squaring a number between 1 and 2 doubles its logarithm, and whatever passes 2 is the next bit. */
const logTable = Float64Array.from({ length: 4097 }, (_, entry) => {
  if (entry === 4096) return unit;
  let power = 2 ** 25 + entry * 2 ** 13;
  let log = 0;
  for (let bit = 0; bit < 16; bit++) {
    // Below 2⁵², so it is whole.
    power = Math.floor((power * power) / 2 ** 25);
    log *= 2;
    if (power >= 2 ** 26) {
      power = Math.floor(power / 2);
      log++;
    }
  }
  return log;
});
