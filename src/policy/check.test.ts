import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPolicy } from '../../test/support/arbitrary-policy.ts';
import { plantedViolations } from '../../test/support/planted-violations.ts';
import { renderPolicy } from '../../test/support/render-policy.ts';
import { checkPolicy, findingText, mayRun } from './check.ts';
import { rules } from './rules/rules.ts';
import { shapeCards } from './rules/shape.ts';

const dice = fc.array(fc.nat(1000), { minLength: 50, maxLength: 200 });

const jsonOrNothing = fc.oneof({ weight: 5, arbitrary: fc.jsonValue() }, fc.constant(undefined));

describe('a policy that allows nothing it should not', () => {
  it('has no finding', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        expect(checkPolicy(policy)).toEqual([]);
      }),
    );
  });

  it('has no finding after a round through JSON, because it is JSON', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
      }),
    );
  });
});

describe('every rule', () => {
  it('has a planted violation here', () => {
    const codes = [...rules.map((rule) => rule.code), ...Object.keys(shapeCards)].sort();
    expect(Object.keys(plantedViolations).sort()).toEqual(codes);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(Object.entries(plantedViolations))(
    '%s is found where it was planted, on the right line and column',
    (code, plant) => {
      fc.assert(
        fc.property(arbitraryPolicy(), dice, (policy, rolls) => {
          const planted = structuredClone(policy) as Parameters<typeof plant>[0]; // the clone is ours to change
          const path = plant(planted);
          const { text, placeOf } = renderPolicy(planted, rolls);
          const findings = checkPolicy(planted, { file: 'fairlead.policy.ts', text });
          const found = findings.find((finding) => finding.code === code && finding.path.join() === path.join());
          expect(found).toMatchObject({ file: 'fairlead.policy.ts', ...placeOf(path) });
          expect(mayRun(findings)).toBe(findings.every((finding) => finding.severity === 'warning'));
        }),
        { numRuns: 10 },
      );
    },
  );
});

describe('the checker', () => {
  it('never throws, whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(mayRun(checkPolicy(value))).toBe(false);
      }),
    );
  });

  it('never throws on a policy of which any part was replaced by any JSON', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), fc.array(fc.nat(20), { maxLength: 5 }), jsonOrNothing, (policy, steps, value) => {
        for (const finding of checkPolicy(replaced(policy, steps, value))) {
          expect(finding.message.length * finding.remedy.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what is no policy at all', () => {
    const hostile = JSON.parse('{"__proto__":{"purposes":1},"purposes":{"__proto__":{}}}') as unknown; // any JSON
    const inherited = { purposes: { constructor: {} }, people: { toString: 1 }, placements: new Map() };
    for (const value of [
      undefined,
      null,
      0,
      NaN,
      1n,
      'policy',
      [],
      [[]],
      {},
      () => 1,
      Symbol('s'),
      hostile,
      inherited,
    ]) {
      expect(mayRun(checkPolicy(value))).toBe(false);
    }
  });

  it('refuses a name that JavaScript uses itself, because a look-up by it would find something', () => {
    fc.assert(
      fc.property(
        arbitraryPolicy(),
        fc.constantFrom('constructor', 'toString', 'valueOf', '__proto__'),
        (policy, name) => {
          const [[placement, rule] = ['', undefined]] = Object.entries(policy.placements);
          const placements = Object.fromEntries([
            [placement, rule],
            [name, rule],
          ]);
          expect(checkPolicy({ ...policy, placements }).map((finding) => finding.code)).toEqual(['shape.name']);
        },
      ),
      { numRuns: 10 },
    );
  });

  it('says what was probably meant', () => {
    const [policy] = fc.sample(arbitraryPolicy(), { numRuns: 1, seed: 7 });
    const findings = checkPolicy({ ...policy, placments: {}, placements: undefined });
    expect(findings.map((finding) => finding.remedy)).toContain("Did you mean 'placements'?");
  });

  it('prints a finding on one line with its place, its code and its remedy', () => {
    const [policy] = fc.sample(arbitraryPolicy(), { numRuns: 1, seed: 7 });
    const text = `export default policy({\n  colour: 'blue',\n})`;
    const findings = checkPolicy({ ...policy, colour: 'blue' }, { file: 'fairlead.policy.ts', text });
    expect(findings.map(findingText)).toEqual([
      "fairlead.policy.ts:2:3 error shape.unknown-key: the policy says 'colour', which means nothing there, so it would not be obeyed. Take it out; known there are controller, purposes, consentCategories, signals, people, items, events, models, placements, segments, audiences, copy, fairness, complaints, privacy, retention, sensitiveTopics.",
    ]);
  });
});

/** The policy with one part replaced: each step goes to one of the members, the last one takes the value. */
function replaced(target: unknown, steps: readonly number[], value: unknown): unknown {
  if (steps.length === 0 || typeof target !== 'object' || target === null) return value;
  const [step = 0, ...rest] = steps;
  if (Array.isArray(target))
    return target.map((element, index) => (index === step ? replaced(element, rest, value) : element));
  const entries = Object.entries(target);
  return Object.fromEntries(
    entries.map(([key, member], index) => [
      key,
      index === step % entries.length ? replaced(member, rest, value) : member,
    ]),
  );
}
