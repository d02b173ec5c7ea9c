/**
 * The privacy budget of one period: how much loss is allowed in all, which part is kept for whom, and what is spent. A filter in whole
 * millionths of ρ decides every spend, so that no rounding and no order of asking can overdraw it. `charged` is called by the privacy
 * ledger alone (a repository test sees to it); releases take the payment that comes out of it.
 */
import { Rational } from './rational.ts';

declare const minted: unique symbol;

/** Part of a budget, in millionths of ρ (zero-concentrated differential privacy). */
export interface Share {
  readonly reservedMicroRho: bigint;
  readonly spentMicroRho: bigint;
}

/** What may be spent in a period, by the name of a share; what nobody has reserved is `general`. */
export type Budget = Readonly<Record<string, Share>>;

export interface Charge {
  /** Names the release that is paid for, for example its UUID in the ledger. */
  release: string;
  /** The period that the budget is for, for example `2026-Q4`. */
  period: string;
  share: string;
  microRho: bigint;
  /** The δ at which the release states its ε. */
  delta: Rational;
}

/**
 * Proof that a release has been paid for, good for one release. Only `charged` and `partsOf` make one; a forged one is refused.
 */
export interface Payment extends Readonly<Charge> {
  readonly [minted]: true;
  /** Of the share, with this payment. */
  readonly spentMicroRho: bigint;
  readonly remainingMicroRho: bigint;
}

const unused = new WeakSet<Payment>();

/**
 * A budget of which nothing is spent. Throws RangeError on a negative part, or on parts that are more than the whole.
 */
export function budgetOf(whole: { microRho: bigint; shares?: Readonly<Record<string, bigint>> }): Budget {
  const { microRho, shares = {} } = whole;
  let general = microRho;
  for (const reserved of Object.values(shares)) {
    if (reserved < 0n) throw new RangeError('a share of a privacy budget is not negative');
    general -= reserved;
  }
  if (general < 0n) throw new RangeError('the shares are more than the whole privacy budget');
  if ('general' in shares) throw new RangeError('`general` is what the other shares leave; it cannot be reserved');
  return Object.fromEntries(
    Object.entries({ ...shares, general }).map(([name, reservedMicroRho]) => [
      name,
      { reservedMicroRho, spentMicroRho: 0n },
    ]),
  );
}

/** What a share can still pay; zero for a share that nobody named. */
export function microRhoLeft(budget: Budget, share: string): bigint {
  const part = Object.hasOwn(budget, share) ? budget[share] : undefined;
  return part === undefined ? 0n : part.reservedMicroRho - part.spentMicroRho;
}

/**
 * Takes a charge from its share, or returns undefined and leaves the budget as it is when the share cannot pay it.
 *
 * Guarantee: whatever is asked for, in whatever order and however it depends on earlier answers, the sum of what was granted is at most
 * what was reserved, so everything together satisfies ρ-zCDP for the whole (`budget.test.ts`).
 * Formula: grant while Σ ρᵢ ≤ ρ; a release that satisfies ρᵢ-zCDP given all earlier answers has D_α ≤ α ρᵢ at every order.
 * Source: Feldman and Zrnic 2021, "Individual privacy accounting via a Rényi filter", theorem 3.1; Whitehouse, Ramdas, Rogers and Wu 2023,
 * "Fully adaptive composition in differential privacy".
 * Limits: throws RangeError on a charge that is not above zero, or on a δ outside (0, 1). Each period has a budget of its own: over several
 * periods a person's loss is the sum of theirs.
 */
export function charged(budget: Budget, charge: Charge): { budget: Budget; payment: Payment } | undefined {
  if (charge.microRho <= 0n) throw new RangeError('a release costs at least a millionth of ρ');
  if (charge.delta.numerator <= 0n || charge.delta.compare(Rational.of(1n)) >= 0) {
    throw new RangeError('δ is between 0 and 1');
  }
  const left = microRhoLeft(budget, charge.share);
  const part = budget[charge.share];
  if (part === undefined || charge.microRho > left) return undefined;
  const spentMicroRho = part.spentMicroRho + charge.microRho;
  return {
    budget: { ...budget, [charge.share]: { ...part, spentMicroRho } },
    payment: mint({ ...charge, spentMicroRho, remainingMicroRho: left - charge.microRho }),
  };
}

/** Marks a payment as used. Throws RangeError when it was used before, or was not made here: one payment, one release. */
export function usePayment(payment: Payment): void {
  if (!unused.delete(payment)) throw new RangeError('a payment is good for one release, and only the ledger makes one');
}

/**
 * Cuts a payment into parts by weight, for a release in several steps; rounding goes to the last part. The payment itself is used up.
 * Throws RangeError when a part would be zero.
 */
export function partsOf<Step extends string>(
  payment: Payment,
  weights: Readonly<Record<Step, bigint>>,
): Record<Step, Payment> {
  usePayment(payment);
  // Object.keys of a record returns its own keys; TypeScript types them as plain strings.
  const steps = Object.keys(weights) as Step[];
  const whole = steps.reduce((sum, step) => sum + weights[step], 0n);
  let left = payment.microRho;
  const parts = steps.map((step, at): [Step, Payment] => {
    const microRho = at === steps.length - 1 ? left : (payment.microRho * weights[step]) / whole;
    if (weights[step] <= 0n || microRho <= 0n) throw new RangeError('a payment is too small for so many steps');
    left -= microRho;
    return [step, mint({ ...payment, microRho })];
  });
  // The entries are one for each Step, just made.
  return Object.fromEntries(parts) as Record<Step, Payment>;
}

/** ρ as whole millionths, never less than it is. */
export function microRhoUp(rho: Rational): bigint {
  return rho.times(Rational.of(1_000_000n)).ceiling();
}

function mint(fields: Omit<Payment, typeof minted>): Payment {
  const payment = Object.freeze({ ...fields }) as Payment; // the mint: the brand exists for the compiler only
  unused.add(payment);
  return payment;
}
