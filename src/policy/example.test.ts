import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import first from '../../examples/northwind/first.policy.ts';
import northwind from '../../examples/northwind/fairlead.policy.ts';
import { checkPolicy, findingText, mayRun } from './check.ts';
import type { Policy } from './policy.ts';
import { rulesReference } from './rules/rules.ts';

const repository = new URL('../../', import.meta.url);
const guide = textOf('docs/guides/policy.md');

/** The first policy in its tersest layout, to be found in it by line and column. */
const terse = `export default policy({
  controller: { name: 'Northwind Gifts', contact: 'privacy@northwind.example', regions: ['EU', 'UK', 'US-CA'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions made for you', notice: 'We use what you view and buy to suggest gifts.', keepFor: '13 months' },
    email:       { basis: 'consent', title: 'Offers by e-mail', notice: '…', keepFor: '13 months' },
    fairness:    { basis: 'explicit-consent', title: 'Checking that we treat people alike', notice: '…', keepFor: '24 months' },
  },
  consentCategories: { Advertising: ['email'], Functional: ['suggestions'] },   // names that other consent tools send
  people: {
    email:   identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25-34', '35-49', '50+'], for: ['suggestions', 'email', 'fairness'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender:  sensitive({ oneOf: ['female', 'male', 'other'], for: ['fairness'] }),
  },
  items: { category: 'text', supplier: 'text', price: 'money', available: 'boolean', url: 'url', image: 'url' },
  events: {
    'Product Viewed':  { item: 'properties.product_id', for: ['suggestions'] },
    'Order Completed': { items: 'properties.products[].product_id', for: ['suggestions', 'email'] },
  },
  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed', 'Order Completed'] }),
    reorder:   propensity({ for: 'email', predicts: 'Order Completed', within: '30 days', using: ['recency', 'frequency', 'ageBand'] }),
  },
  placements: {
    home:   { channel: 'web', purposes: ['suggestions'], model: 'alsoLiked', show: 12, variety: { calibrateBy: 'category' }, otherwise: 'popular', goal: 'Order Completed within 7 days' },
    weekly: { channel: 'email', purposes: ['suggestions', 'email'], model: 'alsoLiked', show: 6, atMost: '1 per week', approval: 'second person', goal: 'Order Completed within 7 days' },
  },
  fairness: { groups: ['ageBand', 'gender'], limits: { exposureRatio: 0.8 } },
})
`;

describe('the first policy of the guide', () => {
  it('is the one that compiles here, in every layout', () => {
    const example = textOf('examples/northwind/first.policy.ts');
    expect(withoutLayout(example).endsWith(withoutLayout(terse))).toBe(true);
    expect(withoutLayout(firstSnippet())).toContain(withoutLayout(terse));
  });

  it('passes the checker, which only warns of the notices left as dots', () => {
    const findings = checkPolicy(first, { file: 'fairlead.policy.ts', text: terse });
    expect(mayRun(findings)).toBe(true);
    expect(findings.map(({ code, line, column }) => [code, line, column])).toEqual([
      ['purpose.notice-placeholder', ...placeIn(terse, "notice: '…', keepFor: '13")],
      ['purpose.notice-placeholder', ...placeIn(terse, "notice: '…', keepFor: '24")],
    ]);
  });

  const changes: [code: string, from: string, to: string, place: string, change: (policy: Draft) => void][] = [
    [
      'identifier.in-use',
      "'recency'",
      "'email', 'recency'",
      "'email', 'recency'",
      (policy) => policy.models.reorder.using.unshift('email'),
    ],
    [
      'sensitive.outside-audits',
      "'frequency'",
      "'gender'",
      "'gender', 'ageBand'",
      (policy) => policy.models.reorder.using.splice(1, 1, 'gender'),
    ],
    [
      'placement.model-purpose',
      "purposes: ['suggestions']",
      "purposes: ['email']",
      "model: 'alsoLiked', show: 12",
      (policy) => (policy.placements.home.purposes = ['email']),
    ],
    [
      'model.purpose',
      "for: ['suggestions'] },\n    'Order",
      "for: ['email'] },\n    'Order",
      "'Product Viewed', 'Order",
      (policy) => (policy.events['Product Viewed'].for = ['email']),
    ],
    [
      'purpose.retention',
      ", keepFor: '24 months'",
      '',
      'fairness:    {',
      (policy) => Reflect.deleteProperty(policy.purposes.fairness, 'keepFor'),
    ],
    [
      'placement.approval',
      "approval: 'second person', ",
      '',
      'weekly: {',
      (policy) => Reflect.deleteProperty(policy.placements.weekly, 'approval'),
    ],
    [
      'unknown.event',
      "Order Completed within 7 days' },\n  }",
      "Order Complete within 7 days' },\n  }",
      "goal: 'Order Complete within",
      (policy) => (policy.placements.weekly.goal = 'Order Complete within 7 days'),
    ],
    [
      'sensitive.explicit-consent',
      "'other'], for: ['fairness']",
      "'other'], for: ['fairness', 'email']",
      "'email'] }),\n  },\n  items",
      (policy) => policy.people.gender.for.push('email'),
    ],
  ];

  it.each(changes)('with %s planted is refused on the right line and column', (code, from, to, place, change) => {
    const text = terse.replace(from, to);
    expect(text).not.toBe(terse);
    const changed = structuredClone(first) as unknown as Draft; // the clone is ours to change
    change(changed);
    const found = checkPolicy(changed, { file: 'fairlead.policy.ts', text }).find((finding) => finding.code === code);
    expect([found?.line, found?.column]).toEqual(placeIn(text, place));
  });
});

describe('the policy of the demo shop', () => {
  it('passes the checker without a warning', () => {
    expect(checkPolicy(northwind)).toEqual([]);
  });

  it('allows all that the first policy allows', () => {
    const { purposes: _purposes, events: _events, models: _models, ...rest } = first;
    expect(northwind).toMatchObject({ people: rest.people, items: rest.items, fairness: rest.fairness });
    expect(northwind.placements).toMatchObject(rest.placements);
    for (const section of ['purposes', 'events', 'models'] as const) {
      expect(Object.keys(northwind[section])).toEqual(expect.arrayContaining(Object.keys(first[section])));
    }
  });
});

describe('the documents', () => {
  it('list the rules that the checker has (`vitest -u` writes them anew)', async () => {
    await expect(rulesReference()).toMatchFileSnapshot('../../docs/reference/policy-rules.md');
  });

  it('show what the checker prints', () => {
    const text = firstSnippet().replace("purposes: ['suggestions'],", "purposes: ['email'],");
    const home = { ...first.placements.home, purposes: ['email'] };
    const planted = { ...first, placements: { ...first.placements, home } };
    const shown = /```text\n(.*)\n```/.exec(guide)?.[1];
    const printed = checkPolicy(planted, { file: 'fairlead.policy.ts', text }).map(findingText);
    expect(printed).toContain(shown);
  });

  it('show parts that a policy may have', async () => {
    const [, optOut = '', , segments = '', retention = ''] = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(
      (match) => match[1] ?? '',
    );
    const module: { default: Partial<Policy> } = await import(
      `data:text/javascript,${encodeURIComponent(`export default { purposes: { ${optOut} }, ${segments} ${retention} }`)}`
    );
    const { purposes, ...parts } = module.default;
    const extended = { ...northwind, ...parts };
    expect(checkPolicy(extended)).toEqual([]);
    const withAds = {
      ...extended,
      controller: { ...northwind.controller, regions: ['US-CA'] },
      purposes: { ...northwind.purposes, ...purposes },
      events: {
        ...northwind.events,
        'Product Viewed': { ...northwind.events['Product Viewed'], for: ['suggestions', 'ads'] },
      },
    };
    expect(checkPolicy(withAds)).toEqual([]);
  });
});

type Draft = Changeable<typeof first>;
type Changeable<Value> = Value extends string
  ? string
  : Value extends readonly unknown[]
    ? string[]
    : { -readonly [Key in keyof Value]: Changeable<Value[Key]> };

function textOf(path: string): string {
  return readFileSync(new URL(path, repository), 'utf8');
}

function firstSnippet(): string {
  return /```ts\n(.*?)```/s.exec(guide)?.[1] ?? '';
}

/** The text without what a formatter may change. */
function withoutLayout(text: string): string {
  return text.replaceAll(/[\s;]|,(?=\s*[}\])])/g, '');
}

function placeIn(text: string, sign: string): [line: number, column: number] {
  const before = text.slice(0, text.indexOf(sign));
  return [before.split('\n').length, before.length - before.lastIndexOf('\n')];
}
