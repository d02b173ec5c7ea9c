import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPolicy } from '../../../test/support/arbitrary-policy.ts';
import { renderPolicy } from '../../../test/support/render-policy.ts';
import { placesOf } from './source-places.ts';

describe('the place of a path in a source text', () => {
  it('is unknown in a text without a policy', () => {
    for (const text of ['', ' ', '// policy({', "'policy({'", '`${', '/*', "'", '#!']) {
      expect(placesOf(text)(['purposes'])).toBeUndefined();
    }
  });

  it('is found for every key and every list element, in every style of writing', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), fc.array(fc.nat(1000), { minLength: 50, maxLength: 200 }), (policy, rolls) => {
        const { text, placeOf } = renderPolicy(policy, rolls);
        const find = placesOf(text);
        for (const path of pathsOf(policy)) expect([path, find(path)]).toEqual([path, placeOf(path)]);
      }),
      { numRuns: 60 },
    );
  });

  it('is found after strings, templates, regular expressions, comments and operators that hold brackets', () => {
    const text = `#!/usr/bin/env -S fairlead {
import type { Policy } from './policy'; // policy({
const pattern = /[/{"']\\/(/g, half = 4 / 2 / 1;
const common = { keepFor: '13 months' } satisfies object;
function helper<T>(value: T): T { return { ...value, deep: [1, { a: '}' }] }; }
const events: Policy['events'] = {
  'Order \\u0043ompleted': { for: ['a', \`b\${ \`}\${1}\` }\`] },
};
export default policy<Policy>({
  purposes: {
    one: { ...common, notice: 'it\\'s "here" {' + \`\${"}"}\` },
    ["two"]: helper<{ a: string }>({ keepFor: half > 1 ? '1 year' : '2 years', notice: (x => { return x })('a') }),
  } as const,
  events,
  42: [, 'second'],
  get placements() { return { home: { show: 1 } } },
  models: (({ also: recommender({ for: 'a' }) })),
})`;
    const find = placesOf(text);
    const at = (sign: string): { line: number; column: number } => {
      const before = text.slice(0, text.indexOf(sign));
      return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
    };
    expect(find(['purposes', 'one', 'notice'])).toEqual(at("notice: 'it"));
    expect(find(['purposes', 'one', 'keepFor'])).toEqual(at("keepFor: '13 months'"));
    expect(find(['purposes', 'two', 'notice'])).toEqual(at('notice: (x'));
    expect(find(['events'])).toEqual(at('events,'));
    expect(find(['events', 'Order Completed', 'for', '1'])).toEqual(at('`b${'));
    expect(find(['42'])).toEqual(at('42: ['));
    expect(find(['42', '1'])).toEqual(at("'second'"));
    expect(find(['models', 'also', 'for'])).toEqual(at("for: 'a' })"));
    expect(find(['nowhere', 'at', 'all'])).toEqual(at('policy<Policy>'));
  });

  it('is found in plain JSON', () => {
    expect(placesOf('{\n  "purposes": {\n    "a": {} } }')(['purposes', 'a', 'notice'])).toEqual({
      line: 3,
      column: 5,
    });
  });

  it('ends with constants that go round in a circle', () => {
    expect(placesOf('const a = { b };\nconst b = { a };\nexport default policy(a)')(['b', 'a', 'b'])).toEqual({
      line: 2,
      column: 13,
    });
  });

  it('is answered for any text, also one that is cut off anywhere', () => {
    fc.assert(
      fc.property(
        arbitraryPolicy(),
        fc.array(fc.nat(1000), { minLength: 9 }),
        fc.double({ min: 0, max: 1 }),
        (policy, rolls, part) => {
          const { text } = renderPolicy(policy, rolls);
          const cut = text.slice(0, Math.floor(text.length * (Number.isNaN(part) ? 1 : part)));
          const place = placesOf(cut)(['placements', 'x']);
          expect(place === undefined || place.line <= cut.split('\n').length).toBe(true);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...sourceSigns), maxLength: 60 }), (text) => {
        placesOf(text)(['a', '0']);
      }),
    );
  });
});

const sourceSigns = ['policy', 'const ', 'a', 'export default ', '...', ...'({[`\'"/*$}])<>,;:=. \n\\'.split('')];

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    // A builder says the kind by its name; it has no key of its own.
    if (key === 'kind') return [];
    return [[...path, key], ...pathsOf(member, [...path, key])];
  });
}
