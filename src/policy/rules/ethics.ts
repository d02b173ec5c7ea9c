/**
 * What Fairlead itself asks, beyond the letter of one law: sensitive attributes only check fairness, safeguards only protect, nothing goes
 * out that nobody approved, and nobody is aimed at through a weakness.
 */
import { meaningsOfName, wordsOf } from '../internal/name-meaning.ts';
import type { Rule } from '../internal/rule.ts';
import { quoted } from '../internal/shapes.ts';
import { featureUses, purposeUses } from '../internal/uses.ts';
import { defaultSensitiveTopics, entryOf, sensitiveTopicsOf } from '../policy.ts';
import { isAuditPurpose } from '../views.ts';

const conduct = 'docs/guides/policy.md#what-fairlead-itself-asks';
const equalTreatment = 'https://eur-lex.europa.eu/eli/dir/2004/113/oj';
const digitalServices = 'https://eur-lex.europa.eu/eli/reg/2022/2065/oj';

/** The rules of this pack, in the order of the reference. */
export const ethicsRules: readonly Rule[] = [
  {
    code: 'sensitive.outside-audits',
    severity: 'error',
    about: 'a sensitive attribute in a model, a segment (and so an audience), a prompt or a placement',
    remedy: 'Take it out; compare the groups under fairness instead.',
    law: 'Law 8: sensitive attributes only check fairness; equal treatment, Directive 2004/113/EC Art. 4',
    source: equalTreatment,
    *violations(policy) {
      for (const use of featureUses(policy)) {
        if (use.by === 'fairness' || entryOf(policy.people, use.name)?.kind !== 'sensitive') continue;
        yield {
          path: use.path,
          message: `${use.where} uses ${quoted(use.name)}, which is sensitive and only for fairness audits`,
        };
      }
    },
  },
  {
    code: 'sensitive.purpose-in-use',
    severity: 'error',
    about: 'a sensitive attribute for a purpose that an event, a model, a placement or a segment uses as well',
    remedy: 'Give fairness a purpose of its own, used by nothing else.',
    law: 'Law 8: sensitive attributes only check fairness',
    source: conduct,
    *violations(policy) {
      const uses = purposeUses(policy).filter((use) => use.by !== 'field' && use.by !== 'category');
      for (const [field, declared] of Object.entries(policy.people)) {
        if (declared.kind !== 'sensitive') continue;
        for (const [index, purpose] of declared.for.entries()) {
          const use = uses.find((use) => use.purpose === purpose);
          if (use === undefined) continue;
          yield {
            path: ['people', field, 'for', String(index)],
            message: `${quoted(field)} is sensitive, but its purpose ${quoted(purpose)} is also used by the ${use.by} ${quoted(use.user)}`,
          };
        }
      }
    },
  },
  {
    code: 'sensitive.protected-name',
    severity: 'warning',
    about:
      'an attribute that by its name is protected by equal-treatment law (sex, age in years, marital status, nationality) and is used by a model, a segment or a prompt',
    remedy:
      'Declare it as sensitive({ … }), so that it is only compared in audits, or make sure that treating people differently by it is lawful.',
    law: 'Equal treatment of women and men, Directive 2004/113/EC Art. 4; EU Charter Art. 21',
    source: equalTreatment,
    *violations(policy) {
      for (const use of featureUses(policy)) {
        const field = entryOf(policy.people, use.name);
        if (use.by === 'fairness' || field?.kind !== 'attribute') continue;
        // Broad age bands are everyday practice in shops; sex, civil status, nationality and exact age or birth are not.
        const isBanded =
          field.oneOf !== undefined && wordsOf(use.name).some((word) => word === 'age' || word === 'altersgruppe');
        if (isBanded || !meaningsOfName(use.name).includes('protected')) continue;
        yield {
          path: use.path,
          message: `${use.where} treats people by ${quoted(use.name)}, which equal-treatment law protects`,
        };
      }
    },
  },
  {
    code: 'placement.by-people',
    severity: 'error',
    about: 'variety or a prompt fact by a field of people where a field of items belongs',
    remedy: 'Name a field of items.',
    law: 'Laws 5 and 8: a ranking and a prompt know catalogue facts, never a field of one person',
    source: conduct,
    *violations(policy) {
      for (const [name, { variety }] of Object.entries(policy.placements)) {
        if (variety === undefined || !isPeopleField(policy, variety.calibrateBy)) continue;
        yield {
          path: ['placements', name, 'variety', 'calibrateBy'],
          message: `The placement ${quoted(name)} calibrates by ${quoted(variety.calibrateBy)}, which is a field of people`,
        };
      }
      for (const [name, copy] of Object.entries(policy.copy ?? {})) {
        for (const [index, fact] of copy.facts.entries()) {
          if (!isPeopleField(policy, fact)) continue;
          yield {
            path: ['copy', name, 'facts', String(index)],
            message: `The prompt ${quoted(name)} would state ${quoted(fact)}, which is a field of people`,
          };
        }
      }
    },
  },
  {
    code: 'safeguard.in-use',
    severity: 'error',
    about: 'a safeguard in a model, a segment, a prompt or an audit',
    remedy: 'Take it out: a safeguard works by itself, and only protects.',
    law: 'Law 8: a safeguard is no signal; minors, Digital Services Act Art. 28(2)',
    source: digitalServices,
    *violations(policy) {
      for (const use of featureUses(policy)) {
        if (entryOf(policy.people, use.name)?.kind !== 'safeguard') continue;
        yield {
          path: use.path,
          message: `${use.where} uses the safeguard ${quoted(use.name)}, which must never be a signal`,
        };
      }
    },
  },
  {
    code: 'placement.approval',
    severity: 'error',
    about: 'an e-mail or ads placement that does not say who approves what goes out',
    remedy: "Add approval: 'second person'. Where one person is enough, say so: approval: 'one person'.",
    law: 'Law 6: nothing goes out unapproved; OWASP ASVS 5.0, 2.3.5 (two people for what cannot be taken back)',
    source: 'https://github.com/OWASP/ASVS/blob/v5.0.0_release/5.0/en/0x11-V2-Validation-and-Business-Logic.md',
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        if (placement.channel === 'web' || placement.approval !== undefined) continue;
        yield {
          path: ['placements', name, 'approval'],
          message: `The placement ${quoted(name)} sends ${placement.channel === 'email' ? 'e-mail' : 'people to an ad network'} without saying who approves it`,
        };
      }
    },
  },
  {
    code: 'fairness.no-audit-purpose',
    severity: 'error',
    about:
      'a fairness group by an attribute that no purpose for audits (explicit consent, used by nothing else) may see',
    remedy: 'Add such a purpose to the `for` of the attribute.',
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: 'https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_5',
    *violations(policy) {
      for (const [index, name] of (policy.fairness?.groups ?? []).entries()) {
        const field = entryOf(policy.people, name);
        if (field?.kind !== 'attribute' && field?.kind !== 'sensitive') continue;
        if (field.for.some((purpose) => isAuditPurpose(policy, purpose))) continue;
        yield {
          path: ['fairness', 'groups', String(index)],
          message: `The fairness audit compares by ${quoted(name)}, which no purpose for audits may see`,
        };
      }
    },
  },
  {
    code: 'propensity.weakness',
    severity: 'error',
    about: 'a propensity model that would find people by a weakness: an event about a sensitive topic, a bet or a loan',
    remedy: 'Predict another event. Compulsive buying is not to be aimed at.',
    law: 'Law 8; unfair commercial practices, Directive 2005/29/EC Art. 5(3) (people vulnerable by credulity or infirmity)',
    source: 'https://eur-lex.europa.eu/eli/dir/2005/29/oj',
    *violations(policy) {
      const topics = new Set([...weaknesses, ...sensitiveTopicsOf(policy), ...defaultSensitiveTopics]);
      for (const [name, model] of Object.entries(policy.models)) {
        if (model.kind !== 'propensity') continue;
        const words = wordsOf(model.predicts);
        const topic = [...topics].find((topic) => ` ${words.join(' ')} `.includes(` ${wordsOf(topic).join(' ')} `));
        if (topic === undefined) continue;
        yield {
          path: ['models', name, 'predicts'],
          message: `The model ${quoted(name)} predicts ${quoted(model.predicts)}, and so would find people by ${quoted(topic)}`,
        };
      }
    },
  },
  {
    code: 'topics.shortened',
    severity: 'warning',
    about: `a list of sensitive topics that leaves out one of the usual ones (${defaultSensitiveTopics.join(', ')})`,
    remedy: 'Add it, unless your catalogue has nothing of the kind.',
    law: 'Law 8: items of a sensitive topic enter no contribution and no personal list',
    source: conduct,
    *violations(policy) {
      const missing = defaultSensitiveTopics.filter((topic) => !sensitiveTopicsOf(policy).includes(topic));
      if (missing.length > 0) {
        yield {
          path: ['sensitiveTopics'],
          message: `The sensitive topics leave out ${missing.map(quoted).join(', ')}`,
        };
      }
    },
  },
  {
    code: 'recommender.few-people',
    severity: 'warning',
    about: 'a recommender that counts pairs of items shared by fewer than 5 people: a list could give one of them away',
    remedy: 'Leave minPeople out; the default is 5.',
    law: 'Law 7: a decision is bounded',
    source: conduct,
    *violations(policy) {
      for (const [name, model] of Object.entries(policy.models)) {
        if (model.kind !== 'recommender' || (model.minPeople ?? 5) >= 5) continue;
        yield {
          path: ['models', name, 'minPeople'],
          message: `The model ${quoted(name)} counts what only ${model.minPeople} people share`,
        };
      }
    },
  },
];

/** Beside the sensitive topics. */
const weaknesses = [
  'bet',
  'bets',
  'wager',
  'casino',
  'lottery',
  'loot box',
  'loan',
  'payday',
  'overdraft',
  'relapse',
  'binge',
];

function isPeopleField(policy: Parameters<typeof isAuditPurpose>[0], name: string): boolean {
  return Object.hasOwn(policy.people, name) && !Object.hasOwn(policy.items, name);
}
