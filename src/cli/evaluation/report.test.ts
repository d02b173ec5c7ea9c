import { expect, it } from 'vitest';
import { syntheticHistories } from '../../learning/synthetic.ts';
import { defaultRecipe } from '../../learning/recipe.ts';
import { reportFigures } from './report-figures.ts';
import { reportPage } from './report.ts';

const estimate = { mean: 0.2, se: 0.01 };
const model = { recipe: {}, recall20: estimate, recall50: estimate, ndcg100: estimate, coverage: 0.5, gini: 0.4 };

it('the report needs nothing else, runs no script, and whatever stands in a name stays text', async () => {
  const histories = [...syntheticHistories({ seed: 6, people: 120, items: 50, medianItems: 12 })].map((items) =>
    Array.from(items, (item, at) => ({ item, at })),
  );
  const recipe = defaultRecipe({ neighbours: 20, keep: 20 });
  const figures = await reportFigures(histories, { recipe, protocol: 'strong', seed: 1, onProgress: () => undefined });
  expect(figures.forgetting.isEqual).toBe(true);
  for (const shares of Object.values(figures.shown))
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(figures.optIn.map(({ at }) => at)).toEqual([10, 25, 50, 75, 100]);
  expect(figures.optIn.at(-1)?.mean).toBeGreaterThan(figures.optIn[0]?.mean ?? 1);
  const page = reportPage({
    file: '"><script>alert(1)</script>.csv',
    evaluation: {
      protocol: 'strong',
      people: 120,
      items: 50,
      interactions: 900,
      models: [{ ...model, name: 'local-ridge', solveSeconds: 1 }],
    },
    figures,
    recipe,
  });
  expect(page).not.toMatch(/<script|<link|<img|<iframe|style="|\son\w+=|https?:|url\(|@import|NaN|undefined/);
  expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-`);
  expect(page.match(/<svg /g)).toHaveLength(6);
});
