/**
 * For tests only: the laws that every model of this room keeps, as one suite that each model's own test runs. A model is its sums, what
 * one person adds to them, and the parameters that are solved from them; the laws are those of DESIGN, "The one idea".
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** A model as the laws see it. */
export interface ModelUnderTest<Sums, Contribution> {
  /** What one person may contribute; small, so that people overlap. */
  contribution: fc.Arbitrary<Contribution>;
  empty(): Sums;
  add(sums: Sums, contribution: Contribution): void;
  subtract(sums: Sums, contribution: Contribution): void;
  /** Adds the second to the first. */
  merge(sums: Sums, other: Sums): void;
  encode(sums: Sums): Uint8Array;
  decode(bytes: Uint8Array): Sums;
  /** The parameters' canonical bytes; for no people too. */
  solve(sums: Sums): Uint8Array;
  /** What the model says to somebody with this contribution: every score and its terms. */
  explain(sums: Sums, contribution: Contribution): { score: number; terms: readonly number[] }[];
}

/** Declares the tests of the laws for one model; `make` is called once. */
export function describeModel<Sums, Contribution>(name: string, make: () => ModelUnderTest<Sums, Contribution>): void {
  const model = make();
  const people = fc.array(model.contribution, { maxLength: 24 });

  function sumOf(contributions: readonly Contribution[]): Sums {
    const sums = model.empty();
    for (const contribution of contributions) model.add(sums, contribution);
    return sums;
  }
  const bytesOf = (sums: Sums): string => Buffer.from(model.encode(sums)).toString('hex');
  const answerOf = (sums: Sums): string => Buffer.from(model.solve(sums)).toString('hex');

  // A hundred cases each: seconds at most, and never a failure because the machine is busy.
  describe(`laws of ${name}`, { timeout: 60_000 }, () => {
    test('the sum of nobody solves to the same bytes twice', () => {
      expect(answerOf(model.empty())).toBe(answerOf(model.empty()));
    });

    test('forgetting a person leaves the sums as if they had never come', () => {
      fc.assert(
        fc.property(people, model.contribution, (others, person) => {
          const sums = sumOf([...others, person]);
          model.subtract(sums, person);
          expect(bytesOf(sums)).toBe(bytesOf(sumOf(others)));
        }),
      );
    });

    test('forgetting a person leaves the parameters of a training without them', () => {
      fc.assert(
        fc.property(people, model.contribution, (others, person) => {
          const sums = sumOf([person, ...others]);
          model.subtract(sums, person);
          expect(answerOf(sums)).toBe(answerOf(sumOf(others)));
        }),
      );
    });

    test('forgetting a batch leaves the parameters of a training on the rest', () => {
      fc.assert(
        fc.property(people, people, (staying, leaving) => {
          const sums = sumOf([...leaving, ...staying]);
          for (const person of leaving.toReversed()) model.subtract(sums, person);
          expect(answerOf(sums)).toBe(answerOf(sumOf(staying)));
        }),
      );
    });

    test('the order of people does not matter', () => {
      const shuffled = people.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      );
      fc.assert(
        fc.property(shuffled, ([all, reordered]) => {
          expect(bytesOf(sumOf(reordered))).toBe(bytesOf(sumOf(all)));
          expect(answerOf(sumOf(reordered))).toBe(answerOf(sumOf(all)));
        }),
      );
    });

    test('adding and forgetting may come in any order', () => {
      fc.assert(
        fc.property(people, model.contribution, (others, person) => {
          const sums = model.empty();
          model.subtract(sums, person);
          for (const other of others) model.add(sums, other);
          model.add(sums, person);
          expect(bytesOf(sums)).toBe(bytesOf(sumOf(others)));
        }),
      );
    });

    test('merging is adding all people, in any grouping', () => {
      fc.assert(
        fc.property(people, people, people, (first, second, third) => {
          const left = sumOf(first);
          model.merge(left, sumOf(second));
          model.merge(left, sumOf(third));
          const right = sumOf(second);
          model.merge(right, sumOf(third));
          const whole = sumOf(first);
          model.merge(whole, right);
          expect(bytesOf(left)).toBe(bytesOf(whole));
          expect(bytesOf(left)).toBe(bytesOf(sumOf([...first, ...second, ...third])));
        }),
      );
    });

    test('saving and loading changes nothing', () => {
      fc.assert(
        fc.property(people, (all) => {
          const sums = sumOf(all);
          const loaded = model.decode(model.encode(sums));
          expect(bytesOf(loaded)).toBe(bytesOf(sums));
          expect(answerOf(loaded)).toBe(answerOf(sums));
        }),
      );
    });

    test('a snapshot that was cut, lengthened or marked otherwise is refused', () => {
      fc.assert(
        fc.property(people, fc.nat(), (all, at) => {
          const bytes = model.encode(sumOf(all));
          expect(() => model.decode(bytes.subarray(0, at % bytes.length))).toThrow(/This is not/);
          expect(() => model.decode(Uint8Array.of(...bytes, 0))).toThrow(/This is not/);
          expect(() => model.decode(bytes.with(0, 0))).toThrow(/This is not/);
        }),
      );
    });

    test('terms are whole and add up to the score exactly', () => {
      fc.assert(
        fc.property(people, model.contribution, (all, person) => {
          for (const { score, terms } of model.explain(sumOf(all), person)) {
            expect(Number.isSafeInteger(score)).toBe(true);
            expect(terms.reduce((total, points) => total + points, 0)).toBe(score);
          }
        }),
      );
    });
  });
}
