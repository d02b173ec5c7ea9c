/**
 * L2 logistic regression from rows, by Newton's method: what a scorecard from sums is measured beside. Numbers are standardised, codes are
 * one column each; nothing of it is part of the product.
 */
import type { FeatureValues } from '../../src/learning/propensity.ts';
import type { LabelledPerson } from '../../src/learning/propensity-evaluation.ts';

/** Fits to the people and returns the probability of others. The penalty is ½·l2·|w|², without the constant. */
export function fittedLogistic(people: readonly LabelledPerson[], l2: number): (values: FeatureValues) => number {
  const columnsOf = encoder(people);
  const rows = people.map(({ values }) => columnsOf(values));
  const size = rows[0]?.length ?? 0;
  const weights = new Float64Array(size);
  for (let step = 0; step < 12; step++) {
    const gradient = Float64Array.from(weights, (weight, at) => (at === 0 ? 0 : l2 * weight));
    const curvature = Array.from({ length: size }, (_, at) => {
      const row = new Float64Array(size);
      row[at] = at === 0 ? 1e-9 : l2;
      return row;
    });
    people.forEach(({ happened }, person) => {
      const row = rows[person] ?? weights;
      const told = sigmoid(dot(row, weights));
      const miss = told - (happened ? 1 : 0);
      const weight = told * (1 - told);
      for (let at = 0; at < size; at++) {
        const value = row[at] ?? 0;
        if (value === 0) continue;
        gradient[at] = (gradient[at] ?? 0) + miss * value;
        const into = curvature[at];
        if (into === undefined) continue;
        for (let other = 0; other <= at; other++) into[other] = (into[other] ?? 0) + weight * value * (row[other] ?? 0);
      }
    });
    const change = solved(curvature, gradient);
    for (let at = 0; at < size; at++) weights[at] = (weights[at] ?? 0) - (change[at] ?? 0);
  }
  return (values) => sigmoid(dot(columnsOf(values), weights));
}

function encoder(people: readonly LabelledPerson[]): (values: FeatureValues) => Float64Array {
  const names = Object.keys(people[0]?.values ?? {}).sort();
  const columns = names.flatMap((name): ((values: FeatureValues) => number)[] => {
    const numbers = people.map(({ values }) => values[name]).filter((value) => typeof value === 'number');
    if (numbers.length === people.length) {
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      const spread = Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length) || 1;
      return [(values) => (Number(values[name]) - mean) / spread];
    }
    return [...new Set(people.map(({ values }) => values[name]))].map(
      (code) => (values) => (values[name] === code ? 1 : 0),
    );
  });
  return (values) => Float64Array.from([1, ...columns.map((column) => column(values))]);
}

/** Cholesky's method for a symmetric positive definite matrix given by its lower rows, which are overwritten. */
function solved(matrix: readonly Float64Array[], side: Float64Array): Float64Array {
  const answer = side.slice();
  matrix.forEach((row, at) => {
    for (let column = 0; column <= at; column++) {
      const other = matrix[column] ?? row;
      let rest = row[column] ?? 0;
      for (let before = 0; before < column; before++) rest -= (row[before] ?? 0) * (other[before] ?? 0);
      row[column] = column === at ? Math.sqrt(rest) : rest / (other[column] ?? 1);
    }
    let rest = answer[at] ?? 0;
    for (let before = 0; before < at; before++) rest -= (row[before] ?? 0) * (answer[before] ?? 0);
    answer[at] = rest / (row[at] ?? 1);
  });
  for (let at = matrix.length - 1; at >= 0; at--) {
    let rest = answer[at] ?? 0;
    for (let after = at + 1; after < matrix.length; after++) rest -= (matrix[after]?.[at] ?? 0) * (answer[after] ?? 0);
    answer[at] = rest / (matrix[at]?.[at] ?? 1);
  }
  return answer;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
