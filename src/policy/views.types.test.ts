/** Read by the compiler: each `@ts-expect-error` is a misuse that must not compile. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { attribute, identifier, policy, propensity, recommender, safeguard, sensitive } from './policy.ts';
import type { Policy } from './policy.ts';
import { fieldsFor } from './views.ts';
import type { AuditPurposeOf, EventsFor, FieldsFor, PurposeOf, View } from './views.ts';

const shop = policy({
  controller: { name: 'Northwind Gifts', contact: 'privacy@northwind.example', regions: ['EU'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions', notice: 'We suggest.', keepFor: '13 months' },
    email: { basis: 'consent', title: 'E-mail', notice: 'We write.', keepFor: '13 months' },
    fairness: { basis: 'explicit-consent', title: 'Fairness', notice: 'We compare.', keepFor: '24 months' },
    health: { basis: 'explicit-consent', title: 'Health', notice: 'We suggest.', keepFor: '1 month' },
  },
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25-34'], for: ['suggestions', 'email', 'fairness'] }),
    visits: attribute({ type: 'number', for: ['suggestions'] }),
    since: attribute({ type: 'date', for: ['suggestions'] }),
    isMember: attribute({ type: 'boolean', for: ['suggestions', 'email'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male', 'other'], for: ['fairness', 'email', 'health'] }),
  },
  items: { category: 'text' },
  events: {
    'Product Viewed': { item: 'properties.product_id', for: ['suggestions'] },
    'Order Completed': { items: 'properties.products[].product_id', for: ['suggestions', 'email'] },
    'Remedy Bought': { item: 'properties.product_id', for: ['health'] },
  },
  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed', 'Order Completed'] }),
    reorder: propensity({ for: 'email', predicts: 'Order Completed', within: '30 days', using: ['recency'] }),
  },
  placements: { home: { channel: 'web', purposes: ['suggestions'], model: 'alsoLiked', show: 12 } },
});
type Shop = typeof shop;

describe('the types of a policy', () => {
  it('name its purposes, fields and events', () => {
    expectTypeOf<PurposeOf<Shop>>().toEqualTypeOf<'suggestions' | 'email' | 'fairness' | 'health'>();
    expectTypeOf<FieldsFor<Shop, 'suggestions'>>().toEqualTypeOf<'ageBand' | 'visits' | 'since' | 'isMember'>();
    expectTypeOf<FieldsFor<Shop, 'email'>>().toEqualTypeOf<'email' | 'ageBand' | 'isMember'>();
    expectTypeOf<EventsFor<Shop, 'email'>>().toEqualTypeOf<'Order Completed'>();
    expectTypeOf<EventsFor<Shop, 'fairness'>>().toEqualTypeOf<never>();
  });

  it('give each field the type of its values', () => {
    expectTypeOf<View<Shop, 'suggestions'>>().toEqualTypeOf<{
      readonly ageBand?: '18-24' | '25-34';
      readonly visits?: number;
      readonly since?: string;
      readonly isMember?: boolean;
    }>();
  });

  it('show a sensitive attribute to a purpose for audits alone, and a safeguard to none', () => {
    expectTypeOf<AuditPurposeOf<Shop>>().toEqualTypeOf<'fairness'>();
    expectTypeOf<View<Shop, 'fairness'>>().toEqualTypeOf<{
      readonly ageBand?: '18-24' | '25-34';
      readonly gender?: 'female' | 'male' | 'other';
    }>();
    expectTypeOf<FieldsFor<Shop, 'health'>>().toEqualTypeOf<never>();
    const segmented = policy({ ...shop, segments: { young: { for: 'fairness', where: { ageBand: ['18-24'] } } } });
    expectTypeOf<AuditPurposeOf<typeof segmented>>().toEqualTypeOf<never>();
    expectTypeOf<FieldsFor<typeof segmented, 'fairness'>>().toEqualTypeOf<'ageBand'>();
    expect(fieldsFor(segmented, 'fairness')).toEqual(['ageBand']);
    expectTypeOf<FieldsFor<Shop, PurposeOf<Shop>>>().toEqualTypeOf<never>();
  });

  it('show to several purposes together only what each of them may see', () => {
    expectTypeOf<FieldsFor<Shop, 'suggestions' | 'email'>>().toEqualTypeOf<'ageBand' | 'isMember'>();
  });

  it('are those of the run time', () => {
    const suggestions: FieldsFor<Shop, 'suggestions'>[] = ['ageBand', 'isMember', 'since', 'visits'];
    const email: FieldsFor<Shop, 'email'>[] = ['ageBand', 'email', 'isMember'];
    const fairness: FieldsFor<Shop, 'fairness'>[] = ['ageBand', 'gender'];
    expect(fieldsFor(shop, 'suggestions')).toEqual(suggestions);
    expect(fieldsFor(shop, 'email')).toEqual(email);
    expect(fieldsFor(shop, 'fairness')).toEqual(fairness);
    expect(fieldsFor(shop, 'health')).toEqual([]);
  });

  it('let any policy be read as the wide one', () => {
    expectTypeOf(shop).toExtend<Policy>();
    expectTypeOf<FieldsFor<Policy, string>>().toEqualTypeOf<string>();
  });

  it('do not compile a misuse', () => {
    const view: View<Shop, 'suggestions'> = { ageBand: '18-24', visits: 3 };
    // @ts-expect-error The e-mail address is for the purpose 'email' alone.
    expect(view.email).toBeUndefined();
    // @ts-expect-error A sensitive attribute is in no view but that of an audit.
    expect(view.gender).toBeUndefined();
    // @ts-expect-error A safeguard is in no view at all.
    expect(view.isMinor).toBeUndefined();
    // @ts-expect-error '13-17' is no code of ageBand.
    const wrongCode: View<Shop, 'suggestions'> = { ageBand: '13-17' };
    // @ts-expect-error A view cannot be written to.
    wrongCode.visits = 1;
    // @ts-expect-error There is no purpose 'sugestions'.
    const noPurpose: PurposeOf<Shop> = 'sugestions';
    // @ts-expect-error An attribute has oneOf or type.
    attribute({ for: ['email'] });
    // @ts-expect-error A safeguard is for no purpose.
    safeguard({ when: 'declared', for: ['email'] });
    // @ts-expect-error Opt-out needs the law and the reason.
    const optOut: Policy['purposes'] = { ads: { basis: 'opt-out', title: '', notice: '', keepFor: '' } };
    expect([wrongCode, noPurpose, optOut]).toHaveLength(3);
  });
});
