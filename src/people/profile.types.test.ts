/** Law 1 in types: what a purpose may not see does not compile. Checked by `tsc`; the run-time half is in `test/database/laws.test.ts`. */
import { describe, expectTypeOf, it } from 'vitest';
import type { Permit } from '../consent/permit.ts';
import { attribute, identifier, policy, safeguard, sensitive } from '../policy/policy.ts';
import type { PermittedProfile } from './profile.ts';

const shop = policy({
  controller: { name: 'Test Shop', contact: 'privacy@shop.example', regions: ['EU'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions', notice: 'We use what you view.', keepFor: '13 months' },
    email: { basis: 'consent', title: 'E-mail', notice: 'We write to you.', keepFor: '13 months' },
    fairness: { basis: 'explicit-consent', title: 'Fairness', notice: 'We compare groups.', keepFor: '24 months' },
  },
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25+'], for: ['suggestions', 'email'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male'], for: ['fairness'] }),
  },
  items: {},
  events: {},
  models: {},
  placements: {},
});
type Shop = typeof shop;

describe('a permit shows only what its purpose may see', () => {
  it('gives suggestions the age band and nothing else', () => {
    expectTypeOf<keyof PermittedProfile<Shop, 'suggestions'>['view']>().toEqualTypeOf<'ageBand'>();
    const read = (profile: PermittedProfile<Shop, 'suggestions'>): unknown[] => [
      profile.view.ageBand,
      // @ts-expect-error e-mail is not for suggestions
      profile.view.email,
      // @ts-expect-error a sensitive attribute only checks fairness
      profile.view.gender,
      // @ts-expect-error a safeguard is in no view
      profile.view.isMinor,
    ];
    expectTypeOf(read).toBeFunction();
  });

  it('does not take a permit for another purpose, nor one that was made by hand', () => {
    const use = (permit: Permit<'email'>): string => permit.purpose;
    const misuse = (permit: Permit<'suggestions'>): unknown => [
      // @ts-expect-error a permit for suggestions is none for e-mail
      use(permit),
      // @ts-expect-error a permit cannot be written down: its brand is exported by nobody
      use({ personId: 'p', purpose: 'email', basis: { kind: 'duty', reason: 'none' } }),
    ];
    expectTypeOf(misuse).toBeFunction();
  });

  it('knows no purpose that the policy does not name', () => {
    // @ts-expect-error there is no such purpose
    expectTypeOf<PermittedProfile<Shop, 'advertising'>>().toBeObject();
  });
});
