/**
 * Chance that a seed decides, for the simulation alone: the same seed and name give the same draws on every machine. Never for anything secret.
 */
import { createHash } from 'node:crypto';

/** Draws from one named stream. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  unit(): number;
  /** Whether something of this probability happens. */
  happens(probability: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  /** About normal: mean 0, variance 1, within ±6. */
  normal(): number;
  /** A position of `weights`, as likely as its weight. */
  weighted(weights: ArrayLike<number>): number;
}

/** A stream of its own for each seed and name, so that one more person changes nobody else. */
export function chanceOf(seed: number, name: string): Chance {
  const state = new Uint32Array(4);
  const start = createHash('sha256').update(`${seed}/${name}`).digest();
  for (let at = 0; at < 4; at++) state[at] = start.readUInt32LE(at * 4);

  /** Xorshift with 128 bits of state (Marsaglia 2003); its low bits are weak, so the result is scrambled by a multiplication. */
  function unit(): number {
    let mixed = state[3] ?? 0;
    mixed ^= mixed << 11;
    mixed ^= mixed >>> 8;
    const first = state[0] ?? 0;
    mixed ^= first ^ (first >>> 19);
    state.copyWithin(1, 0, 3);
    state[0] = mixed;
    return (Math.imul(mixed, 0x9e3779b1) >>> 0) / 2 ** 32;
  }

  return {
    unit,
    happens: (probability) => unit() < probability,
    whole: (least, most) => least + Math.floor(unit() * (most - least + 1)),
    normal() {
      let sum = -6;
      for (let draw = 0; draw < 12; draw++) sum += unit();
      return sum;
    },
    weighted(weights) {
      let total = 0;
      for (let at = 0; at < weights.length; at++) total += weights[at] ?? 0;
      let left = unit() * total;
      for (let at = 0; at < weights.length; at++) {
        left -= weights[at] ?? 0;
        if (left < 0) return at;
      }
      return weights.length - 1;
    },
  };
}
