/**
 * Measures of echo chambers: how much of the catalogue people are shown, how alike the items of a list are, how far a list is from a person's own mix, and
 * how all of that drifts. Pure; called by audits and benches. They promise the published figures on the published example.
 */

/** By person, in the same order: the items that they chose, and the items that they were shown. */
export interface Shown {
  readonly histories: readonly (readonly number[])[];
  readonly lists: readonly (readonly number[])[];
}

/** A figure for each person, and their mean; people for whom it means nothing have null and are left out of the mean. */
export interface PerPerson {
  readonly people: readonly (number | null)[];
  readonly mean: number;
}

/**
 * The share of the catalogue that anybody was shown.
 *
 * Guarantee: 0.8 on the published example; never falls when lists grow (echo-chamber.test.ts).
 * Formula: |∪ lists| / items.
 * Source: catalogue coverage, Ge, Delgado-Battenfeld & Jannach, "Beyond accuracy" (RecSys 2010).
 */
export function catalogueCoverage(lists: Shown['lists'], itemCount: number): number {
  return itemCount === 0 ? 0 : new Set(lists.flat()).size / itemCount;
}

/**
 * How evenly places are spread over items, in bits.
 *
 * Guarantee: 1.9183 on the published example; at most log₂ of the items shown, and that when all are shown alike (echo-chamber.test.ts).
 * Formula: −Σ p·log₂ p over items, p their share of all places.
 * Source: distributional coverage, the diversity measures of recommenders-team/recommenders.
 */
export function distributionalCoverage(lists: Shown['lists']): number {
  return entropy(countsOf(lists.flat()).values());
}

/**
 * How little known what is shown is, in bits.
 *
 * Guarantee: 2.83333 on the published example (echo-chamber.test.ts).
 * Formula: the mean over all places of −log₂(choices of the item / all choices); items that nobody chose are left out.
 * Source: Castells, Vargas & Wang, "Novelty and diversity metrics for recommender systems" (2011).
 */
export function noveltyBits({ histories, lists }: Shown): number {
  const chosen = countsOf(histories.flat());
  const total = sum(chosen.values());
  return mean(
    lists.flat().flatMap((item) => {
      const count = chosen.get(item);
      return count === undefined ? [] : [-Math.log2(count / total)];
    }),
  );
}

/**
 * How unlike each other the items of a list are, 0 to 1.
 *
 * Guarantee: 0.29289, 1 and 0, mean 0.43096, on the published example (echo-chamber.test.ts).
 * Formula: 1 − the mean over pairs of the cosine |A ∩ B| / √(|A|·|B|) of the people who chose the two.
 * Source: intra-list similarity, Ziegler et al., "Improving recommendation lists through topic diversification" (2005).
 * Cost: for each pair of a list, the people who chose the rarer of the two.
 * Limits: null for a list of fewer than two items.
 */
export function intraListVariety({ histories, lists }: Shown): PerPerson {
  const similarity = cosineOf(histories);
  return perPerson(lists, (list) => {
    const pairs = list.flatMap((item, at) => list.slice(at + 1).map((other) => similarity(item, other)));
    return pairs.length === 0 ? null : 1 - mean(pairs);
  });
}

/**
 * How unexpected and yet wanted what is shown is, 0 to 1.
 *
 * Guarantee: 0.43408 on the published example (echo-chamber.test.ts).
 * Formula: the mean over a list of (1 − the mean cosine to the person's own items) where the item was wanted, else 0.
 * Source: serendipity, the diversity measures of recommenders-team/recommenders.
 * Limits: null without a list or a history.
 */
export function serendipity(
  { histories, lists }: Shown,
  isWanted: (person: number, item: number) => boolean,
): PerPerson {
  const similarity = cosineOf(histories);
  return perPerson(lists, (list, person) => {
    const own = histories[person] ?? [];
    if (list.length === 0 || own.length === 0) return null;
    return mean(
      list.map((item) => (isWanted(person, item) ? 1 - mean(own.map((known) => similarity(item, known))) : 0)),
    );
  });
}

/**
 * How far lists are from people's own mix of groups, in bits, for each person and for everybody's items taken together.
 *
 * Guarantee: 0 exactly when the mixes are the same, never below; finite whatever is missing in a list (echo-chamber.test.ts).
 * Formula: KL(p ‖ q̃) = Σ p·log₂(p / q̃) with q̃ = 0.99·q + 0.01·p, p the shares of groups in the history and q in the list.
 * Source: Steck, "Calibrated Recommendations" (RecSys 2018).
 * Limits: items without a group (null) do not count; null for a person without a group in history or list.
 */
export function calibrationDivergence(
  { histories, lists }: Shown,
  groupOf: (item: number) => string | null,
): PerPerson & { readonly overall: number | null } {
  const found = perPerson(lists, (list, person) =>
    divergence(mixOf(histories[person] ?? [], groupOf), mixOf(list, groupOf)),
  );
  return { ...found, overall: divergence(mixOf(histories.flat(), groupOf), mixOf(lists.flat(), groupOf)) };
}

/** One period of a drift. */
export interface DriftPeriod {
  /** Mean over people of the different groups that they were shown. */
  readonly groupsPerPerson: number;
  /** That, beside the first period: below 1 it has shrunk. */
  readonly groupsLeft: number;
  /** Mean over people of how far what they were shown is from what they were shown in the first period, in bits, 0 to 1. */
  readonly movedBits: number;
}

/**
 * How what people are shown changes from period to period (weeks, rounds).
 *
 * Guarantee: periods that are alike move by 0 bits and keep all groups; lists without a common group are 1 bit apart (echo-chamber.test.ts).
 * Formula: Jensen–Shannon divergence H((p+q)/2) − (H(p)+H(q))/2 of the mixes of groups; the ratio of distinct groups.
 * Source: Lin, "Divergence measures based on the Shannon entropy" (1991).
 * Limits: people by position; somebody without a grouped item in the first or in this period is left out of that period.
 */
export function drift(periods: readonly Shown['lists'][], groupOf: (item: number) => string | null): DriftPeriod[] {
  const mixes = periods.map((lists) => lists.map((list) => mixOf(list, groupOf)));
  const [first = []] = mixes;
  return mixes.map((now) => {
    const present = now.flatMap((mix, person) => {
      const before = first[person];
      return before === undefined || before.size === 0 || mix.size === 0 ? [] : [{ before, mix }];
    });
    const groupsPerPerson = mean(present.map(({ mix }) => mix.size));
    return {
      groupsPerPerson,
      groupsLeft: present.length === 0 ? 1 : groupsPerPerson / mean(present.map(({ before }) => before.size)),
      movedBits: mean(present.map(({ before, mix }) => jensenShannon(before, mix))),
    };
  });
}

function divergence(own: ReadonlyMap<string, number>, shown: ReadonlyMap<string, number>): number | null {
  if (own.size === 0 || shown.size === 0) return null;
  // Rounding may leave a hair below 0.
  return Math.max(0, sum([...own].map(([group, p]) => p * Math.log2(p / (0.99 * (shown.get(group) ?? 0) + 0.01 * p)))));
}

function jensenShannon(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  const both = [...new Set([...one.keys(), ...other.keys()])].map(
    (group) => ((one.get(group) ?? 0) + (other.get(group) ?? 0)) / 2,
  );
  return Math.max(0, entropy(both) - (entropy(one.values()) + entropy(other.values())) / 2);
}

function mixOf(items: readonly number[], groupOf: (item: number) => string | null): Map<string, number> {
  const counts = countsOf(items.flatMap((item) => groupOf(item) ?? []));
  const total = sum(counts.values());
  return new Map([...counts].map(([group, count]) => [group, count / total]));
}

function cosineOf(histories: Shown['histories']): (item: number, other: number) => number {
  const people = new Map<number, Set<number>>();
  for (const [person, history] of histories.entries()) {
    for (const item of history) {
      const whose = people.get(item) ?? new Set();
      people.set(item, whose.add(person));
    }
  }
  return (item, other) => {
    const [own = new Set(), others = new Set()] = [people.get(item), people.get(other)];
    const [fewer, more] = own.size < others.size ? [own, others] : [others, own];
    if (fewer.size === 0) return 0;
    let shared = 0;
    for (const person of fewer) if (more.has(person)) shared += 1;
    return shared / Math.sqrt(own.size * others.size);
  };
}

function perPerson(
  lists: Shown['lists'],
  figureOf: (list: readonly number[], person: number) => number | null,
): PerPerson {
  const people = lists.map(figureOf);
  return { people, mean: mean(people.filter((figure) => figure !== null)) };
}

function countsOf<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** In bits, of counts or shares. */
function entropy(weights: Iterable<number>): number {
  const all = [...weights];
  const total = sum(all);
  return -sum(all.map((weight) => (weight === 0 ? 0 : (weight / total) * Math.log2(weight / total))));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
