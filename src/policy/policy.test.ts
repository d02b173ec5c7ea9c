import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { arbitraryPolicy } from '../../test/support/arbitrary-policy.ts';
import { durationMsMax, durationOf } from './durations.ts';
import {
  attribute,
  builtInFeatures,
  defaultRetention,
  entryOf,
  identifier,
  otherwiseOf,
  policy,
  propensity,
  readPath,
  recommender,
  retentionOf,
  safeguard,
  sensitive,
  sensitiveTopicsOf,
} from './policy.ts';
import type { RetainedRecord } from './policy.ts';

describe('the builders', () => {
  it('answer plain JSON with a kind', () => {
    const built = [
      identifier('email', { for: ['email'] }),
      attribute({ oneOf: ['a', 'b'], for: ['email'] }),
      attribute({ type: 'number', for: ['email'] }),
      safeguard({ when: 'declared' }),
      sensitive({ oneOf: ['a'], for: ['fairness'] }),
      recommender({ for: 'email', from: ['Seen'] }),
      propensity({ for: 'email', predicts: 'Seen', within: '3 days', using: ['recency'] }),
    ];
    expect(JSON.parse(JSON.stringify(built))).toEqual(built);
    expect(built.map(({ kind }) => kind)).toEqual([
      'identifier',
      'attribute',
      'attribute',
      'safeguard',
      'sensitive',
      'recommender',
      'propensity',
    ]);
  });

  it('keep the literal types', () => {
    expectTypeOf(attribute({ oneOf: ['a', 'b'], for: ['email'] }).oneOf).toEqualTypeOf<readonly ['a', 'b']>();
    expectTypeOf(identifier('email', { for: ['email'] }).for).toEqualTypeOf<readonly ['email']>();
    expectTypeOf(recommender({ for: 'email', from: ['Seen'] }).for).toEqualTypeOf<'email'>();
  });

  it('leave the policy as it is', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (input) => {
        expect(policy(input)).toBe(input);
      }),
    );
  });
});

const records: RetainedRecord[] = ['decisions', 'consent', 'complaints', 'approvals', 'receipts', 'models'];

describe('the defaults of a policy', () => {
  it('say how long every kind of record is kept', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        expect(Object.keys(defaultRetention).sort()).toEqual(records.toSorted());
        for (const record of records) {
          expect(retentionOf(policy, record)).toBe(policy.retention?.[record] ?? defaultRetention[record]);
          expect(durationMsMax(durationOf(retentionOf(policy, record)))).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('give way to what the policy says', () => {
    const [some] = fc.sample(arbitraryPolicy(), { numRuns: 1, seed: 1 });
    if (some === undefined) throw new Error('one was asked for');
    expect(sensitiveTopicsOf(some)).toContain('gambling');
    expect(sensitiveTopicsOf({ ...some, sensitiveTopics: ['tobacco'] })).toEqual(['tobacco']);
    expect(retentionOf({ ...some, retention: { models: '2 days' } }, 'models')).toBe('2 days');
    expect(otherwiseOf({ channel: 'web', purposes: [], model: 'm', show: 1 })).toBe('catalogue');
    expect(otherwiseOf({ channel: 'web', purposes: [], model: 'm', show: 1, otherwise: 'newest' })).toBe('newest');
    expect(builtInFeatures).toEqual(['recency', 'frequency', 'value']);
  });
});

describe('an entry by name', () => {
  it('is never something inherited', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(entryOf({ home: 1 }, name)).toBeUndefined();
    }
    expect(entryOf({ home: 1 }, 'home')).toBe(1);
    expect(entryOf(undefined, 'home')).toBeUndefined();
  });
});

describe('a path into an event', () => {
  it('finds nothing where there is nothing', () => {
    for (const event of [
      undefined,
      null,
      1,
      'text',
      [],
      {},
      { properties: null },
      { properties: [] },
      { properties: { product_id: null } },
    ]) {
      expect(readPath('properties.product_id', event)).toEqual([]);
      expect(readPath('properties.products[].product_id', event)).toEqual([]);
    }
  });

  it('finds one id, or each id of a list in its order', () => {
    expect(readPath('properties.product_id', { properties: { product_id: 'A-1' } })).toEqual(['A-1']);
    expect(readPath('properties.product_id', { properties: { product_id: 17 } })).toEqual(['17']);
    const products = [
      { product_id: 'b' },
      { product_id: '' },
      {},
      { product_id: NaN },
      'x',
      { product_id: 'a' },
      { product_id: 'b' },
    ];
    expect(readPath('properties.products[].product_id', { properties: { products } })).toEqual(['b', 'a', 'b']);
    expect(readPath('properties.ids[]', { properties: { ids: ['x', 2, null, ['y']] } })).toEqual(['x', '2']);
    expect(readPath('properties.a[].b[].c', { properties: { a: [{ b: [{ c: 1 }, { c: 2 }] }, { b: 3 }] } })).toEqual([
      '1',
      '2',
    ]);
  });

  it('reads own members only', () => {
    expect(readPath('properties.constructor.name', { properties: {} })).toEqual([]);
    expect(readPath('properties.__proto__.x', JSON.parse('{"properties":{"__proto__":{"x":"own"}}}'))).toEqual(['own']);
  });

  it('answers texts that are not empty, whatever the event', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('properties', 'a', 'a[]', 'properties.a[].b', ''), (event, path) => {
        for (const id of readPath(path, { properties: event, a: event, '': event })) expect(id).not.toBe('');
      }),
    );
  });

  it('finds every id that was put there, with any Unicode in it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (ids) => {
        const event = { properties: { products: ids.map((product_id) => ({ product_id, other: 1 })) } };
        expect(readPath('properties.products[].product_id', event)).toEqual(ids);
      }),
    );
  });
});
