/**
 * What the why-page says, from a decision's record. The reader may be anybody to whom the link was forwarded: reasons are categories, numbers of people
 * are rough, and neither the person nor anything of the history is named.
 */
import { consentHistory } from '../../consent/ledger.ts';
import { Refusal } from '../../database/refusal.ts';
import type { DecidedItem, DecisionRecord } from '../../deciding/decision-record.ts';
import type { Engine } from '../../deciding/engine.ts';
import type { FoundDecision } from '../../deciding/find-decision.ts';
import { replayRecord } from '../../deciding/why.ts';
import { entryOf, sensitiveTopicsOf } from '../../policy/policy.ts';
import { proofFor } from '../../transparency/proof-for.ts';
import { proofOf } from '../../transparency/proof.ts';
import { countInWords, dayInWords, momentInWords, nameInWords, roughlyInWords } from './plain-words.ts';

export interface WhyView {
  readonly personal: boolean;
  readonly at: string;
  /** Sentences about what has been taken out of the record since. */
  readonly takenOut: readonly string[];
  /** What the whole list came from. */
  readonly because: Because;
  readonly items: readonly ShownItem[];
  readonly bases: readonly ShownBasis[];
  readonly notUsed: readonly { readonly why: string; readonly what: readonly string[] }[];
  readonly model: ShownModel | undefined;
  readonly replay: 'same' | 'different' | 'retired' | undefined;
  readonly log: { readonly state: 'in' | 'soon' | 'unknown'; readonly entry?: string } | undefined;
}

/** `things`: of these categories, and of others when `hasOthers`. */
export interface Because {
  readonly kind: 'everybody' | 'things' | 'many' | 'taken out';
  readonly categories: readonly string[];
  readonly hasOthers: boolean;
}

interface ShownItem {
  readonly title: string;
  readonly image: string | undefined;
  readonly because: Because;
}

interface ShownBasis {
  readonly title: string;
  readonly since: string | undefined;
  readonly noticeVersion: number;
  /** What was agreed to, when it is still the text in force. */
  readonly notice: string | undefined;
  /** The law that allowed it without being asked, where the policy names one. */
  readonly law: string | undefined;
}

interface ShownModel {
  readonly version: string;
  readonly people: string | undefined;
  readonly publishedAt: string | undefined;
}

type Personal = Extract<FoundDecision, { about: 'somebody' }>;

export async function whyView(
  engine: Engine,
  found: FoundDecision,
  options: { hasPublicLog: boolean },
): Promise<WhyView> {
  if (found.about === 'nobody') {
    const because: Because = { kind: 'everybody', categories: [], hasOthers: false };
    return {
      personal: false,
      at: momentInWords(found.at),
      takenOut: [],
      because,
      items: found.items.map((itemId) => ({ ...shownAs(engine, itemId), because })),
      bases: [],
      notUsed: [],
      model: undefined,
      replay: undefined,
      log: undefined,
    };
  }
  const { record } = found;
  const categoryOf = namedCategories(
    engine,
    record.used.history.map(({ item }) => item),
  );
  return {
    personal: true,
    at: momentInWords(new Date(record.at)),
    takenOut: (record.redacted ?? []).map((kind) => takenOutWords[kind] ?? takenOutOtherwise),
    because: becauseOfAll(record, categoryOf),
    items: record.items.map((item) => ({
      ...shownAs(engine, item.item),
      because: becauseOfTerms(item.terms, categoryOf, sumOf(item.terms) !== item.score),
    })),
    bases: await basesOf(engine, found),
    notUsed: notUsedOf(record),
    model: await modelOf(engine, record),
    replay: await replayOf(engine, record),
    log: options.hasPublicLog ? await logOf(engine, found) : undefined,
  };
}

/** Where the person can write, as a link when it can be one. */
export function contactOf(contact: string): { readonly text: string; readonly href: string | undefined } {
  if (contact.startsWith('https://')) return { text: contact, href: contact };
  const address = contact.replace(/^mailto:/, '');
  return { text: address, href: /^[^\s@:/?#]+@[^\s@:/?#]+$/.test(address) ? `mailto:${address}` : undefined };
}

/** Below this many items a category would as good as name them. */
const categoryItemsMin = 5;

/**
 * The categories of these items that may be named: those that hold at least five items of the catalogue, none of them because of a topic that is now
 * sensitive. Reads the catalogue until it has seen enough of each.
 */
function namedCategories(engine: Engine, itemIds: readonly string[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const itemId of itemIds) {
    const item = engine.items.byId(itemId);
    if (typeof item?.category === 'string' && !isSensitive(engine, itemId)) counts.set(item.category, 0);
  }
  let open = counts.size;
  for (let itemNumber = 0; open > 0 && itemNumber < engine.items.size; itemNumber++) {
    const category = engine.items.item(itemNumber)?.category ?? '';
    const count = counts.get(category);
    if (count === undefined || count === categoryItemsMin) continue;
    counts.set(category, count + 1);
    if (count + 1 === categoryItemsMin) open--;
  }
  return new Map(
    itemIds.flatMap((itemId) => {
      const category = engine.items.byId(itemId)?.category ?? '';
      return counts.get(category) === categoryItemsMin && !isSensitive(engine, itemId) ? [[itemId, category]] : [];
    }),
  );
}

function isSensitive(engine: Engine, itemId: string): boolean {
  const sensitive = sensitiveTopicsOf(engine.policy);
  return engine.items.byId(itemId)?.topics.some((topic) => sensitive.includes(topic)) === true;
}

function becauseOfAll(record: DecisionRecord, categoryOf: ReadonlyMap<string, string>): Because {
  const terms = record.items.flatMap((item) => item.terms);
  // What was in the history and added nothing comes last, because it was used all the same.
  const rest = record.used.history.map(({ item }) => ({ of: item, points: 1 }));
  return becauseOfTerms([...terms, ...rest], categoryOf, record.redacted !== undefined);
}

/** Terms add up to the score exactly, so those that no longer do have lost some. */
function sumOf(terms: DecidedItem['terms']): number {
  return terms.reduce((sum, term) => sum + term.points, 0);
}

/** The categories that added most, first. */
function becauseOfTerms(
  terms: DecidedItem['terms'],
  categoryOf: ReadonlyMap<string, string>,
  isStripped: boolean,
): Because {
  const points = new Map<string, number>();
  let hasOthers = false;
  let isPersonal = false;
  for (const term of terms) {
    if (term.of === 'everyone' || term.points <= 0) continue;
    isPersonal = true;
    const category = categoryOf.get(term.of);
    if (category === undefined) hasOthers = true;
    else points.set(category, (points.get(category) ?? 0) + term.points);
  }
  if (!isPersonal) return { kind: isStripped ? 'taken out' : 'many', categories: [], hasOthers: false };
  const categories = [...points].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([category]) => category);
  return { kind: 'things', categories, hasOthers };
}

function shownAs(engine: Engine, itemId: string): Pick<ShownItem, 'title' | 'image'> {
  const item = engine.items.byId(itemId);
  if (item === undefined) return { title: 'Something that is no longer in the shop', image: undefined };
  if (isSensitive(engine, itemId)) return { title: 'Something that is no longer suggested', image: undefined };
  // A picture from elsewhere would tell that place who reads this page.
  const isOurs = /^\/(?![/\\])/.test(item.image ?? '');
  return { title: item.title, image: isOurs ? (item.image ?? undefined) : undefined };
}

const takenOutWords: Readonly<Record<string, string>> = {
  exclude: 'Something was taken out of the history, and so it is gone from here too.',
  expire: 'Some of what was used has reached its age limit and has been deleted, here too.',
  withdraw: 'The permission behind it has been withdrawn. What was used, and what was shown, has been removed.',
};
const takenOutOtherwise = 'Some of what was used has been removed since.';

async function basesOf(engine: Engine, { personId, record }: Personal): Promise<ShownBasis[]> {
  if (record.basis.length === 0) return [];
  const entries = new Map(
    (await consentHistory(engine.database, personId)).map((entry) => [entry.entryId, entry] as const),
  );
  return record.basis.map(({ purpose, consent, notice }) => {
    const declared = entryOf(engine.policy.purposes, purpose);
    const at = consent === null ? undefined : entries.get(consent)?.at;
    return {
      title: declared?.title ?? nameInWords(purpose),
      since: at === undefined ? undefined : dayInWords(at),
      noticeVersion: notice,
      notice: declared !== undefined && (declared.noticeVersion ?? 1) === notice ? declared.notice : undefined,
      law: consent === null ? declared?.law : undefined,
    };
  });
}

const notUsedWords: Readonly<Record<string, string>> = {
  'protects, never suggests': 'Kept to protect people, never to suggest',
  'only checks fairness': 'Kept to check that people are treated alike',
  'not part of this model': 'Not needed for this',
};

function notUsedOf(record: DecisionRecord): WhyView['notUsed'] {
  const groups = new Map<string, string[]>();
  for (const { what, why } of record.notUsed) {
    const words = notUsedWords[why] ?? why;
    groups.set(words, [...(groups.get(words) ?? []), nameInWords(what)]);
  }
  return [...groups].map(([why, what]) => ({ why, what }));
}

async function modelOf(engine: Engine, record: DecisionRecord): Promise<ShownModel> {
  const live = await engine.models.version(record.model);
  return {
    version: record.model,
    people: live === undefined ? undefined : roughlyInWords(live.people),
    publishedAt: live === undefined ? undefined : dayInWords(live.publishedAt),
  };
}

/** Computed while the page is made, so that what it says has just been tried. */
async function replayOf(engine: Engine, record: DecisionRecord): Promise<WhyView['replay']> {
  try {
    const { result } = await replayRecord(engine, record);
    if (result === 'same' || result === 'different') return result;
    return result === 'version retired' ? 'retired' : undefined;
  } catch (error) {
    // An item of the record has left the catalogue, so nothing can be said either way.
    if (error instanceof Refusal && error.code === 'item.unknown') return undefined;
    throw error;
  }
}

async function logOf(engine: Engine, { leaf }: Personal): Promise<WhyView['log']> {
  try {
    const proof = await proofFor(engine.database, leaf);
    return proof === undefined ? { state: 'soon' } : { state: 'in', entry: countInWords(proofOf(proof).index) };
  } catch (error) {
    // A damaged log is found and told elsewhere; the reader of this page is owed the rest of it.
    if (error instanceof Refusal && error.code.startsWith('log.')) return { state: 'unknown' };
    throw error;
  }
}
