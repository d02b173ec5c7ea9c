/**
 * Which of several approved variants to show: the more often a variant has worked, the more often it is drawn, and one that is hardly known
 * still gets its chance. A sum of trials and successes per coarse context, so it forgets like every model here. Called by `deciding`.
 */
import { CellSums, type CellAmounts } from './cell-sums.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { LearningError } from './learning-error.ts';

export interface BanditRecipe {
  kind: 'bandit';
  /** The variants to choose from. */
  variants: readonly string[];
  /** What one person counts at most for a variant in a context, so that nobody decides alone. */
  trialsMax: number;
  /** Variants that fewer people have seen in a context count as never shown there. */
  minPeople: number;
}

/** How often a variant was shown to one person in one context, and how often it worked. */
export interface VariantTrials {
  variant: string;
  /** Coarse, such as a placement and a part of the day; never about the person. */
  context: string;
  trials: number;
  successes: number;
}

/** For a context, how often each variant is drawn, in 65,536ths; they add up to 65,536. */
export type VariantShares = readonly { variant: string; share: number }[];

/** What all shares of a context add up to. */
export const shareOne = 65_536;

/** The sums of a bandit: people, trials and successes for each variant and context. */
export function emptyBandit(): CellSums {
  return new CellSums(3);
}

/**
 * One person's contribution.
 *
 * Formula: for each variant and context 1 person, min(trials, m) trials and as many of their successes, in proportion, rounded down.
 * Limits: `learning.malformed` for counts that are not whole, or more successes than trials.
 */
export function banditContribution(trials: readonly VariantTrials[], { trialsMax }: BanditRecipe): CellAmounts[] {
  return trials.map(({ variant, context, trials: shown, successes }) => {
    const holds =
      Number.isSafeInteger(shown) && Number.isSafeInteger(successes) && 0 <= successes && successes <= shown;
    if (!holds) {
      throw new LearningError('learning.malformed', 'Successes are whole and no more than trials', 'Count them again.');
    }
    const counted = Math.min(shown, trialsMax);
    return {
      cell: [context, variant],
      amounts: [1, counted, shown === 0 ? 0 : Math.floor((successes * counted) / shown)],
    };
  });
}

/**
 * How often each variant is to be drawn in a context.
 *
 * Guarantee: deterministic, whole, adding up to 65,536 (bandit.test.ts).
 * Formula: Thompson sampling as probability matching: the chance that the variant is the best, each rate having the posterior
 * Beta(1 + successes, 1 + failures); by the midpoint rule over 2,048 steps that span all posteriors to eight deviations. Powers are products,
 * so no function is used that differs among machines.
 * Source: Thompson 1933; Chapelle & Li 2011.
 * Cost: 2,048 steps for each variant.
 * Limits: variants that fewer than minPeople have seen count as unknown.
 */
export function variantShares(sums: CellSums, recipe: BanditRecipe, context: string): VariantShares {
  const { variants, minPeople } = recipe;
  if (variants.length === 0) return [];
  const posteriors = variants.map((variant) => {
    const [people = 0, trials = 0, successes = 0] = sums.totals([context, variant]);
    return people < minPeople ? { successes: 0, failures: 0 } : { successes, failures: trials - successes };
  });
  if (posteriors.some(({ successes, failures }) => successes < 0 || failures < 0)) {
    throw new LearningError(
      'learning.impossible',
      'A variant worked more often than it was shown',
      'Rebuild the sums.',
    );
  }
  const chances = chancesOfBeingBest(posteriors);
  return wholeShares(chances).map((share, at) => ({ variant: variants[at] ?? '', share }));
}

/** The variant that a draw from 0 to 65,535 falls on; with the draw on record, the choice can be replayed. */
export function drawnVariant(shares: VariantShares, draw: number): string | undefined {
  let end = 0;
  for (const { variant, share } of shares) {
    end += share;
    if (draw < end) return variant;
  }
  return undefined;
}

/** Canonical bytes of the shares of all contexts, for versions and digests. */
export function encodeBandit(sums: CellSums, recipe: BanditRecipe): Uint8Array {
  const writer = new ByteWriter();
  writer.mark('FLban1');
  for (const context of new Set(sums.cells().map(([context = '']) => context))) {
    const bytes = Buffer.from(context);
    writer.unsigned(bytes.length);
    writer.mark(bytes.toString('latin1'));
    for (const { share } of variantShares(sums, recipe, context)) writer.unsigned(share);
  }
  return writer.finish();
}

interface Posterior {
  successes: number;
  failures: number;
}

const steps = 2048;

function chancesOfBeingBest(posteriors: readonly Posterior[]): number[] {
  const ranges = posteriors.map(rangeOf);
  const low = Math.min(...ranges.map(([from]) => from));
  const high = Math.max(...ranges.map(([, to]) => to));
  const densities = posteriors.map((posterior) => densityOver(posterior, low, (high - low) / steps));
  // Below the middle of each step: the mass of all earlier ones and half its own.
  const below = densities.map((density) => {
    let mass = 0;
    return density.map((part) => (mass += part) - part / 2);
  });
  return densities.map((density, own) =>
    density.reduce((chance, part, step) => {
      const others = below.reduce((product, mass, at) => (at === own ? product : product * (mass[step] ?? 0)), 1);
      return chance + part * others;
    }, 0),
  );
}

/** Mean and eight deviations of a Beta posterior either way, within 0 and 1. */
function rangeOf({ successes, failures }: Posterior): [number, number] {
  const [a, b] = [successes + 1, failures + 1];
  const mean = a / (a + b);
  const deviation = Math.sqrt((a * b) / ((a + b) * (a + b) * (a + b + 1)));
  return [Math.max(0, mean - 8 * deviation), Math.min(1, mean + 8 * deviation)];
}

/** The posterior's mass in each step, adding up to 1. */
function densityOver({ successes, failures }: Posterior, low: number, width: number): Float64Array {
  const trials = successes + failures;
  const mode = trials === 0 ? 0.5 : successes / trials;
  const density = Float64Array.from({ length: steps }, (_, step) => {
    const rate = low + (step + 0.5) * width;
    const gain = mode === 0 ? 1 : rate / mode;
    const loss = mode === 1 ? 1 : (1 - rate) / (1 - mode);
    return powers(gain, successes, loss, failures);
  });
  const total = density.reduce((sum, part) => sum + part, 0);
  return density.map((part) => part / total);
}

/** gain^m · loss^n by squaring both together: the product stays near or below 1 where each alone would leave the doubles. */
function powers(gain: number, m: number, loss: number, n: number): number {
  if (m === 0 && n === 0) return 1;
  const half = powers(gain, Math.floor(m / 2), loss, Math.floor(n / 2));
  return half * half * (m % 2 === 1 ? gain : 1) * (n % 2 === 1 ? loss : 1);
}

/** Rounds chances down to whole shares and gives what is left to those that lost most, lower places first. */
function wholeShares(chances: readonly number[]): number[] {
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  const exact = chances.map((chance) => (chance / total) * shareOne);
  const shares = exact.map(Math.floor);
  const missing = shareOne - shares.reduce((sum, share) => sum + share, 0);
  const byLoss = exact
    .map((value, at) => ({ at, lost: value - (shares[at] ?? 0) }))
    .sort((a, b) => b.lost - a.lost || a.at - b.at);
  for (const { at } of byLoss.slice(0, missing)) shares[at] = (shares[at] ?? 0) + 1;
  return shares;
}
