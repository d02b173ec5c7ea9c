/**
 * What the privacy centre shows one person, in their language: what they allow, what is known, why they saw what they saw, how their lists are made, and their
 * receipts. Read under the person's own right of access; nothing in it is about anybody else.
 */
import { dutyPermit } from '../../consent/permit.ts';
import type { Engine } from '../../deciding/engine.ts';
import { previewWithout } from '../../deciding/preview.ts';
import { recentDecisions } from '../../deciding/recent-decisions.ts';
import { type WholePerson, readWholePerson } from '../../people/profile.ts';
import { putBackMs } from '../../people/put-back.ts';
import { type Policy, type Purpose, dialPositions, entryOf, wordsIn } from '../../policy/policy.ts';
import { fieldsFor, purposesOfField } from '../../policy/views.ts';
import { complaintsOf } from '../../rights/complaints.ts';
import { type Language, countIn, dayIn, fill, listIn, momentIn } from './languages/language.ts';
import { type PrivacyMessages, privacyMessages } from './languages/privacy/privacy-messages.ts';
import { durationIn } from './languages/duration.ts';
import { nameInWords } from './plain-words.ts';

/** How many things one page of the history shows: with 25 the whole page stays well below 60 kB. */
export const thingsAtOnce = 25;
const decisionsShown = 8;
const receiptsShown = 8;
const looksShown = 20;
const complaintsShown = 8;

/** What the view is made for. */
interface Asked {
  readonly personId: string;
  readonly language: Language;
  /** Which page of the history, from 1. */
  readonly page: number;
  /** Whether the browser sends `Sec-GPC: 1`. */
  readonly isSignalled: boolean;
}

export type PrivacyView = Awaited<ReturnType<typeof privacyView>>;

export async function privacyView(engine: Engine, asked: Asked) {
  const { personId, language } = asked;
  const permit = dutyPermit('access', personId, 'their own privacy centre', { byThemselves: true });
  const [whole, decisions, complaints] = await Promise.all([
    readWholePerson(engine, engine.database, permit),
    recentDecisions(engine, engine.database, personId, { limit: decisionsShown }),
    complaintsOf(engine, engine.database, personId),
  ]);
  const say = privacyMessages[language];
  return {
    isSignalled: asked.isSignalled,
    purposes: Object.entries(engine.policy.purposes).map(([name, declared]) =>
      shownPurpose(engine.policy, whole, language, { name, declared }),
    ),
    known: knownOf(engine, whole, asked),
    complaints: complaints.slice(0, complaintsShown).map((complaint) => ({
      about: say.wrong[complaint.about],
      words: complaint.words === null ? '' : fill(say.wrong.youWrote, { words: complaint.words }),
      state:
        complaint.answeredAt === null
          ? fill(say.wrong.waits, {
              day: dayIn(language, new Date(complaint.receivedAt)),
              due: dayIn(language, new Date(complaint.dueAt)),
            })
          : fill(say.wrong.answered, {
              day: dayIn(language, new Date(complaint.answeredAt)),
              name: complaint.answeredBy ?? '',
            }),
      answer: complaint.answer ?? '',
    })),
    decisions: decisions.map((decision) => ({
      id: decision.decisionId,
      placement: nameInWords(decision.placement),
      at: momentIn(language, decision.at),
      count: countIn(language, decision.items.length),
      first: decision.items.slice(0, 3).map((itemId) => titleOf(engine, say, itemId)),
      why: decision.why,
    })),
    dial: {
      personal: whole.settings.personal,
      positions: dialPositions.map((position, index) => ({
        position,
        words: dialWords(say)[index] ?? '',
        isSet: position === whole.settings.dial,
      })),
    },
    receipts: whole.receipts.slice(0, receiptsShown).map((receipt) => ({
      id: receipt.receipt,
      kind: receipt.kind === 'erase' ? '' : say.rights[receipt.kind],
      at: momentIn(language, new Date(receipt.at)),
      log: receipt.log,
    })),
  };
}

/** What would change if one thing were taken out. */
export async function previewView(
  engine: Engine,
  asked: { readonly personId: string; readonly language: Language; readonly takeOut: TakeOut },
) {
  const { personId, language, takeOut } = asked;
  const say = privacyMessages[language];
  const lists = await previewWithout(engine, personId, ({ itemId, at }) =>
    'itemId' in takeOut ? itemId === takeOut.itemId : at >= takeOut.from.getTime() && at < takeOut.until.getTime(),
  );
  const titles = (itemIds: readonly string[]): string =>
    listIn(
      language,
      itemIds.map((itemId) => titleOf(engine, say, itemId)),
    );
  return {
    thing:
      'itemId' in takeOut
        ? titleOf(engine, say, takeOut.itemId)
        : fill(say.know.period, {
            from: momentIn(language, takeOut.from),
            until: momentIn(language, takeOut.until),
          }),
    lists: lists
      .filter(({ leaving, coming }) => leaving.length + coming.length > 0)
      .map(({ leaving, coming }) => ({
        leaving: leaving.length === 0 ? '' : titles(leaving),
        coming: coming.length === 0 ? '' : titles(coming),
      })),
  };
}

/** What a person can take out of their history. */
export type TakeOut = { readonly itemId: string } | { readonly from: Date; readonly until: Date };

function shownPurpose(
  policy: Policy,
  whole: WholePerson,
  language: Language,
  { name, declared }: { readonly name: string; readonly declared: Purpose },
) {
  const say = privacyMessages[language];
  const last = whole.consents.findLast((entry) => entry.purpose === name);
  const isOn = whole.standing.includes(name);
  const words = wordsIn(policy, declared, language);
  const day = last === undefined ? '' : dayIn(language, last.at);
  const state = isOn
    ? last === undefined
      ? say.allow.sinceNever
      : fill(say.allow.since, { day })
    : last === undefined
      ? say.allow.offNever
      : fill(say.allow.offSince, { day });
  const uses = [
    ...Object.entries(policy.events).flatMap(([event, rule]) =>
      rule.for.includes(name) ? [eventInWords(say, event)] : [],
    ),
    ...fieldsFor(policy, name).map(nameInWords),
  ];
  return {
    name,
    title: words.title,
    notice: words.notice,
    // Said to the browser where it is another language than the page's.
    tongue: words.language === language ? '' : words.language,
    isOn,
    state,
    // A changed text does not end what stands; it is told, and the switch is beside it.
    isChanged: isOn && last !== undefined && last.noticeVersion < (declared.noticeVersion ?? 1),
    uses: uses.length === 0 ? '' : listIn(language, uses),
    keepFor: durationIn(language, declared.keepFor),
    basis: basisInWords(say, declared),
    recipients: declared.recipients === undefined ? '' : listIn(language, declared.recipients),
  };
}

function titleIn(policy: Policy, language: Language, name: string): string {
  const declared = entryOf(policy.purposes, name);
  return declared === undefined ? nameInWords(name) : wordsIn(policy, declared, language).title;
}

function basisInWords(say: PrivacyMessages, declared: Purpose): string {
  switch (declared.basis) {
    case 'consent':
      return say.allow.byConsent;
    case 'explicit-consent':
      return say.allow.byExplicitConsent;
    case 'opt-out':
      return fill(say.allow.byLaw, { law: declared.law });
    default:
      return declared satisfies never;
  }
}

function knownOf(engine: Engine, whole: WholePerson, { language, page }: Asked) {
  const say = privacyMessages[language];
  const { policy } = engine;
  const titleOfPurpose = (name: string): string => titleIn(policy, language, name);
  const things = thingsOf(whole);
  const pages = Math.max(1, Math.ceil(things.length / thingsAtOnce));
  const current = Math.min(Math.max(page, 1), pages);
  const now = engine.database.world.now().getTime();
  return {
    page: current,
    pages,
    things: things.slice((current - 1) * thingsAtOnce, current * thingsAtOnce).map((thing) => ({
      title: thing.itemId === undefined ? eventInWords(say, thing.names[0] ?? '') : titleOf(engine, say, thing.itemId),
      did: listIn(
        language,
        thing.names.map((name) => eventInWords(say, name)),
      ),
      times: thing.times > 1 ? fill(say.know.times, { count: countIn(language, thing.times) }) : '',
      on: dayIn(language, new Date(thing.at)),
      usedFor: fill(say.know.usedFor, { purposes: listIn(language, thing.purposes.map(titleOfPurpose)) }),
      itemId: thing.itemId ?? '',
      at: thing.itemId === undefined ? thing.at : '',
    })),
    fields: Object.entries(whole.fields).map(([field, value]) => {
      const declared = entryOf(policy.people, field);
      return {
        field,
        name: nameInWords(field),
        value: String(value),
        use:
          declared?.kind === 'safeguard'
            ? say.know.protects
            : declared?.kind === 'sensitive'
              ? say.know.onlyFairness
              : fill(say.know.usedFor, {
                  purposes: listIn(language, purposesOfField(policy, field).map(titleOfPurpose)),
                }),
      };
    }),
    identifiers: whole.identifiers.map(({ kind, value }) => ({ kind: nameInWords(kind), value })),
    learned: whole.contributions.flatMap(({ model, items }) => {
      const purpose = policy.models[model]?.for;
      return purpose === undefined || items.length === 0
        ? []
        : [
            fill(say.know.learnedFrom, {
              purpose: titleOfPurpose(purpose),
              count: countIn(language, items.length),
            }),
          ];
    }),
    taken: whole.exclusions.map((exclusion) => {
      const deletedAt = new Date(Date.parse(exclusion.at) + putBackMs);
      const canBePutBack = exclusion.deletedAt === null && deletedAt.getTime() > now;
      return {
        exclusion: exclusion.exclusion,
        title:
          exclusion.item !== null
            ? titleOf(engine, say, exclusion.item)
            : fill(say.know.period, {
                from: momentIn(language, new Date(exclusion.from ?? 0)),
                until: momentIn(language, new Date(exclusion.until ?? 0)),
              }),
        canBePutBack,
        state: canBePutBack ? fill(say.know.untilWhen, { time: momentIn(language, deletedAt) }) : say.know.deleted,
      };
    }),
    looks: whole.looks.slice(0, looksShown).map(({ reason, at }) => ({ reason, at: momentIn(language, at) })),
  };
}

/** One line of the history: an item with everything that was done with it, or an event that names none. */
interface Thing {
  readonly itemId: string | undefined;
  readonly names: string[];
  times: number;
  /** Of the last time. */
  readonly at: string;
  readonly purposes: string[];
}

function thingsOf(whole: WholePerson): Thing[] {
  const out = new Set(whole.exclusions.flatMap(({ item }) => item ?? []));
  const periods = whole.exclusions.flatMap(({ from, until }) =>
    from === null || until === null ? [] : [{ from, until }],
  );
  const things = new Map<string, Thing>();
  // Newest first, as they are read.
  for (const event of whole.events) {
    if (periods.some(({ from, until }) => event.at >= from && event.at < until)) continue;
    for (const itemId of event.items.length === 0 ? [undefined] : event.items) {
      if (itemId !== undefined && out.has(itemId)) continue;
      const key = itemId === undefined ? `event ${event.event}` : `item ${itemId}`;
      const thing = things.get(key) ?? { itemId, names: [], times: 0, at: event.at, purposes: [] };
      thing.times += 1;
      if (!thing.names.includes(event.name)) thing.names.push(event.name);
      for (const purpose of event.purposes) if (!thing.purposes.includes(purpose)) thing.purposes.push(purpose);
      things.set(key, thing);
    }
  }
  return [...things.values()];
}

function titleOf(engine: Engine, say: PrivacyMessages, itemId: string): string {
  return engine.items.byId(itemId)?.title ?? say.know.unknownThing;
}

/** The events that shops send under the names of Segment's e-commerce specification, in words; any other by its own name. */
function eventInWords(say: PrivacyMessages, name: string): string {
  switch (name) {
    case 'Product Viewed':
      return say.know.viewed;
    case 'Product Added':
      return say.know.added;
    case 'Order Completed':
      return say.know.bought;
    default:
      return fill(say.know.did, { event: name });
  }
}

function dialWords({ dial }: PrivacyMessages): string[] {
  return [dial.more, dial.littleMore, dial.middle, dial.littleSurprise, dial.surprise];
}
