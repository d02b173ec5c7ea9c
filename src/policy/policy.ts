/**
 * The policy language: one typed file, `fairlead.policy.ts`, says everything that is allowed. `policy(…)` and the builders keep the
 * literal types, so that a permit for one purpose cannot name a field of another, and return plain JSON-able objects, so that a policy
 * can be stored, compared and digested. Every other room reads the wide type `Policy`. What the types cannot say is said by `checkPolicy`.
 */

/** The whole policy, as the running system reads it: plain JSON. */
export interface Policy {
  readonly controller: Controller;
  readonly purposes: Entries<Purpose>;
  /** What other consent tools call a purpose → the purposes here that it stands for. */
  readonly consentCategories?: Entries<readonly string[]>;
  /** What signals of browsers and strings of other consent tools say about the purposes here. */
  readonly signals?: SignalRules;
  /** What may be kept about a person, field by field. */
  readonly people: Entries<PersonField>;
  /** The attributes of the catalogue. */
  readonly items: Entries<ItemField>;
  /** The events that may be kept; every other one is dropped and counted. */
  readonly events: Entries<EventRule>;
  readonly models: Entries<ModelRule>;
  readonly placements: Entries<PlacementRule>;
  /** Rules over permitted features, by which a marketer addresses people. */
  readonly segments?: Entries<SegmentRule>;
  /** Segment × placement. */
  readonly audiences?: Entries<AudienceRule>;
  /** The prompts that a language model may be given, one for each text that it writes. */
  readonly copy?: Entries<CopyRule>;
  readonly fairness?: FairnessRule;
  /** How much may be told about everybody: without it nothing is released, and lists called `popular` are in catalogue order. */
  readonly privacy?: PrivacyRule;
  /** When complaints pause a placement; `complaintLimitOf` fills in what is left out. */
  readonly complaints?: ComplaintLimit;
  /** How long each kind of record lives; `retentionOf` fills in what is left out. */
  readonly retention?: Readonly<Partial<Record<RetainedRecord, string>>>;
  /** Item topics that enter no contribution and no personal list; `sensitiveTopicsOf` fills in the default list. */
  readonly sensitiveTopics?: readonly string[];
}

/** What `policy(…)` takes. It is the wide type itself: a typed policy can be handed to every function that reads `Policy`. */
export type PolicyInput = Policy;

export type Entries<Entry> = Readonly<Record<string, Entry>>;

export interface Controller {
  readonly name: string;
  /** The address that a person writes to; it stands in every notice. */
  readonly contact: string;
  /** Where the people live: `EU`, `UK`, or a country or state by ISO 3166 (`CH`, `US-CA`). */
  readonly regions: readonly string[];
  /** The language that titles and notices are written in; English when left out. */
  readonly language?: NoticeLanguage;
  /** How the pages for customers look. */
  readonly look?: Look;
}

/** The languages of the pages for customers, in which notices can be given. */
export const noticeLanguages = ['en', 'de', 'fr', 'es', 'ar'] as const;
export type NoticeLanguage = (typeof noticeLanguages)[number];

/** Colour and sign of the operator. The pages make the colour lighter or darker until text in it can be read (WCAG 2.2, 1.4.3). */
export interface Look {
  /** For example `#0b6363`. */
  readonly colour?: string;
  /** The picture itself, as a `data:` address of at most 8,000 letters: nothing on these pages comes from elsewhere. */
  readonly logo?: string;
}

/** Consent comes first. Opt-out is one explicit line: the law that allows it and the reason why it is used. */
export type Purpose = OptInPurpose | OptOutPurpose;

interface PurposeText {
  readonly title: string;
  /** What the person reads before they choose, in plain words. */
  readonly notice: string;
  /** Counted from 1; raise it when the people who agreed have to be asked again. Default 1. */
  readonly noticeVersion?: number;
  /** How long what was collected for this purpose is kept, for example `'13 months'`. */
  readonly keepFor: string;
  /** Who else receives it, by name. */
  readonly recipients?: readonly string[];
  /** Title and notice in further languages; `wordsIn` says which a reader gets. */
  readonly languages?: Readonly<Partial<Record<NoticeLanguage, { readonly title: string; readonly notice: string }>>>;
  /** What the law calls it, where it is one of these: a privacy signal of the browser then switches it off. */
  readonly countsAs?: readonly CountsAs[];
}

/** What an opt-out signal is about (CCPA regulations § 7025, and the laws of other states that follow it). */
export const countsAs = ['sale', 'sharing', 'targeted advertising'] as const;
export type CountsAs = (typeof countsAs)[number];

export interface OptInPurpose extends PurposeText {
  readonly basis: 'consent' | 'explicit-consent';
  readonly law?: never;
  readonly reason?: never;
}

export interface OptOutPurpose extends PurposeText {
  readonly basis: 'opt-out';
  readonly law: string;
  readonly reason: string;
}

export type Basis = Purpose['basis'];

/** Beyond what `countsAs` covers by itself. */
export interface SignalRules {
  /** Purposes that `Sec-GPC: 1` switches off although they count as none of what it is about. */
  readonly gpc?: readonly string[];
  /** The number of a TCF purpose (`'4'`) → the purposes here that need it. */
  readonly tcf?: Entries<readonly string[]>;
}

export type PersonField = IdentifierField | AttributeField | SensitiveField | SafeguardField;

export type IdentifierType = 'email' | 'phone' | 'userId' | 'deviceId' | 'other';

/** Sealed in the vault, looked up by keyed hash; never in a model, an audience or a prompt. */
export interface IdentifierField {
  readonly kind: 'identifier';
  readonly type: IdentifierType;
  readonly for: readonly string[];
}

export type AttributeType = 'number' | 'text' | 'boolean' | 'date';

/** A fact that a person stated: one of a closed list of codes, or a typed value (`date` is `YYYY-MM-DD`; `text` is sealed). */
export type AttributeField = OneOfAttribute | TypedAttribute;

export interface OneOfAttribute {
  readonly kind: 'attribute';
  readonly oneOf: readonly string[];
  readonly type?: never;
  readonly for: readonly string[];
}

export interface TypedAttribute {
  readonly kind: 'attribute';
  readonly type: AttributeType;
  readonly oneOf?: never;
  readonly for: readonly string[];
}

/** Sealed; only ever compared in fairness audits, under explicit consent. */
export interface SensitiveField {
  readonly kind: 'sensitive';
  readonly oneOf: readonly string[];
  readonly for: readonly string[];
}

/** Sealed; can only take items out or make the answer non-personal. No purpose ever sees it. */
export interface SafeguardField {
  readonly kind: 'safeguard';
  readonly when: 'declared';
  readonly for?: never;
}

export type ItemField = 'text' | 'number' | 'money' | 'boolean' | 'date' | 'url';

export type PropertyType = ItemField;

/** An event that may be kept: where its item ids stand, which properties are kept, and for which purposes. */
export interface EventRule {
  /** Where one item id stands, for example `properties.product_id`. */
  readonly item?: string;
  /** Where several stand, for example `properties.products[].product_id`. */
  readonly items?: string;
  /** The properties that are kept; every other one is dropped and counted. */
  readonly properties?: Entries<PropertyType>;
  readonly for: readonly string[];
}

export type ModelRule = RecommenderRule | PropensityRule;

export interface RecommenderRule {
  readonly kind: 'recommender';
  readonly for: string;
  /** The events that make up a person's history. */
  readonly from: readonly string[];
  /** Item counts and pairs shared by fewer people count as zero when the model is solved. Default 5. */
  readonly minPeople?: number;
}

export interface PropensityRule {
  readonly kind: 'propensity';
  readonly for: string;
  readonly predicts: string;
  readonly within: string;
  /** Attributes of people, and the built-in features of `builtInFeatures`. */
  readonly using: readonly string[];
}

export type Channel = 'web' | 'email' | 'ads';

/** A place where people see items. */
export interface PlacementRule {
  readonly channel: Channel;
  /** All of them must stand before the answer is personal. */
  readonly purposes: readonly string[];
  readonly model: string;
  /** How many items. */
  readonly show: number;
  readonly variety?: VarietyRule;
  /** What people without a permit see; `otherwiseOf` gives the default, `catalogue`. */
  readonly otherwise?: Otherwise;
  /** For example `'Order Completed within 7 days'`; read it with `goalOf`. */
  readonly goal?: string;
  /** For example `'1 per week'`; read it with `capOf`. */
  readonly atMost?: string;
  /** Who says yes before anything is sent. */
  readonly approval?: Approval;
}

/** `popular` is a released (noised) ranking; `newest` and `catalogue` (its own order) follow from catalogue facts alone. */
export type Otherwise = 'popular' | 'newest' | 'catalogue';

export type Approval = 'second person' | 'one person';

/** How a list is balanced once it is scored. Prices in score are named in every decision. */
export interface VarietyRule {
  /** The item field whose mix in the list follows the mix in the person's own history. */
  readonly calibrateBy: string;
  /** How much balance counts beside the score; default `balanced`. */
  readonly strength?: 'gentle' | 'balanced' | 'strong';
  /** The share of the mix that is spread evenly over all values of `calibrateBy`, also those which the person's history does not have, 0 to 0.5; default as `strength`: 0.25, 0.5, 0.5. */
  readonly novelty?: number;
  /** The largest share of places, in a list and over time, that one supplier may have, 0.01 to 1. */
  readonly supplierShareMax?: number;
  /** How far the person may turn the dial, from −2 ("more of what I like") to 2 ("surprise me"); it always may stand at 0, and be switched off. */
  readonly dial?: { readonly atLeast?: number; readonly atMost?: number };
}

/** Where a person's dial may stand: −2 is "more of what I like", 0 is as the placement says, 2 is "surprise me". */
export const dialPositions = [-2, -1, 0, 1, 2] as const;
export type DialPosition = (typeof dialPositions)[number];

export interface SegmentRule {
  readonly for: string;
  /** Every condition must hold; the keys are attributes of people or built-in features. */
  readonly where: Entries<Condition>;
}

/** One of these codes, or a range with both ends included. */
export type Condition = readonly string[] | { readonly atLeast?: number; readonly atMost?: number };

export interface AudienceRule {
  readonly segment: string;
  readonly placement: string;
}

export interface CopyRule {
  readonly placement: string;
  /** The features whose values divide people into cohorts. */
  readonly cohortBy: readonly string[];
  /** The item fields that the prompt may state. */
  readonly facts: readonly string[];
}

export interface FairnessRule {
  /** The attributes whose groups are compared. */
  readonly groups: readonly string[];
  readonly limits: FairnessLimits;
}

export interface FairnessLimits {
  /** The least share of exposure that the worst group may have of the best, 0 to 1. */
  readonly exposureRatio?: number;
}

/** The privacy budget (differential privacy, per person) for everything that leaves as an aggregate. */
export interface PrivacyRule {
  /** The most that all releases of a period together may cost one person, 0 to 10. */
  readonly epsilon: number;
  /** The chance that the bound does not hold, well below one in the number of people: for example `1e-6`. */
  readonly delta: number;
  /** How long one budget has to last, for example `'12 months'`. */
  readonly period: string;
  /** How often the popularity behind `popular` lists is released anew; half of the budget is kept for it. */
  readonly popularEvery: string;
}

/** More complaining people than this, and a placement is paused by itself. */
export interface ComplaintLimit {
  /** Of a thousand people whom the placement reached, how many may complain. */
  readonly perThousand: number;
  /** How long is looked back, for example `'7 days'`. */
  readonly within: string;
  /** Fewer people than this pause nothing: 1 to 1,000. */
  readonly atLeast: number;
}

export type RetainedRecord = 'decisions' | 'consent' | 'complaints' | 'approvals' | 'receipts' | 'models';

/** The policy itself, with its literal types kept. `checkPolicy` finds what the types cannot. */
export function policy<const P extends PolicyInput>(input: P): P {
  return input;
}

/** What leads to a person: an address, a number, an id. */
export function identifier<const Type extends IdentifierType, const Purposes extends readonly string[]>(
  type: Type,
  options: { readonly for: Purposes },
): { readonly kind: 'identifier'; readonly type: Type; readonly for: Purposes } {
  return { kind: 'identifier', type, for: options.for };
}

/** What a person stated and models may learn from: one of a closed list, or a typed value. */
export function attribute<const Codes extends readonly string[], const Purposes extends readonly string[]>(options: {
  readonly oneOf: Codes;
  readonly for: Purposes;
}): { readonly kind: 'attribute'; readonly oneOf: Codes; readonly for: Purposes };
export function attribute<const Type extends AttributeType, const Purposes extends readonly string[]>(options: {
  readonly type: Type;
  readonly for: Purposes;
}): { readonly kind: 'attribute'; readonly type: Type; readonly for: Purposes };
export function attribute<Options extends object>(options: Options): { readonly kind: 'attribute' } & Options {
  return { kind: 'attribute', ...options };
}

/** What is only ever used to check that people are treated alike. */
export function sensitive<const Codes extends readonly string[], const Purposes extends readonly string[]>(options: {
  readonly oneOf: Codes;
  readonly for: Purposes;
}): { readonly kind: 'sensitive'; readonly oneOf: Codes; readonly for: Purposes } {
  return { kind: 'sensitive', ...options };
}

/** A minor, or somebody who declared themselves vulnerable: protection, never a signal. */
export function safeguard(options: { readonly when: 'declared' }): {
  readonly kind: 'safeguard';
  readonly when: 'declared';
} {
  return { kind: 'safeguard', ...options };
}

/** A model that suggests items from the histories of people who agreed to `for`. */
export function recommender<const Options extends Omit<RecommenderRule, 'kind'>>(
  options: Options,
): { readonly kind: 'recommender' } & Options {
  return { kind: 'recommender', ...options };
}

/** A scorecard for how likely an event is within a time. */
export function propensity<const Options extends Omit<PropensityRule, 'kind'>>(
  options: Options,
): { readonly kind: 'propensity' } & Options {
  return { kind: 'propensity', ...options };
}

/** Features that follow from the kept events and need no declaration: time since the last, how many, how much was spent. */
export const builtInFeatures: readonly string[] = ['recency', 'frequency', 'value'];

/** Purposes that the law itself gives: each has its own permit and fields, and no policy may use their names. */
export const legalDuties = ['access', 'erasure', 'proof-of-consent', 'security', 'complaints'] as const;

/** How long a kind of record is kept, as the policy says or by default; a duration text, read with `addDuration` or `durationOf`. */
export function retentionOf(policy: Policy, record: RetainedRecord): string {
  return policy.retention?.[record] ?? defaultRetention[record];
}

/**
 * Decisions last no longer than what they were made from; parameters of superseded models, which still hold whoever has left since, 30 days, for replay. Requests and what was done are kept beyond the 24 months that
 * CCPA regulations § 7101(a) demand; proof of consent for the five years that
 * § 7a UWG asks of telephone marketing, the longest figure for such proof that we found in a statute.
 */
export const defaultRetention: Readonly<Record<RetainedRecord, string>> = {
  decisions: '13 months',
  consent: '5 years',
  complaints: '3 years',
  approvals: '3 years',
  receipts: '3 years',
  models: '30 days',
};

/**
 * The limit of complaints in force. By default 3 of 1,000 people within a week: the rate of spam reports that Gmail's sender guidelines say never to reach
 * (0.3 %).
 */
export function complaintLimitOf(policy: Policy): ComplaintLimit {
  return policy.complaints ?? { perThousand: 3, within: '7 days', atLeast: 3 };
}

/** The topics whose items enter no contribution and no personal list. */
export function sensitiveTopicsOf(policy: Policy): readonly string[] {
  return policy.sensitiveTopics ?? defaultSensitiveTopics;
}

export const defaultSensitiveTopics: readonly string[] = [
  'alcohol',
  'gambling',
  'dating',
  'weight loss',
  'pregnancy',
  'bereavement',
];

/** The list for people without a permit; by default the catalogue's own order, which depends on nobody. */
export function otherwiseOf(placement: PlacementRule): Otherwise {
  return placement.otherwise ?? 'catalogue';
}

/** Title and notice in a language, or, where there are none, in the language that the policy is written in. */
export function wordsIn(
  policy: Pick<Policy, 'controller'>,
  purpose: Purpose,
  language: NoticeLanguage,
): { readonly title: string; readonly notice: string; readonly language: NoticeLanguage } {
  const own = policy.controller.language ?? 'en';
  const { title, notice } = purpose;
  const given = language === own ? undefined : purpose.languages?.[language];
  return given === undefined ? { title, notice, language: own } : { ...given, language };
}

/** An entry by a name that may come from outside: unlike `entries[name]`, never something inherited, such as `constructor`. */
export function entryOf<Entry>(entries: Entries<Entry> | undefined, name: string): Entry | undefined {
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}

/**
 * The item ids that stand at a path of an event, in their order: `properties.product_id`, `properties.products[].product_id`.
 * Text that is not empty and finite numbers count (as text); everything else there is passed over.
 */
export function readPath(path: string, event: unknown): string[] {
  let found: unknown[] = [event];
  for (const step of path.split('.')) {
    const isList = step.endsWith('[]');
    const key = isList ? step.slice(0, -2) : step;
    found = found.flatMap((value) => {
      const inner = ownValue(value, key);
      if (!isList) return [inner];
      return Array.isArray(inner) ? inner : [];
    });
  }
  return found.flatMap((value) => {
    if (typeof value === 'string' && value !== '') return [value];
    return typeof value === 'number' && Number.isFinite(value) ? [String(value)] : [];
  });
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) {
    return undefined;
  }
  return (value as Record<string, unknown>)[key]; // an object that owns the key, which the line above has tested
}
