/**
 * What showing something personal changes: everybody falls by a keyed hash into the shown or the held-out arm and stays there; the lift is
 * the difference of how often the goal is reached, with its interval. A sum per arm, so it forgets; who withdraws is counted, not named.
 */
import { createHmac } from 'node:crypto';
import { CellSums, type CellAmounts } from './cell-sums.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { LearningError } from './learning-error.ts';

export type Arm = 'shown' | 'held out';

export interface UpliftRecipe {
  kind: 'uplift';
  /** Names the experiment: another name draws the arms anew. */
  experiment: string;
  /** Of 10,000 people, how many are held out. */
  heldOutPerTenThousand: number;
  /** With fewer people in an arm there is no lift to tell. */
  minPeople: number;
}

/** Shares in millionths of one. */
export interface Lift {
  people: Record<Arm, number>;
  /** The share of people in each arm that reached the goal. */
  rate: Record<Arm, number>;
  /** Rate when shown less rate when held out. */
  lift: number;
  /** 95 % interval of the lift. */
  from: number;
  to: number;
  /** The share of each arm that withdrew, of those who are or were in it. */
  withdrawals: Record<Arm, number>;
}

const millionth = 1_000_000;

/** The sums of an experiment: people, goals reached and withdrawals for each arm. */
export function emptyUplift(): CellSums {
  return new CellSums(3);
}

/**
 * The arm that a person falls into, the same for ever.
 *
 * Guarantee: independent of everything but key, experiment and person; as many held out as asked, within chance (uplift.test.ts).
 * Formula: the first 48 bits of HMAC-SHA-256(key, experiment ‖ 0 ‖ person) modulo 10,000, below the held-out share.
 * Limits: whoever holds the key can tell somebody's arm.
 */
export function armOf(key: Uint8Array, recipe: UpliftRecipe, personId: string): Arm {
  const hash = createHmac('sha256', key).update(`${recipe.experiment}\u0000${personId.toLowerCase()}`).digest();
  return hash.readUIntBE(0, 6) % 10_000 < recipe.heldOutPerTenThousand ? 'held out' : 'shown';
}

/** One person's contribution: being in an arm, and whether they reached the goal. */
export function upliftContribution(recipe: UpliftRecipe, arm: Arm, hasReachedGoal: boolean): CellAmounts[] {
  return [{ cell: [recipe.experiment, arm], amounts: [1, hasReachedGoal ? 1 : 0, 0] }];
}

/** What stays of somebody who withdraws, beside the subtraction of their contribution: one more withdrawal in their arm, without identity. */
export function withdrawalOutcome(recipe: UpliftRecipe, arm: Arm): CellAmounts[] {
  return [{ cell: [recipe.experiment, arm], amounts: [0, 0, 1] }];
}

/**
 * The lift, or null while an arm has fewer than minPeople.
 *
 * Guarantee: deterministic, whole; the interval covers the truth in about 95 % of experiments (uplift.test.ts).
 * Formula: difference of proportions with Newcombe's interval from Wilson's score intervals at z = 1.959964.
 * Source: Newcombe, "Interval estimation for the difference between independent proportions" (1998), method 10.
 * Limits: one look; looking again and again until it pleases makes the interval too narrow.
 */
export function solveUplift(sums: CellSums, recipe: UpliftRecipe): Lift | null {
  const [shown, heldOut] = (['shown', 'held out'] as const).map((arm) => {
    const [people = 0, goals = 0, withdrawals = 0] = sums.totals([recipe.experiment, arm]);
    if (goals < 0 || goals > people || withdrawals < 0) {
      throw new LearningError(
        'learning.impossible',
        'More people reached the goal than there are',
        'Rebuild the sums.',
      );
    }
    return { people, goals, withdrawals };
  });
  if (shown === undefined || heldOut === undefined) return null;
  if (shown.people < recipe.minPeople || heldOut.people < recipe.minPeople) return null;
  const [one, other] = [wilson(shown.goals, shown.people), wilson(heldOut.goals, heldOut.people)];
  const difference = one.rate - other.rate;
  const [a, b] = [one.rate - one.from, other.to - other.rate];
  const [c, d] = [one.to - one.rate, other.rate - other.from];
  const rate = { shown: whole(one.rate), 'held out': whole(other.rate) };
  return {
    people: { shown: shown.people, 'held out': heldOut.people },
    rate,
    // The difference of the rounded rates, so that the two are its terms exactly.
    lift: rate.shown - rate['held out'],
    from: whole(difference - Math.sqrt(a * a + b * b)),
    to: whole(difference + Math.sqrt(c * c + d * d)),
    withdrawals: { shown: withdrawalShare(shown), 'held out': withdrawalShare(heldOut) },
  };
}

/** Canonical bytes, for versions and digests. */
export function encodeLift(lift: Lift | null): Uint8Array {
  const writer = new ByteWriter();
  writer.mark('FLlif1');
  if (lift === null) return writer.finish();
  const { people, rate, from, to, withdrawals } = lift;
  for (const figure of [people, rate, withdrawals]) {
    writer.signed(figure.shown);
    writer.signed(figure['held out']);
  }
  for (const figure of [lift.lift, from, to]) writer.signed(figure);
  return writer.finish();
}

function wilson(goals: number, people: number): { rate: number; from: number; to: number } {
  const z = 1.959964;
  const rate = goals / people;
  const middle = rate + (z * z) / (2 * people);
  const reach = z * Math.sqrt((rate * (1 - rate)) / people + (z * z) / (4 * people * people));
  const scale = 1 + (z * z) / people;
  return { rate, from: (middle - reach) / scale, to: (middle + reach) / scale };
}

function withdrawalShare({ people, withdrawals }: { people: number; withdrawals: number }): number {
  return whole(withdrawals / (people + withdrawals));
}

function whole(share: number): number {
  return Math.floor(share * millionth + 0.5);
}
