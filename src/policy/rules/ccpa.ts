/** What the California Consumer Privacy Act and its regulations ask of a policy that reaches people in California. */
import { durationMsMean, durationOf, parsedDuration } from '../durations.ts';
import type { Rule } from '../internal/rule.ts';
import { quoted } from '../internal/shapes.ts';
import { retentionOf } from '../policy.ts';
import type { Policy } from '../policy.ts';

const statute = 'https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml?lawCode=CIV&sectionNum=1798.120.';
const regulations = 'https://cppa.ca.gov/regulations/';
const keepMin = '24 months';

/** The rules of this pack, in the order of the reference. */
export const ccpaRules: readonly Rule[] = [
  {
    code: 'retention.requests',
    severity: 'error',
    about: `complaints or receipts kept for less than ${keepMin} where people in California are served`,
    remedy: `Keep them for ${keepMin} or longer, or leave the line out: the default is long enough.`,
    law: 'Records of requests and of the answers, CCPA regulations § 7101(a)',
    source: regulations,
    *violations(policy) {
      if (!reachesCalifornia(policy)) return;
      for (const record of ['complaints', 'receipts'] as const) {
        const keepFor = parsedDuration(retentionOf(policy, record));
        if (keepFor === undefined || durationMsMean(keepFor) >= durationMsMean(durationOf(keepMin))) continue;
        yield {
          path: ['retention', record],
          message: `The retention of ${record} is ${retentionOf(policy, record)}, which is shorter than ${keepMin}`,
        };
      }
    },
  },
  {
    code: 'opt-out.minors',
    severity: 'error',
    about:
      'an opt-out purpose with recipients where people in California are served, in a policy without a safeguard for minors',
    remedy: "Add a field such as isMinor: safeguard({ when: 'declared' }), or rest the purpose on consent.",
    law: 'Selling and sharing the data of people under 16 needs opt-in, CCPA § 1798.120(c)',
    source: statute,
    *violations(policy) {
      const hasSafeguard = Object.values(policy.people).some((field) => field.kind === 'safeguard');
      if (!reachesCalifornia(policy) || hasSafeguard) return;
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        if (purpose.basis !== 'opt-out' || purpose.recipients === undefined) continue;
        yield {
          path: ['purposes', name, 'recipients'],
          message: `The purpose ${quoted(name)} hands data over by opt-out, and nothing in the policy holds minors back`,
        };
      }
    },
  },
];

function reachesCalifornia(policy: Policy): boolean {
  return policy.controller.regions.some((region) => region === 'US' || region === 'US-CA');
}
