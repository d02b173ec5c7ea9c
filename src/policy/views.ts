/**
 * Which fields and events a purpose may see: as types, so that a misuse does not compile, and as functions of the same rules, so that it
 * is refused at run time too. Safeguards are in no view; sensitive attributes only in that of a purpose that nothing but an audit uses.
 * Read by the consent room (permits), people (views and intake) and the pages that tell a person what is used.
 */
import { entryOf } from './policy.ts';
import type { EventRule, ModelRule, PersonField, PlacementRule, Policy, PolicyInput } from './policy.ts';

/** The names of the policy's purposes. */
export type PurposeOf<P extends PolicyInput> = keyof P['purposes'] & string;

/** The names of the profile fields that a purpose may see; of several purposes, those that all of them may see. */
export type FieldsFor<P extends PolicyInput, Purpose extends PurposeOf<P>> = string extends Purpose
  ? keyof P['people'] & string
  : {
      [Field in keyof P['people'] & string]: IsVisible<P, P['people'][Field], Purpose> extends true ? Field : never;
    }[keyof P['people'] & string];

/** The profile as one purpose sees it. A field is absent when the person has not stated it. Dates are `YYYY-MM-DD`. */
export type View<P extends PolicyInput, Purpose extends PurposeOf<P>> = {
  readonly [Field in FieldsFor<P, Purpose>]?: ValueOf<P['people'][Field]>;
};

/** The names of the events that a purpose may see. */
export type EventsFor<P extends PolicyInput, Purpose extends PurposeOf<P>> = {
  [Name in keyof P['events'] & string]: Purpose extends P['events'][Name]['for'][number] ? Name : never;
}[keyof P['events'] & string];

/** Purposes with explicit consent that no event, model or placement names: the only ones that may see a sensitive attribute. */
export type AuditPurposeOf<P extends PolicyInput> = Exclude<
  { [Name in PurposeOf<P>]: P['purposes'][Name]['basis'] extends 'explicit-consent' ? Name : never }[PurposeOf<P>],
  UsedPurposeOf<P>
>;

/** The names of the profile fields that a purpose may see, sorted. */
export function fieldsFor(policy: Policy, purpose: string): string[] {
  return Object.keys(policy.people)
    .filter((field) => purposesOfField(policy, field).includes(purpose))
    .sort();
}

/** The names of the events that a purpose may see, sorted. */
export function eventsFor(policy: Policy, purpose: string): string[] {
  return Object.keys(policy.events)
    .filter((name) => purposesOfEvent(policy, name).includes(purpose))
    .sort();
}

/** The purposes for which an event may be kept; none for an event that the policy does not declare. */
export function purposesOfEvent(policy: Policy, name: string): readonly string[] {
  return entryOf(policy.events, name)?.for ?? [];
}

/** The purposes that may see a field; none for a safeguard, and for a sensitive attribute only those of audits. */
export function purposesOfField(policy: Policy, field: string): readonly string[] {
  const declared = entryOf(policy.people, field);
  if (declared === undefined || declared.kind === 'safeguard') return [];
  if (declared.kind === 'sensitive') return declared.for.filter((purpose) => isAuditPurpose(policy, purpose));
  return declared.for;
}

/** Whether a purpose has explicit consent and is used by no event, model, placement or segment, so that only audits can use it. */
export function isAuditPurpose(policy: Policy, purpose: string): boolean {
  return (
    entryOf(policy.purposes, purpose)?.basis === 'explicit-consent' &&
    !Object.values(policy.events).some((event) => event.for.includes(purpose)) &&
    !Object.values(policy.models).some((model) => model.for === purpose) &&
    !Object.values(policy.placements).some((placement) => placement.purposes.includes(purpose)) &&
    !Object.values(policy.segments ?? {}).some((segment) => segment.for === purpose)
  );
}

type UsedPurposeOf<P extends PolicyInput> =
  | ForOfEvents<P['events'][keyof P['events']]>
  | ForOfModels<P['models'][keyof P['models']]>
  | PurposesOfPlacements<P['placements'][keyof P['placements']]>
  | ForOfSegments<P['segments']>;

type ForOfEvents<Rule extends EventRule> = Rule['for'][number];
type ForOfModels<Rule extends ModelRule> = Rule['for'];
type PurposesOfPlacements<Rule extends PlacementRule> = Rule['purposes'][number];
type ForOfSegments<Rules> = Rules extends object
  ? { [Name in keyof Rules]: Rules[Name] extends { readonly for: infer Purpose } ? Purpose : never }[keyof Rules]
  : never;

type IsVisible<P extends PolicyInput, Field extends PersonField, Purpose extends PurposeOf<P>> = Field extends {
  readonly kind: 'safeguard';
}
  ? false
  : Purpose extends Extract<Field['for'], readonly string[]>[number]
    ? Field extends { readonly kind: 'sensitive' }
      ? Purpose extends AuditPurposeOf<P>
        ? true
        : false
      : true
    : false;

type ValueOf<Field> = Field extends { readonly oneOf: infer Codes extends readonly string[] }
  ? Codes[number]
  : Field extends { readonly type: 'number' }
    ? number
    : Field extends { readonly type: 'boolean' }
      ? boolean
      : string;
