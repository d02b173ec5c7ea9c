/**
 * Policies without a finding, made at random, for the property tests of every room that reads one. Names and texts hold what tends to
 * break readers: quotes, brackets, comment signs, other scripts.
 */
import * as fc from 'fast-check';
import type {
  AttributeField,
  EventRule,
  ModelRule,
  PersonField,
  PlacementRule,
  Policy,
  Purpose,
} from '../../src/policy/policy.ts';

/** A policy in which every purpose is used and `checkPolicy` finds nothing, not even a warning. */
export function arbitraryPolicy(): fc.Arbitrary<Policy> {
  return fc
    .record({
      purposes: uniqueNames(1, 3),
      fields: uniqueNames(1, 4),
      events: fc.uniqueArray(label, { minLength: 1, maxLength: 4 }),
      placements: uniqueNames(1, 3),
      itemFields: uniqueNames(1, 3),
      extras: uniqueNames(6, 6),
      notice: fc.array(noticeText, { minLength: 5, maxLength: 5 }),
      label: fc.array(label, { minLength: 5, maxLength: 5 }),
      dice: fc.array(fc.nat(1000), { minLength: 40, maxLength: 40 }),
    })
    .map(assembled);
}

interface Parts {
  readonly purposes: string[];
  readonly fields: string[];
  readonly events: string[];
  readonly placements: string[];
  readonly itemFields: string[];
  readonly extras: string[];
  readonly notice: string[];
  readonly label: string[];
  readonly dice: number[];
}

/** Syllables that are no word in any vocabulary of the checker, so that no rule about names is met by chance. */
const syllable = fc.constantFrom('ba', 'qo', 'zu', 'wex', 'vil', 'nork', 'tup', 'jy');

function uniqueNames(minLength: number, maxLength: number): fc.Arbitrary<string[]> {
  const name = fc
    .tuple(syllable, syllable, syllable, fc.constantFrom('', '-x', '_y', '7'))
    .map(([first, second, third, end]) => `${first}${second}${third}${end}`);
  return fc.uniqueArray(name, { minLength, maxLength });
}

/** What may be called an event, a category or a code. */
const label = fc
  .array(
    fc.constantFrom(
      'Qo',
      'zux',
      "it's",
      '"',
      '{',
      '}',
      '[',
      ')',
      '//',
      '/*',
      '*/',
      '${',
      '`',
      '\\',
      ',',
      ':',
      'ü',
      '商',
      '😀',
      'within',
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((words) => words.join(' '));

const noticeText = fc.tuple(label, label).map(([first, second]) => `We use this. ${first}\n${second}!`);

const durations = ['13 months', '90 days', '2 years', '1 week', '25 months', '36 hours', '45 minutes'];

function assembled(parts: Parts): Policy {
  const roll = diceOf(parts.dice);
  const [audit = '', modelA = '', modelB = '', segment = '', audience = '', prompt = ''] = parts.extras.map(
    (name) => `${name}Z`,
  );
  const optOut = roll(3) === 0 ? parts.purposes.at(-1) : undefined;
  const regions = optOut === undefined ? ['EU', 'US-CA', 'CH'].slice(roll(3)) : ['US-CA'];
  const purposeOf = (name: string, index: number): Purpose => {
    const text = {
      title: parts.label[index] ?? 'A title',
      notice: parts.notice[index] ?? 'A notice',
      keepFor: pick(roll, durations),
      ...(roll(2) === 0 ? { noticeVersion: 1 + roll(5) } : {}),
      recipients: [`Ads ${index}`],
    };
    if (name === optOut) return { basis: 'opt-out', law: 'CCPA § 1798.120', reason: 'It is the law there.', ...text };
    return { basis: 'consent', ...text };
  };

  const attributes = parts.fields.map((name, index): [string, AttributeField] => {
    const forPurposes = [...parts.purposes, audit];
    const kind = index === 0 ? 0 : roll(4);
    if (kind === 0) return [name, { kind: 'attribute', oneOf: [...new Set(parts.label)], for: forPurposes }];
    return [
      name,
      { kind: 'attribute', type: (['number', 'boolean', 'date'] as const)[kind - 1] ?? 'number', for: forPurposes },
    ];
  });
  const people: [string, PersonField][] = [
    ['email', { kind: 'identifier', type: 'email', for: parts.purposes }],
    ...attributes,
    ['isMinor', { kind: 'safeguard', when: 'declared' }],
    ['gender', { kind: 'sensitive', oneOf: ['female', 'male'], for: [audit] }],
    ['remark', { kind: 'attribute', type: 'text', for: parts.purposes }],
  ];
  const group = parts.fields[0] ?? '';
  const code = parts.label[0] ?? '';

  const events = parts.events.map((name, index): [string, EventRule] => [
    name,
    {
      ...(index % 2 === 0 ? { item: 'properties.product_id' } : { items: 'properties.products[].product_id' }),
      ...(roll(2) === 0 ? { properties: { quantity: 'number', [`${group}P`]: 'money' } } : {}),
      for: parts.purposes,
    },
  ]);
  const event = parts.events[0] ?? '';
  const purpose = parts.purposes[0] ?? '';
  const models: [string, ModelRule][] = [
    [
      modelA,
      { kind: 'recommender', for: purpose, from: parts.events, ...(roll(2) === 0 ? { minPeople: 5 + roll(9) } : {}) },
    ],
    [
      modelB,
      { kind: 'propensity', for: purpose, predicts: event, within: pick(roll, durations), using: ['recency', group] },
    ],
  ];
  const category = parts.itemFields[0] ?? '';
  const placements = parts.placements.map((name): [string, PlacementRule] => [
    name,
    {
      channel: (['web', 'email', 'ads'] as const)[roll(3)] ?? 'web',
      purposes: parts.purposes,
      model: modelA,
      show: 1 + roll(50),
      ...(roll(2) === 0 ? { variety: { calibrateBy: category } } : {}),
      ...(roll(4) === 0
        ? { variety: { calibrateBy: category, strength: 'strong', novelty: 0.25, dial: { atLeast: -1 } } }
        : {}),
      ...(roll(2) === 0 ? { otherwise: (['popular', 'newest', 'catalogue'] as const)[roll(3)] ?? 'popular' } : {}),
      ...(roll(2) === 0 ? { goal: `${event} within ${pick(roll, durations)}` } : {}),
      ...(roll(2) === 0 ? { atMost: '2 per week' } : {}),
      approval: roll(2) === 0 ? 'second person' : 'one person',
    },
  ]);
  const placement = parts.placements[0] ?? '';

  return {
    controller: { name: parts.label[1] ?? 'A shop', contact: 'privacy@shop.example', regions },
    purposes: Object.fromEntries([
      ...parts.purposes.map((name, index): [string, Purpose] => [name, purposeOf(name, index)]),
      [audit, { ...purposeOf(audit, 4), basis: 'explicit-consent' } as Purpose], // purposeOf answers consent here, since the audit purpose is never the opt-out one
    ]),
    ...(roll(2) === 0 ? { consentCategories: { [parts.label[2] ?? 'Functional']: parts.purposes } } : {}),
    people: Object.fromEntries(people),
    items: Object.fromEntries(parts.itemFields.map((name, index) => [name, index === 0 ? 'text' : 'money'])),
    events: Object.fromEntries(events),
    models: Object.fromEntries(models),
    placements: Object.fromEntries(placements),
    segments: { [segment]: { for: purpose, where: { [group]: [code], recency: { atMost: 30 } } } },
    audiences: { [audience]: { segment, placement } },
    copy: { [prompt]: { placement, cohortBy: [group], facts: [category] } },
    fairness: { groups: [group, 'gender'], limits: { exposureRatio: roll(11) / 10 } },
    ...(roll(2) === 0 ? { retention: { decisions: '6 months', complaints: '3 years' } } : {}),
  };
}

/** Numbers below a bound, from the given ones in turn. */
export function diceOf(rolls: readonly number[]): (sides: number) => number {
  let next = 0;
  return (sides) => (rolls[next++ % rolls.length] ?? 0) % sides;
}

function pick(roll: (sides: number) => number, from: readonly string[]): string {
  return from[roll(from.length)] ?? '';
}
