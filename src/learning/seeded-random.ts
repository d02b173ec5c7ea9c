/**
 * Random numbers that a seed repeats, for splits, simulations and tests: never for keys, tokens or privacy noise. The same seed gives the
 * same numbers on every machine. Called by `evaluate`, the synthetic shop and the benches.
 */

/** The next number of a sequence, evenly spread over [0, 1). */
export type RandomSource = () => number;

/**
 * A sequence from a seed.
 *
 * Guarantee: equal seeds give equal sequences (seeded-random.test.ts).
 * Source: xoshiro128**, Blackman & Vigna 2018, seeded by splitmix32; 53 bits of each two outputs.
 * Limits: a seed is a whole number from 0 to 2³² − 1; predictable by design.
 */
export function seededRandom(seed: number): RandomSource {
  let mixed = seed | 0;
  const next32 = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let value = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return value ^ (value >>> 15);
  };
  let [a, b, c, d] = [next32(), next32(), next32(), next32()];
  const step = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  return () => {
    const high = step() >>> 5;
    return (high * 2 ** 26 + (step() >>> 6)) / 2 ** 53;
  };
}

/** The numbers 0 … length − 1 in random order (Fisher and Yates). */
export function shuffledIndices(length: number, random: RandomSource): Int32Array {
  const order = Int32Array.from({ length }, (_, at) => at);
  for (let at = length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const there = order[other] ?? 0;
    order[other] = order[at] ?? 0;
    order[at] = there;
  }
  return order;
}
