/**
 * Levels of people by recency, frequency, value or any other number: where the fifths lie, from histogram sums, in words that a rule can
 * be made of. A segment stays a rule over permitted features; this proposes the numbers in it. Called by audiences and the console.
 */
import { CellSums, type CellAmounts } from './cell-sums.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { LearningError } from './learning-error.ts';

export interface HistogramFeature {
  name: string;
  /** The unit after a number in words, for example "days". */
  unit: string;
  /** Ascending; a value belongs to the bin that begins at the last edge not above it. */
  edges: readonly number[];
  /** Whether less is better, as with days since the last order. */
  isLessBetter?: boolean;
}

export interface SegmentRecipe {
  kind: 'segments';
  features: readonly HistogramFeature[];
  /** How many levels people are cut into, as even as the edges allow. */
  levels: number;
  /** Bins with fewer people count as empty. */
  minPeople: number;
}

/** One level of one feature: values from `from` to below `to`; null where it is open. */
export interface Level {
  feature: string;
  /** 1 is the lowest, `levels` the best. */
  level: number;
  from: number | null;
  to: number | null;
  people: number;
}

/** The sums of segments: people in each bin of each feature. */
export function emptyHistograms(): CellSums {
  return new CellSums(1);
}

/** One person's contribution: one bin of each feature that is known of them. */
export function histogramContribution(
  { features }: SegmentRecipe,
  values: Readonly<Record<string, number | null | undefined>>,
): CellAmounts[] {
  return features.flatMap((feature) => {
    const value = values[feature.name];
    if (value === null || value === undefined || Number.isNaN(value)) return [];
    return [{ cell: [feature.name, String(binIn(feature, value))], amounts: [1] }];
  });
}

/**
 * The levels of each feature.
 *
 * Guarantee: deterministic; levels of a feature do not overlap and hold everybody that is counted (histogram-segments.test.ts).
 * Formula: bins in order, from the least good on; a level ends at the first bin that brings it to its share of all people.
 * Cost: one pass over the bins.
 * Limits: levels are as even as the edges allow; a bin is never cut. Features of fewer than minPeople have no levels.
 */
export function solveLevels(sums: CellSums, recipe: SegmentRecipe): Level[] {
  requireRecipe(recipe);
  return recipe.features.flatMap((feature) => levelsOf(sums, recipe, feature));
}

/** The level that a value belongs to, 0 when the feature has none. Levels add up to a score whose terms they are. */
export function levelOf(levels: readonly Level[], feature: string, value: number): number {
  const found = levels.find(
    (level) =>
      level.feature === feature &&
      (level.from === null || value >= level.from) &&
      (level.to === null || value < level.to),
  );
  return found?.level ?? 0;
}

/** A level in words: "days since last order below 14 days (level 5 of 5, 210 people)". */
export function levelInWords({ features, levels }: SegmentRecipe, level: Level): string {
  const unit = features.find(({ name }) => name === level.feature)?.unit ?? '';
  const number = (value: number): string => (unit === '' ? String(value) : `${value} ${unit}`);
  const range =
    level.from === null
      ? level.to === null
        ? 'of any size'
        : `below ${number(level.to)}`
      : level.to === null
        ? `from ${number(level.from)}`
        : `from ${number(level.from)} to below ${number(level.to)}`;
  return `${level.feature} ${range} (level ${level.level} of ${levels}, ${level.people} people)`;
}

/** Canonical bytes, for versions and digests. */
export function encodeLevels(levels: readonly Level[], recipe: SegmentRecipe): Uint8Array {
  const writer = new ByteWriter();
  writer.mark('FLlev1');
  for (const { feature, level, from, to, people } of levels) {
    const shape = recipe.features.findIndex(({ name }) => name === feature);
    const edges = recipe.features[shape]?.edges ?? [];
    writer.unsigned(shape);
    writer.unsigned(level);
    writer.unsigned(from === null ? 0 : edges.indexOf(from) + 1);
    writer.unsigned(to === null ? 0 : edges.indexOf(to) + 1);
    writer.unsigned(people);
  }
  return writer.finish();
}

function levelsOf(sums: CellSums, { levels, minPeople }: SegmentRecipe, feature: HistogramFeature): Level[] {
  const bins = Array.from({ length: feature.edges.length + 1 }, (_, bin) => {
    const [people = 0] = sums.totals([feature.name, String(bin)]);
    if (people < 0)
      throw new LearningError('learning.impossible', 'A bin holds fewer than no people', 'Rebuild the sums.');
    return { bin, people: people < minPeople ? 0 : people };
  });
  const total = bins.reduce((sum, { people }) => sum + people, 0);
  if (total === 0) return [];
  const found: Level[] = [];
  let passed = 0;
  let first: number | null = null;
  let held = 0;
  for (const { bin, people } of feature.isLessBetter === true ? bins.toReversed() : bins) {
    first ??= bin;
    held += people;
    passed += people;
    const isLast = bin === (feature.isLessBetter === true ? 0 : feature.edges.length);
    // In whole numbers: the level's share is reached when passed / total ≥ (level) / levels.
    if (!isLast && (held === 0 || passed * levels < total * (found.length + 1))) continue;
    const [low, high] = first < bin ? [first, bin] : [bin, first];
    found.push({
      feature: feature.name,
      level: 0,
      from: low === 0 ? null : (feature.edges[low - 1] ?? null),
      to: feature.edges[high] ?? null,
      people: held,
    });
    first = null;
    held = 0;
  }
  // Fewer levels than asked for, where bins are coarse, still end with the best.
  return found.map((level, at) => ({ ...level, level: levels - found.length + 1 + at }));
}

function binIn({ edges }: HistogramFeature, value: number): number {
  const above = edges.findIndex((edge) => value < edge);
  return above < 0 ? edges.length : above;
}

function requireRecipe({ features, levels }: SegmentRecipe): void {
  const names = new Set(features.map(({ name }) => name));
  const ascend = features.every(({ edges }) =>
    edges.every((edge, at) => Number.isFinite(edge) && edge > (edges[at - 1] ?? -Infinity)),
  );
  if (names.size === features.length && ascend && Number.isInteger(levels) && levels >= 1) return;
  throw new LearningError(
    'learning.malformed',
    'A recipe of segments names each feature once, with ascending edges, and one level or more',
    'Mend the recipe.',
  );
}
