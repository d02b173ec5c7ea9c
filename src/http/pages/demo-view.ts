/**
 * What the demo's page shows, gathered from the running system and put into words: the shop as the main person sees it, what is held about her and on
 * which basis, the model, and somebody else for comparison. Everything is read at the moment of asking, through the same doors as for anybody.
 */
import { readItems, type KeptItem } from '../../catalogue/items.ts';
import { dutyPermit } from '../../consent/permit.ts';
import { type Decision, decide } from '../../deciding/decide.ts';
import type { DecidedItem } from '../../deciding/decision-record.ts';
import type { Engine } from '../../deciding/engine.ts';
import { digestFrom, digestHex } from '../../learning/sum-digest.ts';
import { modelVersions } from '../../models/learn.ts';
import { readSum } from '../../models/live-sums.ts';
import { findPerson } from '../../people/persons.ts';
import { type WholePerson, readWholePerson } from '../../people/profile.ts';
import type { Receipt } from '../../people/receipts.ts';
import { sensitiveTopicsOf } from '../../policy/policy.ts';
import { type Fingerprint, fingerprintOf } from './fingerprint.ts';
import { isInTurn, shownMoves } from './shown-moves.ts';
import { shownPoints } from './shown-points.ts';

/** Somebody in the demo; made up. */
export interface DemoPerson {
  readonly userId: string;
  readonly name: string;
  /** One sentence. */
  readonly about: string;
}

/** The demo that the page is about. */
export interface DemoStage {
  readonly engine: Engine;
  readonly shopName: string;
  readonly placement: string;
  readonly model: string;
  /** Whose switches they are. */
  readonly main: DemoPerson;
  /** Who is beside her and does nothing. */
  readonly other: DemoPerson;
  /** The picture of an item as an SVG document. */
  pictureOf(itemId: string): string | undefined;
  /** Lets the main person walk through the shop once more, now: after a withdrawal there is nothing to bring back. */
  walkAgain(): Promise<void>;
  /** Tells her story from its beginning, consents and all, to a shop that has never heard of her. */
  tellFromTheStart(): Promise<void>;
}

/** A training from the rows alone, beside the model that has had people added and subtracted. */
export interface Proof {
  readonly people: number;
  readonly peopleText: string;
  readonly seconds: string;
  readonly isMainIn: boolean;
  readonly rows: readonly {
    readonly what: string;
    readonly live: Fingerprint;
    readonly again: Fingerprint;
    readonly isSame: boolean;
  }[];
  readonly isSame: boolean;
}

export interface DemoView {
  readonly shopName: string;
  readonly isPersonal: boolean;
  readonly why: string;
  readonly cards: readonly Card[];
  readonly main: DemoPerson & {
    readonly switches: readonly Switch[];
    readonly held: readonly Held[];
    readonly isForgotten: boolean;
  };
  readonly receipt: ReceiptView | undefined;
  readonly model: {
    readonly people: number;
    readonly peopleText: string;
    readonly othersText: string;
    readonly fingerprint: Fingerprint;
    readonly isMainIn: boolean;
    readonly version: number;
    readonly versionPeopleText: string;
    readonly learnedAt: string;
    readonly isBehind: boolean;
  };
  readonly other: DemoPerson & { readonly cards: readonly Card[]; readonly moved: number; readonly isIn: boolean };
}

interface Card {
  readonly item: string;
  readonly title: string;
  readonly price: string;
  readonly image: string;
  /** `viewed`, `bought`, or nothing when it is for everybody. */
  readonly because: { readonly did: string; readonly title: string } | undefined;
  /** Whether this place goes round among things that were shown little. */
  readonly isInTurn: boolean;
  /** What moved it from its place by points, half a sentence. */
  readonly moved: string | undefined;
  readonly points: number;
  readonly terms: readonly { readonly title: string; readonly points: number; readonly share: number }[];
}

interface Switch {
  readonly purpose: string;
  readonly title: string;
  readonly notice: string;
  readonly isOn: boolean;
  readonly since: string;
}

interface Held {
  readonly item: string;
  readonly title: string;
  readonly image: string;
  readonly did: string;
  readonly on: string;
  /** Why it plays no part in the suggestions, or nothing when it does. */
  readonly restriction: string | undefined;
}

interface ReceiptView {
  readonly kind: string;
  readonly at: string;
  readonly about: string;
  readonly before: Fingerprint;
  readonly after: Fingerprint;
  readonly hasMoved: boolean;
  readonly log: string;
  readonly notUndone: string;
}

/** Reads everything that the page shows. `othersOwn` is what `ownItems` said of the other person when the demo began. */
export async function demoView(
  stage: DemoStage,
  before: { othersOwn: readonly string[] | undefined; since: Date },
): Promise<DemoView> {
  const { engine } = stage;
  const [shown, shownToOther, person, other, sum, versions] = await Promise.all([
    decide(engine, { person: { userId: stage.main.userId }, placement: stage.placement }),
    decide(engine, { person: { userId: stage.other.userId }, placement: stage.placement }),
    readPerson(engine, stage.main.userId),
    readPerson(engine, stage.other.userId),
    readSum(engine.database, stage.model),
    modelVersions(engine.database, { model: stage.model, limit: 999 }),
  ]);
  const events = person?.events ?? [];
  const facts = await readItems(engine.database, [
    ...new Set([...itemsOf(shown), ...itemsOf(shownToOther), ...events.flatMap((event) => event.items)]),
  ]);
  const bought = new Set(events.filter((event) => event.name === 'Order Completed').flatMap((event) => event.items));
  const cards = shown.items.map((item) => cardOf(item, facts, bought));
  const isMainIn = contributesTo(person, stage.model);
  const [version] = versions;
  const [latest] = person?.receipts ?? [];
  return {
    shopName: stage.shopName,
    isPersonal: shown.personal,
    why: shown.why,
    cards,
    main: {
      ...stage.main,
      switches: switchesOf(engine, person),
      held: heldOf(engine, stage, person, facts, bought),
      isForgotten: !isMainIn && (person?.standing ?? []).includes('suggestions'),
    },
    receipt: latest !== undefined && new Date(latest.at) >= before.since ? receiptOf(engine, latest) : undefined,
    model: {
      people: sum.people,
      peopleText: grouped(sum.people),
      othersText: grouped(sum.people - (isMainIn ? 1 : 0)),
      fingerprint: fingerprintOf(digestHex(digestFrom(sum.digest))),
      isMainIn,
      version: versions.length,
      versionPeopleText: grouped(version?.people ?? 0),
      learnedAt: version === undefined ? '' : time(new Date(version.publishedAt)),
      isBehind: version === undefined || version.position < sum.position,
    },
    other: {
      ...stage.other,
      cards: shownToOther.items.map((item) => cardOf(item, facts, new Set())),
      moved: (before.othersOwn ?? []).filter((item) => !shownToOther.items.some((shown) => shown.item === item)).length,
      isIn: contributesTo(other, stage.model),
    },
  };
}

/**
 * Of a list, what follows from the person and the model alone: its first ten without the places that go round, for which the last of the list make room.
 */
export function ownItems(cards: readonly Pick<Card, 'item' | 'isInTurn'>[]): string[] {
  return cards
    .slice(0, 10)
    .filter((card) => !card.isInTurn)
    .map((card) => card.item);
}

/** The suggested items and the things that they are suggested for. */
function itemsOf(decision: Decision): string[] {
  return decision.items.flatMap(({ item, terms }) => [
    item,
    ...terms.flatMap(({ of }) => (of === 'everyone' ? [] : [of])),
  ]);
}

/** Everything held about somebody, under their own right of access: this page is shown as theirs. */
async function readPerson(engine: Engine, userId: string): Promise<WholePerson | undefined> {
  const personId = await findPerson(engine, engine.database, { userId });
  if (personId === undefined) return undefined;
  return readWholePerson(
    engine,
    engine.database,
    dutyPermit('access', personId, 'their own page in the demo', { byThemselves: true }),
  );
}

/** Whether the model is made from somebody's contribution too. */
export async function isInModel(stage: DemoStage, userId: string): Promise<boolean> {
  return contributesTo(await readPerson(stage.engine, userId), stage.model);
}

function contributesTo(person: WholePerson | undefined, model: string): boolean {
  return person?.contributions.some((contribution) => contribution.model === model) ?? false;
}

function cardOf(decided: DecidedItem, facts: ReadonlyMap<string, KeptItem>, bought: ReadonlySet<string>): Card {
  const item = facts.get(decided.item);
  const strongest = decided.terms
    .filter(({ of, points }) => of !== 'everyone' && points > 0)
    .toSorted((left, right) => right.points - left.points)[0];
  return {
    item: decided.item,
    title: item?.title ?? decided.item,
    price: priceOf(item),
    image: item?.image ?? '',
    because:
      strongest === undefined
        ? undefined
        : {
            did: bought.has(strongest.of) ? 'bought' : 'viewed',
            title: facts.get(strongest.of)?.title ?? strongest.of,
          },
    isInTurn: isInTurn(decided),
    moved: shownMoves(decided),
    ...bill(decided, facts),
  };
}

/** Points for people, each with the length of its bar beside the longest. */
function bill(decided: DecidedItem, facts: ReadonlyMap<string, KeptItem>): Pick<Card, 'points' | 'terms'> {
  const shown = shownPoints(decided);
  const most = Math.max(1, ...shown.terms.map(({ points }) => Math.abs(points)));
  return {
    points: shown.score,
    terms: shown.terms.map(({ of, points }) => ({
      title: of === 'everyone' ? 'where everybody starts' : (facts.get(of)?.title ?? of),
      points,
      share: Math.round((Math.abs(points) * 100) / most),
    })),
  };
}

function switchesOf(engine: Engine, person: WholePerson | undefined): Switch[] {
  return Object.entries(engine.policy.purposes).map(([purpose, { title, notice }]) => {
    const isOn = person?.standing.includes(purpose) ?? false;
    const last = person?.consents.findLast((entry) => entry.purpose === purpose);
    const wasOn = person?.consents.some((entry) => entry.purpose === purpose && entry.action === 'grant') ?? false;
    const since =
      last === undefined ? 'never allowed' : `${isOn ? 'allowed' : wasOn ? 'withdrawn' : 'refused'} ${day(last.at)}`;
    return { purpose, title, notice, isOn, since };
  });
}

function heldOf(
  engine: Engine,
  stage: DemoStage,
  person: WholePerson | undefined,
  facts: ReadonlyMap<string, KeptItem>,
  bought: ReadonlySet<string>,
): Held[] {
  if (person === undefined) return [];
  const sensitive = sensitiveTopicsOf(engine.policy);
  const purpose = engine.policy.models[stage.model]?.for ?? '';
  const excluded = new Set(person.exclusions.map((exclusion) => exclusion.item));
  const held = new Map<string, Held>();
  // Newest first, so the first event of an item gives its day.
  for (const event of person.events) {
    for (const itemId of event.items) {
      if (held.has(itemId) || excluded.has(itemId)) continue;
      const item = facts.get(itemId);
      const topic = item?.topics.find((candidate) => sensitive.includes(candidate));
      const isUsed = person.events.some(
        (candidate) => candidate.items.includes(itemId) && candidate.purposes.includes(purpose),
      );
      held.set(itemId, {
        item: itemId,
        title: item?.title ?? itemId,
        image: item?.image ?? '',
        did: bought.has(itemId) ? 'bought' : 'viewed',
        on: day(new Date(event.at)),
        restriction: !isUsed
          ? 'kept for e-mail offers only'
          : topic === undefined
            ? undefined
            : `${topic}: never used to suggest`,
      });
    }
  }
  return [...held.values()];
}

const kinds: Readonly<Record<Receipt['kind'], string>> = {
  withdraw: 'withdrawn',
  exclude: 'taken out',
  expire: 'expired',
  rectify: 'corrected',
  merge: 'joined',
  erase: 'erased',
};

function receiptOf(engine: Engine, receipt: Receipt): ReceiptView {
  const before = receipt.sumDigestBefore ?? '';
  const after = receipt.sumDigestAfter ?? '';
  return {
    kind: kinds[receipt.kind],
    at: time(new Date(receipt.at)),
    about: receipt.about.map((name) => engine.policy.purposes[name]?.title ?? name).join(', '),
    before: fingerprintOf(before),
    after: fingerprintOf(after),
    hasMoved: before !== after,
    log: receipt.log,
    notUndone: receipt.notUndone,
  };
}

function priceOf(item: KeptItem | undefined): string {
  if (item === undefined || item.priceMinor === null) return '';
  return new Intl.NumberFormat('en-GB', { style: 'currency', currency: item.currency ?? 'GBP' }).format(
    item.priceMinor / 100,
  );
}

/** For example `1,654`. */
export function grouped(count: number): string {
  return new Intl.NumberFormat('en-GB').format(count);
}

function day(date: Date): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' }).format(date);
}

function time(date: Date): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(date);
}
