/** For each rule of the checker one way to break it in an otherwise clean policy; answers the path where the finding has to be. */
import type { Policy } from '../../src/policy/policy.ts';

type Changeable<Value> = Value extends readonly (infer Element)[]
  ? Changeable<Element>[]
  : Value extends object
    ? { -readonly [Key in keyof Value]: Changeable<Value[Key]> }
    : Value;

type Draft = Changeable<Policy>;

export const plantedViolations: Readonly<Record<string, (policy: Draft) => string[]>> = {
  'shape.type': (policy) => {
    const [name, placement] = first(policy.placements);
    placement.show = 0;
    return ['placements', name, 'show'];
  },
  'shape.missing': (policy) => {
    const [name, placement] = first(policy.placements);
    delete (placement as Partial<typeof placement>).model; // what the rule is about
    return ['placements', name, 'model'];
  },
  'shape.unknown-key': (policy) => {
    const [name, event] = first(policy.events);
    Object.assign(event, { itmes: 'properties.id' });
    return ['events', name, 'itmes'];
  },
  'shape.empty-list': (policy) => {
    const [name, event] = first(policy.events);
    event.for = [];
    return ['events', name, 'for'];
  },
  'shape.repeated': (policy) => {
    const [name, event] = first(policy.events);
    event.for = [...event.for, ...event.for];
    return ['events', name, 'for', String(event.for.length - 1)];
  },
  'shape.name': (policy) => {
    policy.items['no name'] = 'text';
    return ['items', 'no name'];
  },
  'shape.form': (policy) => {
    const [name, purpose] = first(policy.purposes);
    purpose.keepFor = 'a while';
    return ['purposes', name, 'keepFor'];
  },

  'unknown.purpose': (policy) => {
    const [name, event] = first(policy.events);
    event.for.push('nobodyAskedFor');
    return ['events', name, 'for', String(event.for.length - 1)];
  },
  'unknown.event': (policy) => {
    const [name, placement] = first(policy.placements);
    placement.goal = 'Nothing Of The Kind within 7 days';
    return ['placements', name, 'goal'];
  },
  'unknown.feature': (policy) => withFeature(policy, 'nothingOfTheKind'),
  'unknown.model': (policy) => {
    const [name, placement] = first(policy.placements);
    placement.model = 'nothingOfTheKind';
    return ['placements', name, 'model'];
  },
  'unknown.item-field': (policy) => {
    const [name, copy] = first(policy.copy);
    copy.facts.push('nothingOfTheKind');
    return ['copy', name, 'facts', String(copy.facts.length - 1)];
  },
  'unknown.segment': (policy) => {
    const [name, audience] = first(policy.audiences);
    audience.segment = 'nothingOfTheKind';
    return ['audiences', name, 'segment'];
  },
  'unknown.placement': (policy) => {
    const [name, audience] = first(policy.audiences);
    audience.placement = 'nothingOfTheKind';
    return ['audiences', name, 'placement'];
  },
  'name.taken': (policy) => {
    policy.people['recency'] = { kind: 'attribute', type: 'number', for: [first(policy.purposes)[0]] };
    return ['people', 'recency'];
  },
  'event.two-paths': (policy) => {
    const [name, event] = first(policy.events);
    event.item = 'properties.id';
    event.items = 'properties.list[].id';
    return ['events', name, 'items'];
  },
  'recommender.event-without-items': (policy) => {
    const [name, event] = first(policy.events);
    delete event.item;
    delete event.items;
    const [model, rule] = first(policy.models);
    return ['models', model, 'from', String(rule.kind === 'recommender' ? rule.from.indexOf(name) : -1)];
  },
  'placement.not-a-recommender': (policy) => {
    const [name, placement] = first(policy.placements);
    placement.model = Object.keys(policy.models)[1] ?? '';
    return ['placements', name, 'model'];
  },
  'variety.not-text': (policy) => {
    policy.items['cost'] = 'money';
    const [name, placement] = first(policy.placements);
    placement.variety = { calibrateBy: 'cost' };
    return ['placements', name, 'variety', 'calibrateBy'];
  },
  'group.open': (policy) => {
    policy.people['visits'] = { kind: 'attribute', type: 'number', for: [first(policy.purposes)[0]] };
    const [name, copy] = first(policy.copy);
    copy.cohortBy.push('visits');
    return ['copy', name, 'cohortBy', String(copy.cohortBy.length - 1)];
  },
  'segment.condition': (policy) => {
    const [name, segment] = first(policy.segments);
    segment.where['frequency'] = { atLeast: 3, atMost: 2 };
    return ['segments', name, 'where', 'frequency'];
  },

  'purpose.notice': (policy) => {
    const [name, purpose] = first(policy.purposes);
    delete (purpose as Partial<typeof purpose>).notice; // what the rule is about
    return ['purposes', name, 'notice'];
  },
  'notice.hard': (policy) => {
    const [name, purpose] = first(policy.purposes);
    purpose.notice =
      'Notwithstanding aforementioned considerations, personalised recommendations necessitate continuous processing of behavioural information, encompassing transactional histories and demographic characteristics.';
    return ['purposes', name, 'notice'];
  },
  'purpose.notice-placeholder': (policy) => {
    const [name, purpose] = first(policy.purposes);
    purpose.notice = ' … ';
    return ['purposes', name, 'notice'];
  },
  'purpose.retention': (policy) => {
    const [name, purpose] = first(policy.purposes);
    delete (purpose as Partial<typeof purpose>).keepFor; // what the rule is about
    return ['purposes', name, 'keepFor'];
  },
  'purpose.keep-long': (policy) => {
    const [name, purpose] = first(policy.purposes);
    purpose.keepFor = '26 months';
    return ['purposes', name, 'keepFor'];
  },
  'purpose.reserved': (policy) => {
    policy.purposes['security'] = {
      basis: 'consent',
      title: 'Security',
      notice: 'We keep you safe.',
      keepFor: '1 year',
    };
    return ['purposes', 'security'];
  },
  'purpose.unused': (policy) => {
    policy.purposes['idle'] = { basis: 'consent', title: 'Idle', notice: 'We do nothing.', keepFor: '1 year' };
    return ['purposes', 'idle'];
  },
  'purpose.opt-out': (policy) => {
    const [name, purpose] = first(policy.purposes);
    Object.assign(purpose, { basis: 'opt-out', law: ' ' });
    return ['purposes', name, 'basis'];
  },
  'purpose.stray-law': (policy) => {
    policy.purposes['stray'] = { basis: 'consent', title: 'Stray', notice: 'We stray.', keepFor: '1 year' };
    Object.assign(policy.purposes['stray'], { law: 'CCPA' });
    return ['purposes', 'stray', 'law'];
  },
  'purpose.opt-out-region': (policy) => {
    const [name, purpose] = first(policy.purposes);
    Object.assign(purpose, { basis: 'opt-out', law: 'CCPA § 1798.120', reason: 'Because.' });
    policy.controller.regions = ['US-CA', 'DE-BY'];
    return ['purposes', name, 'basis'];
  },
  'model.purpose': (policy) => {
    const event = withPurpose(policy, 'elsewhere');
    const [name, model] = first(policy.models);
    if (model.kind === 'recommender') model.from.push(event);
    return ['models', name, 'from', String(model.kind === 'recommender' ? model.from.length - 1 : -1)];
  },
  'segment.purpose': (policy) => {
    withPurpose(policy, 'elsewhere');
    policy.people['visits'] = { kind: 'attribute', type: 'number', for: ['elsewhere'] };
    const [name, segment] = first(policy.segments);
    segment.where['visits'] = { atLeast: 1 };
    return ['segments', name, 'where', 'visits'];
  },
  'audience.purpose': (policy) => {
    withPurpose(policy, 'elsewhere');
    policy.segments ??= {};
    policy.segments['others'] = { for: 'elsewhere', where: { recency: { atMost: 3 } } };
    const [name, audience] = first(policy.audiences);
    audience.segment = 'others';
    return ['audiences', name, 'segment'];
  },
  'copy.purpose': (policy) => {
    withPurpose(policy, 'elsewhere');
    policy.people['tone'] = { kind: 'attribute', oneOf: ['warm', 'dry'], for: ['elsewhere'] };
    const [name, copy] = first(policy.copy);
    copy.cohortBy.push('tone');
    return ['copy', name, 'cohortBy', String(copy.cohortBy.length - 1)];
  },
  'placement.no-purposes': (policy) => {
    const [name, placement] = first(policy.placements);
    delete (placement as Partial<typeof placement>).purposes; // what the rule is about
    return ['placements', name, 'purposes'];
  },
  'placement.model-purpose': (policy) => {
    withPurpose(policy, 'elsewhere');
    const [name, placement] = first(policy.placements);
    placement.channel = 'web';
    placement.purposes = ['elsewhere'];
    return ['placements', name, 'model'];
  },
  'goal.purpose': (policy) => {
    const event = withPurpose(policy, 'elsewhere');
    const [name, placement] = first(policy.placements);
    placement.goal = `${event} within 2 days`;
    return ['placements', name, 'goal'];
  },
  'sensitive.explicit-consent': (policy) => {
    policy.purposes['plain'] = { basis: 'consent', title: 'Plain', notice: 'We use it.', keepFor: '1 year' };
    policy.people['colour'] = { kind: 'sensitive', oneOf: ['a', 'b'], for: ['plain'] };
    return ['people', 'colour', 'for', '0'];
  },
  'special-category.undeclared': (policy) => {
    policy.people['healthState'] = { kind: 'attribute', oneOf: ['good', 'bad'], for: [first(policy.purposes)[0]] };
    return ['people', 'healthState'];
  },
  'identifier.undeclared': (policy) => {
    const [name, event] = first(policy.events);
    event.properties = { ...event.properties, phone_number: 'text' };
    return ['events', name, 'properties', 'phone_number'];
  },
  'identifier.in-use': (policy) => withFeature(policy, 'email'),
  'text.in-use': (policy) => withFeature(policy, 'remark'),
  'email.address': (policy) => {
    delete policy.people['email'];
    const [name, placement] = first(policy.placements);
    placement.channel = 'email';
    return ['placements', name, 'purposes'];
  },
  'ads.recipient': (policy) => {
    for (const purpose of Object.values(policy.purposes)) delete purpose.recipients;
    const [name, placement] = first(policy.placements);
    placement.channel = 'ads';
    return ['placements', name, 'purposes'];
  },
  'consent-category.explicit': (policy) => {
    const [audit = ''] =
      Object.entries(policy.purposes).find(([, purpose]) => purpose.basis === 'explicit-consent') ?? [];
    policy.consentCategories = { 'Everything else': [audit] };
    return ['consentCategories', 'Everything else', '0'];
  },

  'retention.requests': (policy) => {
    policy.controller.regions = ['US-CA'];
    policy.retention = { receipts: '23 months' };
    return ['retention', 'receipts'];
  },
  'opt-out.minors': (policy) => {
    delete policy.people['isMinor'];
    policy.controller.regions = ['US'];
    const [name, purpose] = first(policy.purposes);
    Object.assign(purpose, { basis: 'opt-out', law: 'CCPA § 1798.120', reason: 'Because.' });
    return ['purposes', name, 'recipients'];
  },

  'sensitive.outside-audits': (policy) => withFeature(policy, 'gender'),
  'sensitive.purpose-in-use': (policy) => {
    withPurpose(policy, 'elsewhere', 'explicit-consent');
    policy.people['colour'] = { kind: 'sensitive', oneOf: ['a', 'b'], for: ['elsewhere'] };
    return ['people', 'colour', 'for', '0'];
  },
  'sensitive.protected-name': (policy) => {
    policy.people['maritalStatus'] = { kind: 'attribute', oneOf: ['a', 'b'], for: [first(policy.purposes)[0]] };
    return withFeature(policy, 'maritalStatus');
  },
  'placement.by-people': (policy) => {
    const [name, placement] = first(policy.placements);
    placement.variety = { calibrateBy: 'gender' };
    return ['placements', name, 'variety', 'calibrateBy'];
  },
  'safeguard.in-use': (policy) => withFeature(policy, 'isMinor'),
  'placement.approval': (policy) => {
    const [name, placement] = first(policy.placements);
    placement.channel = 'email';
    delete placement.approval;
    return ['placements', name, 'approval'];
  },
  'fairness.no-audit-purpose': (policy) => {
    policy.people['tone'] = { kind: 'attribute', oneOf: ['warm', 'dry'], for: [first(policy.purposes)[0]] };
    policy.fairness?.groups.push('tone');
    return ['fairness', 'groups', String((policy.fairness?.groups.length ?? 0) - 1)];
  },
  'propensity.weakness': (policy) => {
    policy.events['Bet Placed'] = { for: [first(policy.purposes)[0]] };
    const [, model] = Object.entries(policy.models)[1] ?? [];
    if (model?.kind === 'propensity') model.predicts = 'Bet Placed';
    return ['models', Object.keys(policy.models)[1] ?? '', 'predicts'];
  },
  'topics.shortened': (policy) => {
    policy.sensitiveTopics = ['alcohol'];
    return ['sensitiveTopics'];
  },
  'recommender.few-people': (policy) => {
    const [name, model] = first(policy.models);
    if (model.kind === 'recommender') model.minPeople = 4;
    return ['models', name, 'minPeople'];
  },
};

function first<Entry>(entries: Record<string, Entry> | undefined): [string, Entry] {
  const [entry] = Object.entries(entries ?? {});
  if (entry === undefined) throw new Error('The generated policy has none of what the planted violation needs');
  return entry;
}

/** The propensity model also uses a field. */
function withFeature(policy: Draft, field: string): string[] {
  const [name, model] = Object.entries(policy.models)[1] ?? [];
  if (model?.kind !== 'propensity' || name === undefined)
    throw new Error('The second generated model is the propensity');
  model.using.push(field);
  return ['models', name, 'using', String(model.using.length - 1)];
}

/** One more purpose, with an event that is kept for it alone; answers the event. */
function withPurpose(policy: Draft, name: string, basis: 'consent' | 'explicit-consent' = 'consent'): string {
  policy.purposes[name] = { basis, title: 'Elsewhere', notice: 'We use it elsewhere.', keepFor: '1 year' };
  policy.events['Seen Elsewhere'] = { item: 'properties.id', for: [name] };
  return 'Seen Elsewhere';
}
