/** All rules of the checker, grouped by what they stand for, and the reference page that is made from them. */
import type { Rule, RuleCard } from '../internal/rule.ts';
import { ccpaRules } from './ccpa.ts';
import { ethicsRules } from './ethics.ts';
import { gdprRules } from './gdpr.ts';
import { nameRules } from './names.ts';
import { shapeCards } from './shape.ts';

/** The rules that run on a policy of a readable shape. */
export const rules: readonly Rule[] = [...nameRules, ...gdprRules, ...ccpaRules, ...ethicsRules];

const packs: readonly { readonly title: string; readonly about: string; readonly cards: readonly RuleCard[] }[] = [
  {
    title: 'The file itself',
    about:
      'Whether the policy can be read at all. Only when nothing of the wrong kind or missing is left do the other rules run.',
    cards: Object.values(shapeCards),
  },
  { title: 'Names', about: 'Whether everything that is named exists and fits where it is named.', cards: nameRules },
  { title: 'Data protection in Europe', about: 'The GDPR and the ePrivacy Directive.', cards: gdprRules },
  {
    title: 'California',
    about: 'The CCPA and its regulations, where `regions` names `US-CA` or `US`.',
    cards: ccpaRules,
  },
  {
    title: 'Fairness and care',
    about: 'What Fairlead itself asks, with the law that stands behind it where there is one.',
    cards: ethicsRules,
  },
];

/** The text of `docs/reference/policy-rules.md`, in Markdown. */
export function rulesReference(): string {
  const count = packs.reduce((sum, pack) => sum + pack.cards.length, 0);
  const opening = `# The rules of \`fairlead check\`

<!-- Generated from src/policy/rules by rulesReference(). Do not edit by hand. -->

${count} rules. An _error_ keeps the server from starting; a _warning_ is shown and does not.
This page is no legal advice: each rule names the law it stands for, so that you can ask whoever advises you.
`;
  const sections = packs.map((pack) => {
    const entries = pack.cards.map(
      (card) => `### \`${card.code}\`

${card.severity === 'error' ? 'Refuses' : 'Warns about'} ${card.about}.

- What to do: ${card.remedy}
- Stands for: [${card.law}](${card.source.startsWith('docs/') ? card.source.replace('docs/', '../') : card.source})
`,
    );
    return `## ${pack.title}

${pack.about}

${entries.join('\n')}`;
  });
  return [opening, ...sections].join('\n');
}
