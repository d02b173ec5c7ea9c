/**
 * Where a policy uses a purpose or a person's field: the one place that the rules ask, so that a new kind of entry needs one new line
 * here. Everything is read with care, because a policy that is being checked may name what does not exist.
 */
import { entryOf } from '../policy.ts';
import type { Policy } from '../policy.ts';

export interface PurposeUse {
  readonly purpose: string;
  readonly path: readonly string[];
  readonly by: 'field' | 'event' | 'model' | 'placement' | 'segment' | 'category';
  /** The name of the field, event, model, placement, segment or category. */
  readonly user: string;
}

/** Every place that names a purpose. */
export function purposeUses(policy: Policy): PurposeUse[] {
  const uses: PurposeUse[] = [];
  const addList = (
    by: PurposeUse['by'],
    user: string,
    path: readonly string[],
    purposes: readonly string[] = [],
  ): void => {
    for (const [index, purpose] of purposes.entries()) uses.push({ purpose, path: [...path, String(index)], by, user });
  };
  for (const [name, field] of Object.entries(policy.people)) addList('field', name, ['people', name, 'for'], field.for);
  for (const [name, event] of Object.entries(policy.events)) addList('event', name, ['events', name, 'for'], event.for);
  for (const [name, model] of Object.entries(policy.models)) {
    uses.push({ purpose: model.for, path: ['models', name, 'for'], by: 'model', user: name });
  }
  for (const [name, placement] of Object.entries(policy.placements)) {
    addList('placement', name, ['placements', name, 'purposes'], placement.purposes);
  }
  for (const [name, segment] of Object.entries(policy.segments ?? {})) {
    uses.push({ purpose: segment.for, path: ['segments', name, 'for'], by: 'segment', user: name });
  }
  for (const [name, purposes] of Object.entries(policy.consentCategories ?? {})) {
    addList('category', name, ['consentCategories', name], purposes);
  }
  addList('category', 'gpc', ['signals', 'gpc'], policy.signals?.gpc);
  for (const [number, purposes] of Object.entries(policy.signals?.tcf ?? {})) {
    addList('category', number, ['signals', 'tcf', number], purposes);
  }
  return uses;
}

export interface FeatureUse {
  /** An attribute or a built-in feature. */
  readonly name: string;
  readonly path: readonly string[];
  /** "The model 'reorder'", to begin a sentence. */
  readonly where: string;
  readonly by: 'model' | 'segment' | 'copy' | 'fairness';
}

/** Every place that names a field of people as a feature: models, segments, prompts, fairness groups. */
export function featureUses(policy: Policy): FeatureUse[] {
  const uses: FeatureUse[] = [];
  const addList = (by: FeatureUse['by'], where: string, path: readonly string[], names: readonly string[]): void => {
    for (const [index, name] of names.entries()) uses.push({ name, path: [...path, String(index)], where, by });
  };
  for (const [name, model] of Object.entries(policy.models)) {
    if (model.kind === 'propensity') addList('model', `The model '${name}'`, ['models', name, 'using'], model.using);
  }
  for (const [name, segment] of Object.entries(policy.segments ?? {})) {
    for (const feature of Object.keys(segment.where)) {
      const path = ['segments', name, 'where', feature];
      uses.push({ name: feature, path, where: `The segment '${name}'`, by: 'segment' });
    }
  }
  for (const [name, copy] of Object.entries(policy.copy ?? {})) {
    addList('copy', `The prompt '${name}'`, ['copy', name, 'cohortBy'], copy.cohortBy);
  }
  addList('fairness', 'The fairness audit', ['fairness', 'groups'], policy.fairness?.groups ?? []);
  return uses;
}

export interface PersonDataUse {
  /** The event or attribute that is read. */
  readonly name: string;
  /** The purposes for which it is kept. */
  readonly purposes: readonly string[];
  readonly path: readonly string[];
  readonly by: 'model' | 'segment';
  readonly user: string;
  /** The purpose of the model or segment that reads it. */
  readonly purpose: string;
}

/** Every declared event and attribute that a model or a segment reads, beside what it is kept for. */
export function personDataUses(policy: Policy): PersonDataUse[] {
  const uses: PersonDataUse[] = [];
  const addEvent = (user: string, purpose: string, name: string, path: readonly string[]): void => {
    const event = entryOf(policy.events, name);
    if (event !== undefined) uses.push({ name, purposes: event.for, path, by: 'model', user, purpose });
  };
  for (const [user, model] of Object.entries(policy.models)) {
    if (model.kind === 'propensity') addEvent(user, model.for, model.predicts, ['models', user, 'predicts']);
    else
      for (const [index, name] of model.from.entries())
        addEvent(user, model.for, name, ['models', user, 'from', String(index)]);
  }
  for (const use of featureUses(policy)) {
    const field = entryOf(policy.people, use.name);
    const user = use.path[1] ?? '';
    if (field?.kind !== 'attribute' || (use.by !== 'model' && use.by !== 'segment')) continue;
    const reader = use.by === 'model' ? entryOf(policy.models, user) : entryOf(policy.segments, user);
    if (reader === undefined) continue;
    uses.push({ name: use.name, purposes: field.for, path: use.path, by: use.by, user, purpose: reader.for });
  }
  return uses;
}
