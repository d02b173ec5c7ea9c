/**
 * Tells from samples alone whether a mechanism keeps to (ε, δ) on two neighbouring inputs: what a statistician sees who does not read the
 * code. After the published figures of Google's statistical tests: ε = ln 3, nine votes, a million samples a side and 0.0025 of tolerance;
 * 100,000 samples a side see √10 times less sharply and get that much more.
 */

export const votes = 9;

/** Whether more than half of nine votes are yes; stops as soon as that is decided. */
export function isMajority(vote: (number: number) => boolean): boolean {
  let [yes, no] = [0, 0];
  for (let number = 0; yes * 2 < votes && no * 2 < votes; number++) {
    if (vote(number)) yes++;
    else no++;
  }
  return yes > no;
}

/** What was drawn a side: whole numbers, which doubles hold exactly. */
export type Samples = Float64Array;

/** Chances by value, from `first` on. */
export interface Distribution {
  first: number;
  chances: Float64Array;
}

/** One vote. */
export function keepsTo(
  claim: { epsilon: number; delta: number },
  samples: { left: Samples; right: Samples },
): boolean {
  const tolerance = 0.0025 * Math.sqrt(1_000_000 / Math.min(samples.left.length, samples.right.length));
  const estimate = deltaBetween(frequencies(samples.left), frequencies(samples.right), claim.epsilon);
  return estimate <= claim.delta + tolerance;
}

/** The smallest δ at ε of two distributions on the whole numbers: Σ max(0, p(x) − e^ε q(x)), the worse of both directions. */
export function deltaBetween(p: Distribution, q: Distribution, epsilon: number): number {
  return Math.max(hockeyStick(p, q, epsilon), hockeyStick(q, p, epsilon));
}

function hockeyStick(p: Distribution, q: Distribution, epsilon: number): number {
  let delta = 0;
  for (const [at, chance] of p.chances.entries()) {
    delta += Math.max(0, chance - Math.exp(epsilon) * (q.chances[at + p.first - q.first] ?? 0));
  }
  return delta;
}

function frequencies(samples: Samples): Distribution {
  let [first, last] = [Infinity, -Infinity];
  for (const value of samples) {
    if (value < first) first = value;
    if (value > last) last = value;
  }
  const chances = new Float64Array(last - first + 1);
  for (const value of samples) chances[value - first] = (chances[value - first] ?? 0) + 1 / samples.length;
  return { first, chances };
}
