import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type Payment, budgetOf, charged, microRhoLeft, microRhoUp, partsOf, usePayment } from './budget.ts';
import { Rational } from './rational.ts';

const delta = Rational.parse('1e-6');
const charge = { release: 'r', period: 'p', share: 'general', microRho: 1n, delta };

describe('the privacy filter', () => {
  test('never grants more than was reserved, however cleverly the questions follow the answers', () => {
    const question = fc.tuple(
      fc.constantFrom('audits', 'figures', 'general', 'unheard of', '__proto__'),
      fc.bigInt(1n, 60n),
    );
    fc.assert(
      fc.property(fc.array(question, { maxLength: 60 }), fc.boolean(), (questions, isGreedy) => {
        let budget = budgetOf({ microRho: 100n, shares: { audits: 30n, figures: 20n } });
        const granted = new Map<string, bigint>();
        for (const [share, wanted] of questions) {
          // A greedy asker looks at what is left and takes all of it.
          const left = microRhoLeft(budget, share);
          const microRho = isGreedy && left > 0n ? left : wanted;
          const outcome = charged(budget, { ...charge, share, microRho });
          if (outcome === undefined) {
            expect(microRho > left).toBe(true);
            continue;
          }
          granted.set(share, (granted.get(share) ?? 0n) + microRho);
          expect(outcome.payment.spentMicroRho).toBe(granted.get(share));
          expect(outcome.payment.remainingMicroRho).toBe(left - microRho);
          budget = outcome.budget;
        }
        for (const [share, reserved] of [
          ['audits', 30n],
          ['figures', 20n],
          ['general', 50n],
        ] as const) {
          expect((granted.get(share) ?? 0n) <= reserved).toBe(true);
          expect(microRhoLeft(budget, share)).toBe(reserved - (granted.get(share) ?? 0n));
        }
        expect([...granted.keys()].every((share) => ['audits', 'figures', 'general'].includes(share))).toBe(true);
      }),
    );
  });

  test('grants exactly what is there and refuses a millionth more', () => {
    const budget = budgetOf({ microRho: 10n });
    expect(charged(budget, { ...charge, microRho: 11n })).toBeUndefined();
    const spent = charged(budget, { ...charge, microRho: 10n });
    expect(spent && microRhoLeft(spent.budget, 'general')).toBe(0n);
    expect(spent && charged(spent.budget, charge)).toBeUndefined();
  });

  test('a reserved share is out of reach for the others, and the others for it', () => {
    const budget = budgetOf({ microRho: 10n, shares: { audits: 10n } });
    expect(charged(budget, charge)).toBeUndefined();
    expect(charged(budget, { ...charge, share: 'audits', microRho: 10n })).toBeDefined();
  });

  test('refuses budgets and charges without meaning', () => {
    expect(() => budgetOf({ microRho: 1n, shares: { audits: 2n } })).toThrow(RangeError);
    expect(() => budgetOf({ microRho: 1n, shares: { audits: -1n } })).toThrow(RangeError);
    expect(() => budgetOf({ microRho: -1n })).toThrow(RangeError);
    expect(() => budgetOf({ microRho: 5n, shares: { general: 1n } })).toThrow(RangeError);
    const budget = budgetOf({ microRho: 10n });
    for (const microRho of [0n, -5n]) expect(() => charged(budget, { ...charge, microRho })).toThrow(RangeError);
    for (const text of ['0', '1', '-1']) {
      expect(() => charged(budget, { ...charge, delta: Rational.parse(text) })).toThrow(RangeError);
    }
  });
});

describe('a payment', () => {
  const pay = (microRho: bigint): Payment => {
    const outcome = charged(budgetOf({ microRho }), { ...charge, microRho });
    if (outcome === undefined) throw new Error('the budget is all there');
    return outcome.payment;
  };

  test('is good for one release', () => {
    const payment = pay(5n);
    usePayment(payment);
    expect(() => {
      usePayment(payment);
    }).toThrow(RangeError);
  });

  test('cannot be put together elsewhere, neither in types nor at run time', () => {
    const forged = { ...pay(5n) };
    // @ts-expect-error a payment without its brand is no payment
    expectTypeOf<typeof charge & { spentMicroRho: bigint; remainingMicroRho: bigint }>().toExtend<Payment>();
    expect(() => {
      usePayment(forged);
    }).toThrow(RangeError);
    expect(() => Object.assign(pay(5n), { microRho: 10n ** 9n })).toThrow(TypeError);
  });

  test('falls into parts that add up to it, and is used up by that', () => {
    fc.assert(
      fc.property(fc.bigInt(100n, 10n ** 12n), fc.bigInt(1n, 50n), fc.bigInt(1n, 50n), (microRho, a, b) => {
        const payment = pay(microRho);
        const parts = partsOf(payment, { a, b });
        expect(parts.a.microRho + parts.b.microRho).toBe(microRho);
        expect(parts.a.microRho > 0n && parts.b.microRho > 0n).toBe(true);
        expect(() => {
          usePayment(payment);
        }).toThrow(RangeError);
      }),
    );
    expect(() => partsOf(pay(1n), { a: 1n, b: 1n })).toThrow(RangeError);
    expect(() => partsOf(pay(5n), { a: 0n, b: 1n })).toThrow(RangeError);
  });
});

test('ρ becomes millionths that are never less', () => {
  expect(microRhoUp(Rational.parse('0.5'))).toBe(500_000n);
  expect(microRhoUp(Rational.of(1n, 3n))).toBe(333_334n);
  expect(microRhoUp(Rational.parse('1e-9'))).toBe(1n);
});
