/** What a placement says about variety is refused where it could not be obeyed, and a change of it asks nobody again. */
import { expect, it } from 'vitest';
import { arbitraryPolicy } from '../../test/support/arbitrary-policy.ts';
import fc from 'fast-check';
import { checkPolicy } from './check.ts';
import { diffPolicies } from './diff.ts';
import type { Policy } from './policy.ts';

const [base] = fc.sample(arbitraryPolicy(), { numRuns: 1, seed: 1 });

function withVariety(variety: object, items: Policy['items'] = {}): Policy {
  const own = required(base);
  const [name] = Object.keys(own.placements);
  const placement = Object.values(own.placements)[0];
  return {
    ...own,
    items: { ...own.items, kind: 'text', ...items },
    placements: {
      ...own.placements,
      [name ?? '']: { ...required(placement), variety: { calibrateBy: 'kind', ...variety } },
    },
  };
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('there is nothing to begin with');
  return value;
}

function codesOf(policy: Policy): string[] {
  return checkPolicy(policy)
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);
}

it('takes every part within its bounds', () => {
  const whole = { strength: 'gentle', novelty: 0.5, supplierShareMax: 0.3, dial: { atLeast: -2, atMost: 2 } };
  expect(codesOf(withVariety(whole, { supplier: 'text' }))).toEqual([]);
});

it.each([
  [{ strength: 'huge' }, 'shape.type'],
  [{ novelty: 0.6 }, 'shape.type'],
  [{ supplierShareMax: 0 }, 'shape.type'],
  [{ dial: { atLeast: 1 } }, 'shape.type'],
  [{ dial: { atMost: -1 } }, 'shape.type'],
  [{ dial: { atMost: 0.5 } }, 'shape.type'],
  [{ dial: { off: true } }, 'shape.unknown-key'],
  [{ freshness: '7 days' }, 'shape.unknown-key'],
])('refuses %j', (variety, code) => {
  expect(codesOf(withVariety(variety))).toEqual([code]);
});

it('refuses a share of suppliers where items have none', () => {
  const { supplier: _, ...items } = withVariety({}).items;
  expect(codesOf({ ...withVariety({ supplierShareMax: 0.5 }), items })).toEqual(['unknown.item-field']);
});

it('asks nobody again for a change of it, and names where it is', () => {
  const changes = diffPolicies(withVariety({}), withVariety({ novelty: 0.1 }));
  expect(changes.map(({ kind, path, askAgain }) => [kind, path.at(-1), askAgain])).toEqual([
    ['other', 'novelty', 'nobody'],
  ]);
});
