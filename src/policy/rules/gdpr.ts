/** What the General Data Protection Regulation and the ePrivacy Directive ask of a policy: purpose, notice, retention, consent, sealing. */
import { durationMsMean, durationOf, parsedDuration, parsedGoal } from '../durations.ts';
import { meaningsOfName } from '../internal/name-meaning.ts';
import type { Rule } from '../internal/rule.ts';
import { quoted } from '../internal/shapes.ts';
import { featureUses, personDataUses, purposeUses } from '../internal/uses.ts';
import { noticeMeasures } from '../notice-measures.ts';
import { entryOf, legalDuties } from '../policy.ts';
import type { Policy } from '../policy.ts';

const gdpr = (article: number): string => `https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_${article}`;
const ePrivacy = 'https://eur-lex.europa.eu/eli/dir/2002/58/2009-12-19';
const keepMax = '25 months';

/** The rules of this pack, in the order of the reference. */
export const gdprRules: readonly Rule[] = [
  {
    code: 'purpose.notice',
    severity: 'error',
    about: 'a purpose without a notice: nobody can agree to what they were not told',
    remedy: 'Add a notice that says in plain words what is used and what for.',
    law: 'Informed consent, GDPR Art. 4(11), 7 and 13',
    source: gdpr(13),
    *violations(policy) {
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        const { notice } = purpose;
        if (isBlank(notice) || isPlaceholderWord(notice)) {
          yield {
            path: ['purposes', name, 'notice'],
            message: `The purpose ${quoted(name)} has no notice, so nobody could know what they agree to`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.notice-placeholder',
    severity: 'warning',
    about: 'a notice that is only dots: fine in an example, useless to a person',
    remedy: 'Write what is used and what for, in one or two plain sentences.',
    law: 'Informed consent, GDPR Art. 7 and 12(1)',
    source: gdpr(12),
    *violations(policy) {
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        const { notice } = purpose;
        if (!isBlank(notice) && isDots(notice)) {
          yield {
            path: ['purposes', name, 'notice'],
            message: `The notice of the purpose ${quoted(name)} is only dots`,
          };
        }
      }
    },
  },
  {
    code: 'notice.hard',
    severity: 'warning',
    about:
      'a notice that reads hard, in any of its languages: below 50 on the Flesch scale of its language, or, in Arabic, more than 20 words in a sentence',
    remedy: 'Write shorter sentences and shorter words: one thing a sentence, as you would say it to a customer.',
    law: 'Concise, intelligible, in clear and plain language, GDPR Art. 12(1)',
    source: gdpr(12),
    *violations(policy) {
      for (const { purpose, language, path, ease } of noticeMeasures(policy)) {
        if (ease?.isHard === true) {
          yield {
            path,
            message: `The notice of the purpose ${quoted(purpose)} reads hard in ${quoted(language)}: ${ease.formula} ${ease.score}, where ${ease.limit} is the limit`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.retention',
    severity: 'error',
    about: 'a purpose that does not say how long data is kept',
    remedy: "Add keepFor, for example keepFor: '13 months'.",
    law: 'Storage limitation, GDPR Art. 5(1)(e) and 13(2)(a)',
    source: gdpr(5),
    *violations(policy) {
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        if (purpose.keepFor === '') {
          yield {
            path: ['purposes', name, 'keepFor'],
            message: `The purpose ${quoted(name)} does not say how long data is kept`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.keep-long',
    severity: 'warning',
    about: `data kept for longer than ${keepMax}`,
    remedy: `Keep it for ${keepMax} at most, or write down why longer is necessary.`,
    law: 'Storage limitation, GDPR Art. 5(1)(e); the CNIL recommends 25 months for what trackers collect (deliberation 2020-091)',
    source: 'https://www.cnil.fr/en/cookies-and-other-tracking-devices-cnil-publishes-new-guidelines',
    *violations(policy) {
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        const keepFor = parsedDuration(purpose.keepFor);
        if (keepFor !== undefined && durationMsMean(keepFor) > durationMsMean(durationOf(keepMax))) {
          yield {
            path: ['purposes', name, 'keepFor'],
            message: `The purpose ${quoted(name)} keeps data for ${purpose.keepFor}, which is longer than ${keepMax}`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.reserved',
    severity: 'error',
    about: `a purpose named like a legal duty (${legalDuties.join(', ')}): those are built in, and need no consent`,
    remedy: 'Choose another name.',
    law: 'Legal obligation, GDPR Art. 6(1)(c)',
    source: gdpr(6),
    *violations(policy) {
      for (const name of Object.keys(policy.purposes)) {
        // Widened, because `includes` of a closed list takes its own members alone.
        if (legalDuties.some((duty) => duty === name)) {
          yield {
            path: ['purposes', name],
            message: `${quoted(name)} is a duty that the law gives, and cannot be a purpose that people choose`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.unused',
    severity: 'warning',
    about: 'a purpose that no field, event, model, placement or segment names: people would be asked for nothing',
    remedy: 'Take the purpose out, or name it where it is used.',
    law: 'Purpose limitation and data minimisation, GDPR Art. 5(1)(b) and (c)',
    source: gdpr(5),
    *violations(policy) {
      const uses = purposeUses(policy).filter((use) => use.by !== 'category');
      const used = new Set(uses.map((use) => use.purpose));
      for (const name of Object.keys(policy.purposes)) {
        if (!used.has(name)) {
          yield { path: ['purposes', name], message: `Nothing uses the purpose ${quoted(name)}` };
        }
      }
    },
  },
  {
    code: 'purpose.opt-out',
    severity: 'error',
    about: 'opt-out without the law that allows it and the reason why it is used; opt-in is the rule everywhere',
    remedy: "Write basis: 'consent', or add law and reason, for example law: 'CCPA § 1798.120'.",
    law: 'Lawfulness and accountability, GDPR Art. 5(2) and 6(1)',
    source: gdpr(6),
    *violations(policy) {
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        if (purpose.basis !== 'opt-out') continue;
        const missing = (['law', 'reason'] as const).filter((key) => isBlank(purpose[key]));
        if (missing.length > 0) {
          yield {
            path: ['purposes', name, 'basis'],
            message: `The purpose ${quoted(name)} is opt-out, but does not give the ${missing.join(' and the ')}`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.stray-law',
    severity: 'error',
    about: 'a law or reason beside consent, which needs neither: whoever reads it would take the purpose for opt-out',
    remedy: "Take law and reason out, or write basis: 'opt-out'.",
    law: 'Transparency, GDPR Art. 5(1)(a)',
    source: gdpr(5),
    *violations(policy) {
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        const key = (['law', 'reason'] as const).find((key) => purpose[key] !== undefined);
        if (purpose.basis !== 'opt-out' && key !== undefined) {
          yield {
            path: ['purposes', name, key],
            message: `The purpose ${quoted(name)} rests on ${purpose.basis}, and yet gives a ${key}`,
          };
        }
      }
    },
  },
  {
    code: 'purpose.opt-out-region',
    severity: 'warning',
    about: 'opt-out where people in the EU, the UK or Switzerland are served',
    remedy: "Write basis: 'consent', or make sure with counsel that the law you give reaches all regions.",
    law: 'Storage on devices and direct marketing, ePrivacy Directive Art. 5(3) and 13',
    source: ePrivacy,
    *violations(policy) {
      const region = policy.controller.regions.find((region) => optInRegions.has(region.split('-')[0] ?? ''));
      if (region === undefined) return;
      for (const [name, purpose] of Object.entries(policy.purposes)) {
        if (purpose.basis === 'opt-out') {
          yield {
            path: ['purposes', name, 'basis'],
            message: `The purpose ${quoted(name)} is opt-out, also for people in ${region}`,
          };
        }
      }
    },
  },
  {
    code: 'model.purpose',
    severity: 'error',
    about: 'a model over events or attributes whose purposes do not include its own',
    remedy:
      "Add the model's purpose to the `for` of what it reads (people are then asked again), or take it out of the model.",
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: gdpr(5),
    *violations(policy) {
      for (const use of personDataUses(policy)) {
        if (use.by !== 'model' || use.purposes.includes(use.purpose)) continue;
        yield {
          path: use.path,
          message: `The model ${quoted(use.user)} is for ${quoted(use.purpose)}, but ${quoted(use.name)} is kept for ${listed(use.purposes)} only`,
          remedy: `Add ${quoted(use.purpose)} to the \`for\` of ${quoted(use.name)} (people are then asked again), or take ${quoted(use.name)} out of the model.`,
        };
      }
    },
  },
  {
    code: 'segment.purpose',
    severity: 'error',
    about: 'a segment over attributes whose purposes do not include its own',
    remedy: "Add the segment's purpose to the `for` of the attribute, or take the condition out.",
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: gdpr(5),
    *violations(policy) {
      for (const use of personDataUses(policy)) {
        if (use.by !== 'segment' || use.purposes.includes(use.purpose)) continue;
        yield {
          path: use.path,
          message: `The segment ${quoted(use.user)} is for ${quoted(use.purpose)}, but ${quoted(use.name)} is kept for ${listed(use.purposes)} only`,
        };
      }
    },
  },
  {
    code: 'audience.purpose',
    severity: 'error',
    about: 'an audience whose placement does not name the purpose of its segment',
    remedy: "Add the segment's purpose to the placement, or choose another segment.",
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: gdpr(5),
    *violations(policy) {
      for (const [name, audience] of Object.entries(policy.audiences ?? {})) {
        const segment = entryOf(policy.segments, audience.segment);
        const placement = entryOf(policy.placements, audience.placement);
        if (segment === undefined || placement === undefined || placement.purposes.includes(segment.for)) continue;
        yield {
          path: ['audiences', name, 'segment'],
          message: `The audience ${quoted(name)} reads people for ${quoted(segment.for)}, which its placement ${quoted(audience.placement)} does not name`,
        };
      }
    },
  },
  {
    code: 'copy.purpose',
    severity: 'error',
    about: 'a prompt over cohorts by an attribute that none of the purposes of its placement may see',
    remedy: "Add one of the placement's purposes to the `for` of the attribute, or take it out of cohortBy.",
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: gdpr(5),
    *violations(policy) {
      for (const [name, copy] of Object.entries(policy.copy ?? {})) {
        const placement = entryOf(policy.placements, copy.placement);
        if (placement === undefined) continue;
        for (const [index, feature] of copy.cohortBy.entries()) {
          const field = entryOf(policy.people, feature);
          if (field?.kind !== 'attribute' || field.for.some((purpose) => placement.purposes.includes(purpose)))
            continue;
          yield {
            path: ['copy', name, 'cohortBy', String(index)],
            message: `The prompt ${quoted(name)} divides people by ${quoted(feature)}, which no purpose of the placement ${quoted(copy.placement)} may see`,
          };
        }
      }
    },
  },
  {
    code: 'placement.no-purposes',
    severity: 'error',
    about: 'a placement that names no purposes: without one there is nothing that a person could allow or refuse',
    remedy: 'Add purposes: all of them must stand before an answer is personal.',
    law: 'Lawfulness of processing, GDPR Art. 6(1)',
    source: gdpr(6),
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        if (placement.purposes.length === 0) {
          yield {
            path: ['placements', name, 'purposes'],
            message: `The placement ${quoted(name)} does not name its purposes`,
          };
        }
      }
    },
  },
  {
    code: 'placement.model-purpose',
    severity: 'error',
    about: 'a placement that uses a model whose purpose it does not name',
    remedy: "Add the model's purpose to the purposes of the placement.",
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: gdpr(5),
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        const model = entryOf(policy.models, placement.model);
        if (model === undefined || placement.purposes.includes(model.for) || placement.purposes.length === 0) continue;
        yield {
          path: ['placements', name, 'model'],
          message: `The placement ${quoted(name)} uses the model ${quoted(placement.model)}, which is for ${quoted(model.for)}, a purpose that the placement does not name`,
          remedy: `Add ${quoted(model.for)} to the purposes of ${quoted(name)}.`,
        };
      }
    },
  },
  {
    code: 'goal.purpose',
    severity: 'error',
    about: 'a goal over an event that is kept for none of the purposes of the placement',
    remedy: "Add one of the placement's purposes to the `for` of the event, or choose another goal.",
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: gdpr(5),
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        const goal = parsedGoal(placement.goal ?? '');
        const event = goal && entryOf(policy.events, goal.event);
        if (goal === undefined || event === undefined) continue;
        if (placement.purposes.length === 0 || event.for.some((purpose) => placement.purposes.includes(purpose)))
          continue;
        yield {
          path: ['placements', name, 'goal'],
          message: `The goal of the placement ${quoted(name)} counts ${quoted(goal.event)}, which is kept for ${listed(event.for)} only`,
        };
      }
    },
  },
  {
    code: 'sensitive.explicit-consent',
    severity: 'error',
    about: 'a sensitive attribute for a purpose without explicit consent',
    remedy: "Give the purpose basis: 'explicit-consent', or take it out of the `for` of the attribute.",
    law: 'Special categories, GDPR Art. 9(2)(a)',
    source: gdpr(9),
    *violations(policy) {
      for (const [field, declared] of Object.entries(policy.people)) {
        if (declared.kind !== 'sensitive') continue;
        for (const [index, name] of declared.for.entries()) {
          const purpose = entryOf(policy.purposes, name);
          if (purpose === undefined || purpose.basis === 'explicit-consent') continue;
          yield {
            path: ['people', field, 'for', String(index)],
            message: `${quoted(field)} is sensitive, but ${quoted(name)} rests on ${purpose.basis} and not on explicit consent`,
          };
        }
      }
    },
  },
  {
    code: 'special-category.undeclared',
    severity: 'error',
    about: 'a field or property that by its name is special-category data, but is not declared sensitive',
    remedy: 'Declare it in people as sensitive({ … }) for a purpose with explicit consent, or do not keep it.',
    law: 'Special categories, GDPR Art. 9(1)',
    source: gdpr(9),
    *violations(policy) {
      for (const { path, name } of plainlyKept(policy)) {
        if (meaningsOfName(name).includes('special category')) {
          yield { path, message: `${quoted(name)} looks like special-category data, but is not declared sensitive` };
        }
      }
    },
  },
  {
    code: 'identifier.undeclared',
    severity: 'error',
    about:
      'a field or property that by its name identifies a person, but is not declared an identifier and so would not be sealed',
    remedy: 'Declare it in people as identifier(…), which seals it in the vault, or do not keep it.',
    law: 'Security and data protection by design, GDPR Art. 25 and 32',
    source: gdpr(32),
    *violations(policy) {
      for (const { path, name, type } of plainlyKept(policy)) {
        if (type === 'text' && meaningsOfName(name).includes('identifier')) {
          yield {
            path,
            message: `${quoted(name)} looks like something that identifies a person, but is not declared an identifier`,
          };
        }
      }
    },
  },
  {
    code: 'identifier.in-use',
    severity: 'error',
    about: 'a model, a segment (and so an audience), a prompt or an audit over an identifier',
    remedy: 'Use an attribute instead: identifiers are only for reaching people and knowing them again.',
    law: 'Data minimisation, GDPR Art. 5(1)(c)',
    source: gdpr(5),
    *violations(policy) {
      for (const use of featureUses(policy)) {
        if (entryOf(policy.people, use.name)?.kind !== 'identifier') continue;
        yield { path: use.path, message: `${use.where} is over ${quoted(use.name)}, which identifies a person` };
      }
    },
  },
  {
    code: 'text.in-use',
    severity: 'error',
    about: 'a model, a segment, a prompt or an audit over free text, which is sealed and can say anything',
    remedy: 'Use an attribute with oneOf, a number or a boolean.',
    law: 'Data minimisation, GDPR Art. 5(1)(c)',
    source: gdpr(5),
    *violations(policy) {
      for (const use of featureUses(policy)) {
        const field = entryOf(policy.people, use.name);
        if (field?.kind !== 'attribute' || field.type !== 'text') continue;
        yield { path: use.path, message: `${use.where} is over ${quoted(use.name)}, which is free text` };
      }
    },
  },
  {
    code: 'email.address',
    severity: 'error',
    about: 'an e-mail placement of which no purpose may see an e-mail address: its consent does not reach the address',
    remedy: "Add to the placement a purpose that an identifier('email', …) is for.",
    law: 'Direct marketing needs consent of its own, ePrivacy Directive Art. 13(1)',
    source: ePrivacy,
    *violations(policy) {
      const addresses = Object.values(policy.people).filter(
        (field) => field.kind === 'identifier' && field.type === 'email',
      );
      for (const [name, placement] of Object.entries(policy.placements)) {
        const purposes = placement.purposes;
        if (placement.channel !== 'email' || purposes.length === 0) continue;
        if (addresses.some((field) => field.for?.some((purpose) => purposes.includes(purpose)))) continue;
        yield {
          path: ['placements', name, 'purposes'],
          message: `The placement ${quoted(name)} sends e-mail, but none of its purposes may see an e-mail address`,
        };
      }
    },
  },
  {
    code: 'ads.recipient',
    severity: 'error',
    about: 'an ads placement of which no purpose says who receives the people it exports',
    remedy: "Add recipients to one of its purposes, for example recipients: ['Example Ads Ltd'].",
    law: 'Recipients are named in the notice, GDPR Art. 13(1)(e)',
    source: gdpr(13),
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        if (placement.channel !== 'ads' || placement.purposes.length === 0) continue;
        if (placement.purposes.some((purpose) => entryOf(policy.purposes, purpose)?.recipients !== undefined)) continue;
        yield {
          path: ['placements', name, 'purposes'],
          message: `The placement ${quoted(name)} hands people over to somebody whom none of its purposes names`,
        };
      }
    },
  },
  {
    code: 'consent-category.explicit',
    severity: 'error',
    about:
      "another tool's consent category that stands for a purpose with explicit consent: a category is no express statement",
    remedy: 'Take the purpose out of the category, and ask for it by its own notice.',
    law: 'Explicit consent, GDPR Art. 9(2)(a); EDPB Guidelines 05/2020, section 4',
    source:
      'https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-052020-consent-under-regulation-2016679_en',
    *violations(policy) {
      for (const [category, purposes] of Object.entries(policy.consentCategories ?? {})) {
        for (const [index, name] of purposes.entries()) {
          if (entryOf(policy.purposes, name)?.basis !== 'explicit-consent') continue;
          yield {
            path: ['consentCategories', category, String(index)],
            message: `The category ${quoted(category)} would give ${quoted(name)}, which needs explicit consent`,
          };
        }
      }
    },
  },
];

/** Where opting in is the rule for trackers and direct marketing: the EU and EEA, the United Kingdom, Switzerland. */
const optInRegions = new Set(
  `EU UK GB CH IS LI NO AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE`.split(' '),
);

/** Attributes and event properties: what is kept without being declared an identifier or sensitive. */
function* plainlyKept(policy: Policy): Iterable<{ path: readonly string[]; name: string; type: string | undefined }> {
  for (const [name, field] of Object.entries(policy.people)) {
    if (field.kind === 'attribute') yield { path: ['people', name], name, type: field.type };
  }
  for (const [event, rule] of Object.entries(policy.events)) {
    for (const [name, type] of Object.entries(rule.properties ?? {})) {
      yield { path: ['events', event, 'properties', name], name, type };
    }
  }
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === '';
}

function isDots(text: string): boolean {
  return /^[\s.…]+$/.test(text);
}

function isPlaceholderWord(text: string): boolean {
  return /^\W*(?:todo|tbd|tba|xxx|fixme|lorem ipsum.*)\W*$/is.test(text);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.map(quoted).join(' and ');
}
