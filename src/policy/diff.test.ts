import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPolicy } from '../../test/support/arbitrary-policy.ts';
import { renderPolicy } from '../../test/support/render-policy.ts';
import { canonicalJson } from './canonical.ts';
import { diffPolicies, findingsAgainst, needsNewNotice } from './diff.ts';
import type { Change, ChangeKind } from './diff.ts';
import { attribute, identifier, policy, propensity, recommender, safeguard, sensitive } from './policy.ts';
import type { Policy } from './policy.ts';

const base: Policy = policy({
  controller: { name: 'Northwind Gifts', contact: 'privacy@northwind.example', regions: ['EU'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions', notice: 'We suggest.', keepFor: '13 months' },
    email: { basis: 'consent', title: 'E-mail', notice: 'We write.', keepFor: '13 months', noticeVersion: 4 },
    ads: {
      basis: 'opt-out',
      law: 'CCPA',
      reason: 'It is.',
      title: 'Ads',
      notice: 'We show.',
      keepFor: '1 year',
      recipients: ['A'],
    },
    fairness: { basis: 'explicit-consent', title: 'Fairness', notice: 'We compare.', keepFor: '24 months' },
  },
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25-34'], for: ['suggestions', 'email'] }),
    visits: attribute({ type: 'number', for: ['email'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male'], for: ['fairness'] }),
  },
  items: { category: 'text' },
  events: {
    Seen: { item: 'properties.id', for: ['suggestions'] },
    Bought: { items: 'properties.list[].id', properties: { coupon: 'text' }, for: ['suggestions', 'email', 'ads'] },
  },
  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Bought'] }),
    reorder: propensity({ for: 'email', predicts: 'Bought', within: '30 days', using: ['recency', 'ageBand'] }),
  },
  placements: { home: { channel: 'web', purposes: ['suggestions'], model: 'alsoLiked', show: 12 } },
});

/** The base policy with one thing changed, wherever it stands. */
function withChange(path: readonly string[], value: unknown): Policy {
  const copy = structuredClone(base) as object; // ours to change
  let target = copy as Record<string, unknown>; // walked only along paths of the base policy
  for (const step of path.slice(0, -1)) target = target[step] as Record<string, unknown>; // the same
  const last = path.at(-1) ?? '';
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy as Policy; // the base policy with another value of the same kind
}

function kindsOf(changes: readonly Change[]): string[] {
  return changes.map((change) => `${change.kind} ${change.purpose ?? ''} ${change.askAgain}`);
}

const [consentPurpose, optOutPurpose] = ['who agreed', 'who has not objected'];

const widening: [kind: ChangeKind, who: string | undefined, path: string[], value: unknown][] = [
  ['field.added', consentPurpose, ['people', 'visits', 'for'], ['email', 'suggestions']],
  ['field.added', consentPurpose, ['people', 'postcode'], attribute({ type: 'text', for: ['suggestions'] })],
  [
    'field.changed',
    consentPurpose,
    ['people', 'ageBand'],
    attribute({ type: 'number', for: ['suggestions', 'email'] }),
  ],
  ['field.changed', consentPurpose, ['people', 'gender', 'oneOf'], ['female', 'male', 'other']],
  ['event.added', consentPurpose, ['events', 'Seen', 'for'], ['suggestions', 'email']],
  ['event.added', optOutPurpose, ['events', 'Seen', 'for'], ['suggestions', 'ads']],
  ['event.added', consentPurpose, ['events', 'Added'], { item: 'properties.id', for: ['suggestions'] }],
  ['event.property-added', consentPurpose, ['events', 'Seen', 'properties'], { query: 'text' }],
  [
    'model.added',
    consentPurpose,
    ['models', 'lapse'],
    propensity({ for: 'email', predicts: 'Bought', within: '9 days', using: ['value'] }),
  ],
  ['model.added', consentPurpose, ['models', 'reorder'], recommender({ for: 'email', from: ['Bought'] })],
  ['model.source-added', consentPurpose, ['models', 'alsoLiked', 'from'], ['Bought', 'Seen']],
  ['model.source-added', consentPurpose, ['models', 'reorder', 'using'], ['recency', 'ageBand', 'visits']],
  ['model.target-changed', consentPurpose, ['models', 'reorder', 'predicts'], 'Seen'],
  ['retention.longer', consentPurpose, ['purposes', 'suggestions', 'keepFor'], '14 months'],
  ['retention.longer', consentPurpose, ['purposes', 'suggestions', 'keepFor'], '2 years'],
  ['notice.changed', consentPurpose, ['purposes', 'suggestions', 'notice'], 'We suggest a lot.'],
  ['notice.changed', consentPurpose, ['purposes', 'suggestions', 'title'], 'Ideas'],
  ['basis.changed', consentPurpose, ['purposes', 'suggestions', 'basis'], 'explicit-consent'],
  ['recipient.added', consentPurpose, ['purposes', 'suggestions', 'recipients'], ['Ads Ltd']],
  ['recipient.added', optOutPurpose, ['purposes', 'ads', 'recipients'], ['A', 'B']],
  ['notice-version.lowered', consentPurpose, ['purposes', 'email', 'noticeVersion'], 3],
  ['controller.changed', consentPurpose, ['controller', 'name'], 'Southwind Gifts'],
];

const harmless: [kind: ChangeKind, path: string[], value: unknown][] = [
  ['purpose.removed', ['purposes', 'suggestions'], undefined],
  ['purpose.added', ['purposes', 'sms'], { basis: 'consent', title: 'SMS', notice: 'We write.', keepFor: '1 month' }],
  ['retention.shorter', ['purposes', 'suggestions', 'keepFor'], '6 months'],
  ['recipient.removed', ['purposes', 'ads', 'recipients'], undefined],
  ['field.removed', ['people', 'ageBand', 'for'], ['suggestions']],
  ['field.removed', ['people', 'visits'], undefined],
  ['field.changed', ['people', 'ageBand', 'oneOf'], ['18-24', '25-34', '35+']],
  ['event.removed', ['events', 'Bought', 'for'], ['suggestions', 'email']],
  ['event.property-removed', ['events', 'Bought', 'properties'], undefined],
  ['model.removed', ['models', 'reorder'], undefined],
  ['model.source-removed', ['models', 'reorder', 'using'], ['recency']],
  ['other', ['placements', 'home', 'show'], 6],
  ['other', ['controller', 'contact'], 'hello@northwind.example'],
  ['other', ['purposes', 'email', 'noticeVersion'], 5],
  ['other', ['purposes', 'ads', 'keepFor'], '12 months'],
  ['other', ['purposes', 'ads', 'law'], 'CCPA § 1798.120'],
  ['other', ['people', 'ageBand', 'for'], ['email', 'suggestions']],
  ['other', ['items', 'price'], 'money'],
];

describe('the difference of two policies', () => {
  it('is nothing between a policy and itself', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        expect(diffPolicies(policy, policy)).toEqual([]);
        expect(diffPolicies(policy, structuredClone(policy))).toEqual([]);
      }),
    );
  });

  it('is nothing exactly when both say the same', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), arbitraryPolicy(), (old, next) => {
        const isSame = canonicalJson(old) === canonicalJson(next);
        expect(diffPolicies(old, next).length === 0).toBe(isSame);
      }),
    );
  });

  it('shows a change of any one text anywhere', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), fc.nat(), (old, place) => {
        let texts = 0;
        const marked = (chosen: number): Policy => {
          texts = 0;
          const mark = (key: string, value: unknown): unknown =>
            typeof value === 'string' && key !== 'kind' && texts++ === chosen ? `x${value}` : value;
          return JSON.parse(JSON.stringify(old), mark) as Policy; // the same policy, at most with another text
        };
        expect(diffPolicies(old, marked(-1))).toEqual([]);
        expect(diffPolicies(old, marked(place % texts)).length).toBeGreaterThan(0);
      }),
    );
  });

  it('asks nobody for a purpose that is new or gone', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), arbitraryPolicy(), (old, next) => {
        for (const change of diffPolicies(old, next).filter(needsNewNotice)) {
          expect(Object.keys(old.purposes)).toContain(change.purpose);
          expect(Object.keys(next.purposes)).toContain(change.purpose);
        }
      }),
    );
  });

  it.each(widening)('%s needs a new notice, and asks again %s: %j', (kind, who, path, value) => {
    const next = withChange(path, value);
    const changes = diffPolicies(base, next).filter((change) => needsNewNotice(change));
    expect(changes.map((change) => change.kind)).toContain(kind);
    for (const change of changes.filter((change) => change.kind === kind && kind !== 'controller.changed')) {
      expect(change.askAgain).toBe(who);
      expect(change.isAnnounced).toBe(false);
    }
    expect(findingsAgainst(base, next).map((finding) => finding.code)).toContain(`against.${kind}`);
  });

  it.each(harmless)('%s needs no new notice: %j', (kind, path, value) => {
    const next = withChange(path, value);
    const changes = diffPolicies(base, next);
    expect(changes.map((change) => change.kind)).toContain(kind);
    expect(kindsOf(changes.filter((change) => needsNewNotice(change)))).toEqual([]);
    expect(findingsAgainst(base, next)).toEqual([]);
  });

  it('is settled by a higher notice version, which asks again those who agreed', () => {
    for (const [kind, , path, value] of widening) {
      if (kind === 'notice-version.lowered') continue;
      const next = withChange(path, value);
      const purposes = Object.entries(next.purposes).map(([name, purpose]) => [name, { ...purpose, noticeVersion: 9 }]);
      const announced = { ...next, purposes: Object.fromEntries(purposes) as Policy['purposes'] }; // the same purposes, with another version
      expect(findingsAgainst(base, announced)).toEqual([]);
      expect(diffPolicies(base, announced).some((change) => needsNewNotice(change))).toBe(true);
    }
  });

  it('is found on the line of the new file, with the notice version to write', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 50, maxLength: 100 }), (rolls) => {
        const next = withChange(['purposes', 'email', 'keepFor'], '2 years');
        const { text, placeOf } = renderPolicy(next, rolls);
        expect(findingsAgainst(base, next, { file: 'fairlead.policy.ts', text })).toEqual([
          {
            severity: 'error',
            code: 'against.retention.longer',
            message: "Data for 'email' is kept for 2 years and no longer for 13 months",
            remedy:
              "Say so in the notice of 'email' and write noticeVersion: 5; then those who agreed are asked again.",
            path: ['purposes', 'email', 'keepFor'],
            file: 'fairlead.policy.ts',
            ...placeOf(['purposes', 'email', 'keepFor']),
          },
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it('asks those who have not objected when a purpose becomes opt-in', () => {
    const { law: _law, reason: _reason, ...ads } = base.purposes['ads'] ?? { law: '', reason: '' };
    const changes = diffPolicies(base, withChange(['purposes', 'ads'], { ...ads, basis: 'consent' }));
    expect(kindsOf(changes)).toContain('basis.changed ads who has not objected');
  });
});
