/**
 * How likely somebody is to do something, as a scorecard: each feature falls into a bin, each bin has points, the points add up to a
 * probability. It is solved from the same kind of sums as the recommender, with bins in the place of items, so it forgets in the same way.
 */
import { createHash } from 'node:crypto';
import type { CoOccurrence } from './co-occurrence.ts';
import { ByteReader } from './internal/byte-reader.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { plainSystem } from './internal/plain-system.ts';
import { matrixReader, packMatrix, systemRow } from './internal/solve-matrix.ts';
import type { SystemSolver } from './internal/target-solver.ts';
import { LearningError } from './learning-error.ts';

/** A feature and its bins: ranges of a number, or codes of a list. What is absent or not in the list has a bin of its own. */
export type PropensityFeature =
  | {
      name: string;
      kind: 'number';
      /** Ascending; a value falls into the range that begins at the last edge not above it. */ edges: readonly number[];
    }
  | { name: string; kind: 'code'; oneOf: readonly string[] };

export interface PropensityRecipe {
  kind: 'propensity';
  features: readonly PropensityFeature[];
  /** Pairs of feature names whose bins also count together. */
  interactions: readonly (readonly [string, string])[];
  /** The ridge, alike for every bin. */
  lambda: number;
  /** Bins, and pairs of bins, with fewer people count as zero when the model is solved. */
  minPeople: number;
  /** Points are whole multiples of 2^−weightBits of a probability. */
  weightBits: number;
}

/** What is known about somebody, by feature name. */
export type FeatureValues = Readonly<Record<string, number | string | null | undefined>>;

export interface PropensityParameters {
  weightBits: number;
  /** The points that everyone starts from. */
  base: number;
  /** The bins that have points, ascending. */
  bins: Int32Array;
  points: Int32Array;
}

/** The bins of a feature or an interaction, as a run of bin numbers. */
interface BinRange {
  /** One name, or two for an interaction. */
  names: readonly string[];
  first: number;
  count: number;
}

const mark = 'FLpro1';
const binMax = 8192;

/** A recipe's bins, ready to put people into. */
export interface Binning {
  /** Features first, then interactions. */
  ranges: readonly BinRange[];
  /** The number of the outcome: the one after the last bin. */
  outcome: number;
  /** The person's bin in each range, ascending. */
  binsOf: (values: FeatureValues) => Int32Array;
}

/**
 * The bins of a recipe.
 *
 * Guarantee: one bin from each range, whatever the values (propensity.test.ts).
 * Limits: `learning.malformed` for a repeated or unknown name, edges out of order, or more than 8,192 bins.
 */
export function binningOf(recipe: PropensityRecipe): Binning {
  const widths = new Map<string, number>();
  const ranges: BinRange[] = [];
  let outcome = 0;
  const put = (names: readonly string[], count: number): void => {
    ranges.push({ names, first: outcome, count });
    outcome += count;
  };
  for (const feature of recipe.features) {
    requireFeature(feature, widths);
    widths.set(feature.name, binCountOf(feature));
    put([feature.name], binCountOf(feature));
  }
  for (const [one, other] of recipe.interactions) {
    const [width, otherWidth] = [widths.get(one), widths.get(other)];
    if (width === undefined || otherWidth === undefined || one === other) {
      throw malformed(
        `The interaction ${one} × ${other} does not name two features`,
        'Name two features of the recipe.',
      );
    }
    put([one, other], width * otherWidth);
  }
  if (outcome > binMax || outcome === 0) throw malformed(`A recipe with ${outcome} bins`, `Have from 1 to ${binMax}.`);
  const binsOf = (values: FeatureValues): Int32Array => {
    const places = new Map(recipe.features.map((feature) => [feature.name, binIn(feature, values[feature.name])]));
    return Int32Array.from(ranges, ({ names: [one = '', other], first }) => {
      const place = places.get(one) ?? 0;
      return first + (other === undefined ? place : place * (widths.get(other) ?? 1) + (places.get(other) ?? 0));
    });
  };
  return { ranges, outcome, binsOf };
}

/** One person's contribution, for `CoOccurrence`: the bins that they fall into, and the outcome's number when it happened. */
export function propensityContribution(
  { binsOf, outcome }: Binning,
  values: FeatureValues,
  happened: boolean,
): Int32Array {
  const bins = binsOf(values);
  return happened ? Int32Array.of(...bins, outcome) : bins;
}

/**
 * Solves the sums of contributions under the recipe.
 *
 * Guarantee: deterministic to the byte, and after forgetting equal to a training without those people (propensity.test.ts).
 * Formula: with the outcome's share ȳ and its pair counts g, (G + λI) w = g − ȳ·c; then scaled by cov(s, y) / var(s) of the sums, so that
 * a point more of score is a point more of probability; base ȳ. All rounded to 2^−weightBits.
 * Source: ridge regression, Hoerl & Kennard 1970; the linear probability model as a scorecard.
 * Cost: b³/6 multiply-adds for b bins.
 * Limits: probabilities are cut at 0 and 1. Where the cut of rare pairs leaves no positive definite system, λ doubles until it is.
 */
export function solvePropensity(
  sums: CoOccurrence,
  recipe: PropensityRecipe,
  { systemSolver = plainSystem }: { systemSolver?: (sizeMax: number) => SystemSolver } = {},
): PropensityParameters {
  requireRecipe(recipe);
  const { outcome } = binningOf(recipe);
  const binNumbers = Array.from({ length: outcome }, (_, bin) => bin);
  const matrix = packMatrix(sums, { minPeople: recipe.minPeople, items: binNumbers });
  const { items: bins, counts, people } = matrix;
  if (people === 0) return { weightBits: recipe.weightBits, base: 0, bins, points: new Int32Array(bins.length) };
  const happened = sums.count(outcome) < recipe.minPeople ? 0 : sums.count(outcome);
  const share = happened / people;
  const side = Float64Array.from(bins, (bin, at) => {
    const both = sums.pair(bin, outcome);
    return (both < recipe.minPeople ? 0 : both) - share * (counts[at] ?? 0);
  });
  const solver = systemSolver(bins.length);
  const places = Int32Array.from(bins, (_, place) => place);
  const reader = matrixReader(matrix);
  let lambda = recipe.lambda;
  for (let attempt = 0; attempt < 64; attempt++) {
    reader.fillSystem(places, solver.system, solver.shape);
    const row = systemRow(bins.length, solver.shape);
    counts.forEach((count, place) => {
      solver.system[systemRow(place, solver.shape) + place * solver.shape.panel] = count + lambda;
      solver.system[row + place * solver.shape.panel] = side[place] ?? 0;
      solver.floors[place] = lambda * 0.5;
    });
    const weights = solver.solve(bins.length);
    if (weights !== null) {
      const unit = 2 ** recipe.weightBits * slopeOf(weights, side, lambda);
      const points = Int32Array.from(weights, (weight) => Math.floor(weight * unit + 0.5));
      return { weightBits: recipe.weightBits, base: Math.floor(share * 2 ** recipe.weightBits + 0.5), bins, points };
    }
    lambda *= 2;
  }
  throw new LearningError(
    'learning.unsolvable',
    'The system of the scorecard has no answer',
    'Rebuild the sums from the contribution rows; if they are the same, raise lambda.',
  );
}

/**
 * How far the ridge has pulled scores together: cov(s, y) / var(s) = w·b / w·Gw, with Gw = b − λw. 1 when there is nothing to correct.
 * The mean score is left out of the variance: it is near 0, as b sums to 0 over each feature.
 */
function slopeOf(weights: Float64Array, side: Float64Array, lambda: number): number {
  let explained = 0;
  let penalty = 0;
  weights.forEach((weight, at) => {
    explained += weight * (side[at] ?? 0);
    penalty += weight * weight * lambda;
  });
  const spread = explained - penalty;
  return explained > 0 && spread > explained * 0.5 ? explained / spread : 1;
}

export interface PropensityScore {
  /** The sum of the terms, in units of 1 / `pointsPerOne`. */
  score: number;
  pointsPerOne: number;
  /** The score as a probability, between 0 and 1. */
  probability: number;
  /** Everyone first, then each bin of the person that has points. */
  terms: { of: 'everyone' | number; points: number }[];
}

/**
 * Prepares a scorecard for scoring people, with the terms that add up to each score exactly.
 *
 * Guarantee: terms are whole and add up to the score (propensity.test.ts).
 * Formula: base + Σ points of the person's bins.
 * Cost: a look-up for each bin.
 */
export function propensityScorer(
  { weightBits, base, bins, points }: PropensityParameters,
  recipe: PropensityRecipe,
): (values: FeatureValues) => PropensityScore {
  const { binsOf, outcome } = binningOf(recipe);
  const pointsOf = new Int32Array(outcome);
  bins.forEach((bin, at) => (pointsOf[bin] = points[at] ?? 0));
  const pointsPerOne = 2 ** weightBits;
  return (values) => {
    const terms: PropensityScore['terms'] = [{ of: 'everyone', points: base }];
    let score = base;
    for (const bin of binsOf(values)) {
      const added = pointsOf[bin] ?? 0;
      if (added === 0) continue;
      terms.push({ of: bin, points: added });
      score += added;
    }
    return { score, pointsPerOne, probability: Math.max(0, Math.min(1, score / pointsPerOne)), terms };
  };
}

/** A bin in words, for explanations: "age from 30 to below 40", "job: admin., contact: cellular". */
export function binInWords(recipe: PropensityRecipe, bin: number): string {
  for (const { names, first, count } of binningOf(recipe).ranges) {
    if (bin < first || bin >= first + count) continue;
    const [one, other] = names.map((name) => recipe.features.find((feature) => feature.name === name));
    if (one === undefined) break;
    if (other === undefined) return featureInWords(one, bin - first);
    const width = binCountOf(other);
    const high = Math.floor((bin - first) / width);
    return `${featureInWords(one, high)}, ${featureInWords(other, bin - first - high * width)}`;
  }
  throw malformed(`There is no bin ${bin}`, 'Ask with the recipe that the model was solved under.');
}

/** Canonical bytes: equal exactly when the parameters are. */
export function encodePropensity({ weightBits, base, bins, points }: PropensityParameters): Uint8Array {
  const writer = new ByteWriter();
  writer.mark(mark);
  writer.unsigned(weightBits);
  writer.signed(base);
  writer.unsigned(bins.length);
  bins.forEach((bin, at) => {
    writer.unsigned(bin - (bins[at - 1] ?? -1) - 1);
    writer.signed(points[at] ?? 0);
  });
  return writer.finish();
}

/** Reads what `encodePropensity` wrote; `learning.unreadable` for anything else. */
export function decodePropensity(bytes: Uint8Array): PropensityParameters {
  const reader = new ByteReader(bytes, 'a scorecard');
  reader.mark(mark);
  const weightBits = reader.unsigned();
  const base = reader.signed();
  const count = reader.unsigned();
  if (weightBits < 8 || weightBits > 24 || count > binMax) throw reader.refusal('has another shape');
  const bins = new Int32Array(count);
  const points = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    bins[at] = (bins[at - 1] ?? -1) + 1 + reader.unsigned();
    points[at] = reader.signed();
  }
  reader.end();
  return { weightBits, base, bins, points };
}

/** SHA-256 of the canonical bytes, 64 hexadecimal digits. */
export function propensityDigest(parameters: PropensityParameters): string {
  return createHash('sha256').update(encodePropensity(parameters)).digest('hex');
}

/** Bins of a feature: its ranges or codes, and one for whatever else. */
function binCountOf(feature: PropensityFeature): number {
  return feature.kind === 'number' ? feature.edges.length + 2 : feature.oneOf.length + 1;
}

function binIn(feature: PropensityFeature, value: number | string | null | undefined): number {
  if (feature.kind === 'code') {
    const place = feature.oneOf.indexOf(String(value));
    return typeof value === 'string' && place >= 0 ? place : feature.oneOf.length;
  }
  if (typeof value !== 'number' || Number.isNaN(value)) return feature.edges.length + 1;
  const above = feature.edges.findIndex((edge) => value < edge);
  return above < 0 ? feature.edges.length : above;
}

function featureInWords(feature: PropensityFeature, place: number): string {
  const { name } = feature;
  if (feature.kind === 'code') return `${name}: ${feature.oneOf[place] ?? 'something else'}`;
  const { edges } = feature;
  if (place > edges.length) return `${name}: not known`;
  if (edges.length === 0) return `${name}: known`;
  if (place === 0) return `${name} below ${edges[0]}`;
  return place === edges.length
    ? `${name} from ${edges[place - 1]}`
    : `${name} from ${edges[place - 1]} to below ${edges[place]}`;
}

function requireFeature(feature: PropensityFeature, before: ReadonlyMap<string, number>): void {
  if (before.has(feature.name)) {
    throw malformed(`The feature ${feature.name} stands twice`, 'Name each feature once.');
  }
  const holds =
    feature.kind === 'number'
      ? feature.edges.every((edge, at, all) => Number.isFinite(edge) && edge > (all[at - 1] ?? -Infinity))
      : new Set(feature.oneOf).size === feature.oneOf.length;
  if (!holds)
    throw malformed(`The bins of ${feature.name} are out of order`, 'Give ascending edges or distinct codes.');
}

function requireRecipe({ lambda, minPeople, weightBits }: PropensityRecipe): void {
  const holds =
    Number.isFinite(lambda) &&
    lambda >= 0.001 &&
    Number.isInteger(minPeople) &&
    minPeople >= 1 &&
    Number.isInteger(weightBits) &&
    weightBits >= 8 &&
    weightBits <= 24;
  if (!holds)
    throw malformed(
      'A scorecard needs a ridge, a least number of people and a fixed point',
      'Give lambda ≥ 0.001, minPeople ≥ 1, weightBits from 8 to 24.',
    );
}

function malformed(message: string, remedy: string): LearningError {
  return new LearningError('learning.malformed', message, remedy);
}
