/**
 * What the file itself has to look like, before anybody asks what is allowed: every key known, every value of its kind, every name and
 * length of time readable. The checker runs the other packs only when nothing here would make them stumble.
 */
import { parsedCap, parsedDuration, parsedGoal } from '../durations.ts';
import type {
  AudienceRule,
  Controller,
  CopyRule,
  EventRule,
  FairnessLimits,
  ComplaintLimit,
  PrivacyRule,
  FairnessRule,
  IdentifierField,
  Look,
  NoticeLanguage,
  OptOutPurpose,
  PlacementRule,
  Policy,
  PropensityRule,
  RecommenderRule,
  RetainedRecord,
  SafeguardField,
  SegmentRule,
  SensitiveField,
  SignalRules,
  VarietyRule,
} from '../policy.ts';
import { countsAs, noticeLanguages } from '../policy.ts';
import type { RuleCard } from '../internal/rule.ts';
import {
  either,
  entriesOf,
  listOf,
  membersOf,
  numberBetween,
  objectOf,
  oneOf,
  taggedBy,
  text,
} from '../internal/shapes.ts';
import type { Shape, ShapeCode, ShapeViolation } from '../internal/shapes.ts';

const source = 'docs/guides/policy.md';

/** The cards of the shape pack, by code. */
export const shapeCards: Readonly<Record<ShapeCode, RuleCard>> = {
  'shape.type': {
    code: 'shape.type',
    severity: 'error',
    about: 'a value of the wrong kind, or a number out of its range',
    remedy: 'Write what the message asks for.',
    law: 'The policy language',
    source,
  },
  'shape.missing': {
    code: 'shape.missing',
    severity: 'error',
    about: 'an entry that leaves out what it cannot work without',
    remedy: 'Add the key that the message names.',
    law: 'The policy language',
    source,
  },
  'shape.unknown-key': {
    code: 'shape.unknown-key',
    severity: 'error',
    about: 'a key that the language does not know, because it would silently not be obeyed',
    remedy: 'Correct its spelling or take it out.',
    law: 'The policy language',
    source,
  },
  'shape.empty-list': {
    code: 'shape.empty-list',
    severity: 'error',
    about:
      'an empty list where at least one entry is needed; a field or event that is for no purpose could never be kept',
    remedy: 'Name at least one entry, or take the whole entry out.',
    law: 'Purpose limitation, GDPR Art. 5(1)(b)',
    source: 'https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_5',
  },
  'shape.repeated': {
    code: 'shape.repeated',
    severity: 'error',
    about: 'the same entry twice in one list',
    remedy: 'Take one of the two out.',
    law: 'The policy language',
    source,
  },
  'shape.name': {
    code: 'shape.name',
    severity: 'error',
    about: 'a name with letters that cannot stand in a URL, a record or a report, or that JavaScript uses itself',
    remedy: 'Choose letters, digits, `-` and `_`, beginning with a letter; events may be any short text.',
    law: 'The policy language',
    source,
  },
  'shape.form': {
    code: 'shape.form',
    severity: 'error',
    about:
      'a text that does not have its form: a length of time, a cap, a goal, a path to item ids, a region, an address',
    remedy:
      "Write it as the message shows, for example `'13 months'`, `'1 per week'`, `'Order Completed within 7 days'`.",
    law: 'The policy language',
    source,
  },
};

/** Everything in a value that keeps it from being a policy, in the order of the file. */
export function shapeViolations(policy: unknown): ShapeViolation[] {
  const found: ShapeViolation[] = [];
  policyShape.check(policy, [], (violation) => found.push(violation));
  return found;
}

const name = {
  expects: 'a name of letters, digits, `-` and `_` that begins with a letter, at most 64 long',
  hasForm: (text: string) => /^[A-Za-z][\w-]{0,63}$/.test(text),
};

const label = { expects: 'a text of 1 to 200 letters on one line, without blanks at its ends', hasForm: isLabel };

function isLabel(text: string): boolean {
  return text.length >= 1 && text.length <= 200 && text === text.trim() && !/\p{Cc}|\p{Cs}/u.test(text);
}

const anyText = text('a text', () => true);
const shortText = text(label.expects, label.hasForm);
const duration = text(
  "a length of time such as '13 months' or '30 days'",
  (value) => parsedDuration(value) !== undefined,
);
const cap = text("a cap such as '1 per week'", (value) => parsedCap(value) !== undefined);
const goal = text("a goal such as 'Order Completed within 7 days'", (value) => parsedGoal(value) !== undefined);
const itemPath = text("a path to one item id such as 'properties.product_id'", (value) =>
  /^properties(?:\.[\w$-]+)+$/.test(value),
);
const itemsPath = text(
  "a path to several item ids such as 'properties.products[].product_id'",
  (value) => /^properties(?:\.[\w$-]+(?:\[\])?)+$/.test(value) && value.includes('[]'),
);
const region = text("'EU', 'UK' or a country or state by ISO 3166 such as 'CH' or 'US-CA'", (value) =>
  /^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/.test(value),
);
const contact = text('an e-mail address or an https address', (value) =>
  /^(?:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(value),
);
const valueType = oneOf(['text', 'number', 'money', 'boolean', 'date', 'url']);

function namesOf(what: string, options: { mayBeEmpty: boolean } = { mayBeEmpty: false }): Shape {
  return listOf(text(`the name of ${what}`, label.hasForm), { expects: `a list of names of ${what}`, ...options });
}

function nameOfOne(what: string): Shape {
  return text(`the name of ${what}`, label.hasForm);
}

const forPurposes = namesOf('purposes');
const codes = listOf(shortText, { expects: 'a list of the codes that the value can have', mayBeEmpty: false });
const constant: Shape = { expects: 'what its builder writes', check: () => undefined };

const controller = objectOf<Controller>('who is responsible, with name, contact and regions', {
  required: ['name', 'contact', 'regions'],
  shapes: {
    name: shortText,
    contact,
    regions: listOf(region, { expects: "a list of regions such as ['EU', 'UK', 'US-CA']", mayBeEmpty: false }),
    language: oneOf(noticeLanguages),
    look: objectOf<Look>('a colour and a logo', {
      required: [],
      shapes: {
        colour: text("a colour such as '#0b6363'", (value) => /^#[0-9a-f]{6}$/i.test(value)),
        logo: text(
          "a picture as a 'data:image/…;base64,…' address of at most 8,000 letters",
          (value) => value.length <= 8_000 && /^data:image\/(?:png|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$/.test(value),
        ),
      },
    }),
  },
});

const wordsOfPurpose = objectOf<{ title: string; notice: string }>('a title and a notice', {
  required: ['title', 'notice'],
  shapes: { title: shortText, notice: anyText },
});

// Notice, retention, law and reason may be missing here: rules of their own ask for them, with the law they stand for.
const purpose = objectOf<OptOutPurpose>('a purpose with basis, title, notice and keepFor', {
  required: ['basis', 'title'],
  shapes: {
    basis: oneOf(['consent', 'explicit-consent', 'opt-out']),
    title: shortText,
    notice: anyText,
    noticeVersion: numberBetween(1, 1_000_000, { whole: true, of: '' }),
    keepFor: duration,
    recipients: listOf(shortText, { expects: 'a list of the names of those who receive it', mayBeEmpty: false }),
    law: anyText,
    reason: anyText,
    languages: objectOf<Readonly<Record<NoticeLanguage, unknown>>>('title and notice by language', {
      required: [],
      shapes: Object.fromEntries(noticeLanguages.map((language) => [language, wordsOfPurpose])) as Readonly<
        Record<NoticeLanguage, Shape>
      >, // one for each language
    }),
    countsAs: listOf(oneOf(countsAs), { expects: `a list of ${countsAs.join(', ')}`, mayBeEmpty: false }),
  },
});

const personField = taggedBy('kind', {
  expects: 'an identifier(…), attribute(…), sensitive(…) or safeguard(…)',
  shapes: {
    identifier: objectOf<IdentifierField>('an identifier', {
      required: ['type', 'for'],
      shapes: { kind: constant, type: oneOf(['email', 'phone', 'userId', 'deviceId', 'other']), for: forPurposes },
    }),
    attribute: either('an attribute with either oneOf or type', (value) =>
      membersOf(value)?.has('oneOf') === true ? oneOfAttribute : typedAttribute,
    ),
    sensitive: objectOf<SensitiveField>('a sensitive attribute', {
      required: ['oneOf', 'for'],
      shapes: { kind: constant, oneOf: codes, for: forPurposes },
    }),
    safeguard: objectOf<Omit<SafeguardField, 'for'>>('a safeguard', {
      required: ['when'],
      shapes: { kind: constant, when: oneOf(['declared']) },
    }),
  },
});

const oneOfAttribute = objectOf<{ kind: unknown; oneOf: unknown; for: unknown }>('an attribute', {
  required: ['oneOf', 'for'],
  shapes: { kind: constant, oneOf: codes, for: forPurposes },
});

const typedAttribute = objectOf<{ kind: unknown; type: unknown; for: unknown }>('an attribute', {
  required: ['type', 'for'],
  shapes: { kind: constant, type: oneOf(['number', 'text', 'boolean', 'date']), for: forPurposes },
});

const eventRule = objectOf<EventRule>('an event with the purposes it is for', {
  required: ['for'],
  shapes: {
    item: itemPath,
    items: itemsPath,
    properties: entriesOf(valueType, { expects: 'the kept properties, each with its type', name: label }),
    for: forPurposes,
  },
});

const modelRule = taggedBy('kind', {
  expects: 'a recommender(…) or a propensity(…)',
  shapes: {
    recommender: objectOf<RecommenderRule>('a recommender', {
      required: ['for', 'from'],
      shapes: {
        kind: constant,
        for: nameOfOne('a purpose'),
        from: namesOf('events'),
        minPeople: numberBetween(1, 1_000_000, { whole: true, of: ' of people' }),
      },
    }),
    propensity: objectOf<PropensityRule>('a propensity model', {
      required: ['for', 'predicts', 'within', 'using'],
      shapes: {
        kind: constant,
        for: nameOfOne('a purpose'),
        predicts: nameOfOne('an event'),
        within: duration,
        using: namesOf('attributes and built-in features'),
      },
    }),
  },
});

const placementRule = objectOf<PlacementRule>('a placement with channel, purposes, model and show', {
  required: ['channel', 'model', 'show'],
  shapes: {
    channel: oneOf(['web', 'email', 'ads']),
    purposes: namesOf('purposes', { mayBeEmpty: true }),
    model: nameOfOne('a model'),
    show: numberBetween(1, 500, { whole: true, of: ' of items' }),
    variety: objectOf<VarietyRule>('a variety rule', {
      required: ['calibrateBy'],
      shapes: {
        calibrateBy: nameOfOne('an item field'),
        strength: oneOf(['gentle', 'balanced', 'strong']),
        novelty: numberBetween(0, 0.5, { whole: false, of: '' }),
        supplierShareMax: numberBetween(0.01, 1, { whole: false, of: '' }),
        dial: objectOf<NonNullable<VarietyRule['dial']>>('bounds for the dial, such as { atLeast: -1, atMost: 1 }', {
          required: [],
          shapes: {
            atLeast: numberBetween(-2, 0, { whole: true, of: '' }),
            atMost: numberBetween(0, 2, { whole: true, of: '' }),
          },
        }),
      },
    }),
    otherwise: oneOf(['popular', 'newest', 'catalogue']),
    goal,
    atMost: cap,
    approval: oneOf(['second person', 'one person']),
  },
});

const condition = either('a list of codes, or a range such as { atLeast: 2 }', (value) =>
  Array.isArray(value) ? codes : range,
);
const bound = numberBetween(-1e15, 1e15, { whole: false, of: '' });
const range = objectOf<{ atLeast?: number; atMost?: number }>('a list of codes, or a range such as { atLeast: 2 }', {
  required: [],
  shapes: { atLeast: bound, atMost: bound },
});

const policyShape = objectOf<Policy>('an object, made by policy({ … })', {
  required: ['controller', 'purposes', 'people', 'items', 'events', 'models', 'placements'],
  shapes: {
    controller,
    purposes: entriesOf(purpose, { expects: 'the purposes by name', name }),
    consentCategories: entriesOf(namesOf('purposes'), { expects: 'lists of purposes by category', name: label }),
    signals: objectOf<SignalRules>('what signals say about purposes, with gpc and tcf', {
      required: [],
      shapes: {
        gpc: namesOf('purposes'),
        tcf: entriesOf(namesOf('purposes'), {
          expects: "lists of purposes by the number of a TCF purpose, such as { '4': ['ads'] }",
          name: {
            expects: "the number of a TCF purpose, '1' to '11'",
            hasForm: (number: string) => /^(?:[1-9]|1[01])$/.test(number),
          },
        }),
      },
    }),
    people: entriesOf(personField, { expects: 'the fields of a profile by name', name }),
    items: entriesOf(valueType, { expects: 'the attributes of items, each with its type', name }),
    events: entriesOf(eventRule, { expects: 'the events by name', name: label }),
    models: entriesOf(modelRule, { expects: 'the models by name', name }),
    placements: entriesOf(placementRule, { expects: 'the placements by name', name }),
    segments: entriesOf(
      objectOf<SegmentRule>('a segment with its purpose and conditions', {
        required: ['for', 'where'],
        shapes: {
          for: nameOfOne('a purpose'),
          where: entriesOf(condition, { expects: 'conditions by attribute or built-in feature', name }),
        },
      }),
      { expects: 'the segments by name', name },
    ),
    audiences: entriesOf(
      objectOf<AudienceRule>('an audience with segment and placement', {
        required: ['segment', 'placement'],
        shapes: { segment: nameOfOne('a segment'), placement: nameOfOne('a placement') },
      }),
      { expects: 'the audiences by name', name },
    ),
    copy: entriesOf(
      objectOf<CopyRule>('a prompt with placement, cohortBy and facts', {
        required: ['placement', 'cohortBy', 'facts'],
        shapes: {
          placement: nameOfOne('a placement'),
          cohortBy: namesOf('attributes and built-in features', { mayBeEmpty: true }),
          facts: namesOf('item fields'),
        },
      }),
      { expects: 'the prompts by name', name },
    ),
    fairness: objectOf<FairnessRule>('the groups to compare and the limits', {
      required: ['groups', 'limits'],
      shapes: {
        groups: namesOf('attributes'),
        limits: objectOf<FairnessLimits>('limits', {
          required: [],
          shapes: { exposureRatio: numberBetween(0, 1, { whole: false, of: '' }) },
        }),
      },
    }),
    complaints: objectOf<ComplaintLimit>('a limit of complaints with perThousand, within and atLeast', {
      required: ['perThousand', 'within', 'atLeast'],
      shapes: {
        perThousand: numberBetween(0, 1_000, { whole: false, of: '' }),
        within: duration,
        atLeast: numberBetween(1, 1_000, { whole: true, of: '' }),
      },
    }),
    privacy: objectOf<PrivacyRule>('a privacy budget with epsilon, delta, period and popularEvery', {
      required: ['epsilon', 'delta', 'period', 'popularEvery'],
      shapes: {
        epsilon: numberBetween(0.01, 10, { whole: false, of: '' }),
        delta: numberBetween(1e-12, 1e-4, { whole: false, of: '' }),
        period: duration,
        popularEvery: duration,
      },
    }),
    retention: objectOf<Record<RetainedRecord, string>>('how long each kind of record is kept', {
      required: [],
      shapes: {
        decisions: duration,
        consent: duration,
        complaints: duration,
        approvals: duration,
        receipts: duration,
        models: duration,
      },
    }),
    sensitiveTopics: listOf(shortText, { expects: 'a list of topics', mayBeEmpty: true }),
  },
});
