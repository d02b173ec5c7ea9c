/**
 * What each endpoint does: one small function each, from what was checked to what will be checked. They speak to the rooms above alone; HTTP is
 * around them, in `routes.ts`.
 */
import type { Static } from 'typebox';
import * as catalogue from '../../catalogue/items.ts';
import { gppOptOuts, tcfChoices } from '../../consent/decode-signals.ts';
import { consentReceipts, receiptKey } from '../../consent/consent-receipt.ts';
import { consentHistory } from '../../consent/ledger.ts';
import { dutyPermit, standingPurposes } from '../../consent/permit.ts';
import { isSignalled, purposesToAsk } from '../../consent/signals.ts';
import { Refusal } from '../../database/refusal.ts';
import { type Decision, decide } from '../../deciding/decide.ts';
import type { Engine } from '../../deciding/engine.ts';
import { findDecision, unknownDecision } from '../../deciding/find-decision.ts';
import { outcomesOf, recordOutcome } from '../../deciding/outcomes.ts';
import { becauseOf, why } from '../../deciding/why.ts';
import { modelVersions, versionAfter } from '../../models/learn.ts';
import { recipeStanding } from '../../models/recipes.ts';
import { choose } from '../../people/choose.ts';
import { queueFoldForItems } from '../../people/fold.ts';
import { heedSignal } from '../../people/heed-signal.ts';
import { type ForgetRequest, forget } from '../../people/forget.ts';
import { linkSeconds, linkToken } from '../../people/person-sessions.ts';
import { findPerson, isPerson, namingIdentifier } from '../../people/persons.ts';
import { type WholePerson, readWholePerson } from '../../people/profile.ts';
import { receiptsOf } from '../../people/receipts.ts';
import { type Settings, readSettings, setDial } from '../../people/settings.ts';
import { entryOf, noticeLanguages, wordsIn } from '../../policy/policy.ts';
import { complaintsOf } from '../../rights/complaints.ts';
import { proofFor } from '../../transparency/proof-for.ts';
import type { AnswerOf, Endpoint, InputOf } from '../contract/endpoint.ts';
import type { EndpointName, endpoints } from '../contract/endpoints.ts';
import type { Message } from '../contract/intake.ts';
import { type Caller, missingKey, sourceOf, spokenFor } from './caller.ts';
import type { IntakeQueue } from './intake-queue.ts';
import { ownPerson } from './own-person.ts';
import { messageOf, messagesOf, timeOf } from './messages.ts';
import type { Metrics } from './metrics.ts';
import { Misfit, Wait } from './problem-answer.ts';
import { rightsAnswers } from './rights-answers.ts';
import { sendingAnswers } from './sending-answers.ts';

/** What the answers work with. */
export interface Desk {
  readonly engine: Engine;
  readonly queue: IntakeQueue;
  readonly metrics: Metrics;
  /** Where people reach the server: what links begin with. */
  readonly publicUrl: () => string;
  /** The OpenAPI document. */
  readonly document: Record<string, unknown>;
}

/** A checked request. */
type Call<Declared extends Endpoint> = InputOf<Declared> & {
  readonly caller: Caller;
  /** Whether the browser that called sent `Sec-GPC: 1`; false for a server, whose own headers say nothing about its customers. */
  readonly signalled: boolean;
};

/** A body, and the headers that the endpoint declares. */
interface Answer<Body> {
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answerer<Declared extends Endpoint> = (
  desk: Desk,
  call: Call<Declared>,
) => Promise<Answer<AnswerOf<Declared>>>;

export const answers: { readonly [Name in EndpointName]: Answerer<(typeof endpoints)[Name]> } = {
  track: (desk, { caller, body }) => takeOne(desk, caller, { ...body, type: 'track' }),
  identify: (desk, { caller, body }) => takeOne(desk, caller, { ...body, type: 'identify' }),
  page: (desk, { caller, body }) => takeOne(desk, caller, { ...body, type: 'page' }),
  screen: (desk, { caller, body }) => takeOne(desk, caller, { ...body, type: 'screen' }),
  group: (desk, { caller, body }) => takeOne(desk, caller, { ...body, type: 'group' }),
  alias: (desk, { caller, body }) => takeOne(desk, caller, { ...body, type: 'alias' }),
  batch: (desk, { caller, body }) => take(desk, caller, messagesOf(body, caller, desk.engine.database.world)),

  async listPurposes({ engine }, { query }) {
    const { language } = query ?? {};
    const asked = noticeLanguages.find((known) => known === language) ?? engine.policy.controller.language ?? 'en';
    const purposes = Object.entries(engine.policy.purposes).map(([purpose, declared]) => ({
      purpose,
      title: wordsIn(engine.policy, declared, asked).title,
      notice: wordsIn(engine.policy, declared, asked).notice,
      noticeVersion: declared.noticeVersion ?? 1,
      noticeLanguage: wordsIn(engine.policy, declared, asked).language,
      basis: declared.basis,
      keepFor: declared.keepFor,
    }));
    return { body: { purposes } };
  },

  async recordConsents({ engine }, { caller, body, signalled }) {
    const who = namingIdentifier(spokenFor(caller, body.person));
    if (who === undefined) throw nobodyNamed();
    for (const purpose of Object.keys(body.purposes))
      if (entryOf(engine.policy.purposes, purpose) === undefined) throw unknownPurpose();
    const { gpc = false, gpp, tcf } = body.signals ?? {};
    // A choice made elsewhere is a choice; what was said here counts before it.
    const elsewhere = tcf === undefined ? undefined : tcfChoices(engine.policy, tcf);
    const purposes = { ...elsewhere, ...body.purposes };
    if (Object.keys(purposes).length === 0 && body.signals === undefined && !signalled) throw emptyChoice();
    const [chosen] = await choose(engine, [
      {
        who,
        choices: {
          purposes,
          ...(body.notices === undefined ? {} : { notices: body.notices }),
          method: body.method ?? 'api',
          source: sourceOf(caller),
          // Only the operator's own server is believed about when somebody chose.
          ...(body.at === undefined || caller.kind !== 'server' ? {} : { at: timeOf(body.at, engine.database.world) }),
          ...(body.evidence === undefined ? {} : { evidence: body.evidence }),
        },
      },
    ]);
    if (chosen === undefined) throw new Error('a choice came back empty');
    let receipt = chosen.receipt;
    const heeds = [
      ...(gpc || signalled ? [{ source: 'Sec-GPC' }] : []),
      ...(gpp === undefined ? [] : [{ source: 'GPP', about: gppOptOuts(gpp) ?? [] }]),
    ];
    for (const signal of heeds) receipt = (await heedSignal(engine, chosen.personId, signal)).receipt ?? receipt;
    const spoken = await consentHistory(engine.database, chosen.personId);
    return {
      body: {
        standing: standingOf(engine, await standing(engine, chosen.personId)),
        receipt: receipt === undefined ? null : receiptOf(receipt),
        signalled: Object.keys(engine.policy.purposes).filter((purpose) => isSignalled(spoken, purpose)),
        ask: purposesToAsk(engine.policy, spoken, engine.database.world.now()),
      },
    };
  },

  async lookUpConsents({ engine }, { caller, body }) {
    const person = await findPerson(engine, engine.database, spokenFor(caller, body.person));
    const spoken = person === undefined ? [] : await consentHistory(engine.database, person);
    return {
      body: {
        standing: standingOf(engine, person === undefined ? undefined : await standing(engine, person)),
        ask: purposesToAsk(engine.policy, spoken, engine.database.world.now()),
      },
    };
  },

  putItems: (desk, { body }) => putItems(desk, body.items),
  postItems: (desk, { body }) => putItems(desk, body.items),

  async listItems({ engine }, { query }) {
    const limit = Number(query?.limit ?? 100);
    const page = await catalogue.listItems(engine.database, {
      limit,
      ...(query?.after === undefined ? {} : { after: Number(query.after) }),
    });
    const last = page.at(-1);
    return {
      body: {
        items: page.map(itemOf),
        next: page.length < limit || last === undefined ? null : String(last.itemNumber),
      },
    };
  },

  async withdrawItem({ engine }, { params }) {
    await catalogue.readItem(engine.database, params.item);
    await catalogue.withdrawItems(engine.database, [params.item]);
    await engine.items.refresh();
    return { body: { withdrawn: true } };
  },

  async decide({ engine, metrics }, { caller, body }) {
    const decision = await decide(engine, {
      person: spokenFor(caller, body.person),
      placement: body.placement,
      ...(body.context?.exclude === undefined ? {} : { context: { exclude: body.context.exclude } }),
    });
    metrics.countDecision(decision.placement, decision.personal);
    return {
      body: caller.kind === 'server' ? forServer(decision) : forBrowser(engine, decision),
      headers: { 'fairlead-decision': decision.decision, link: `<${decision.why}>; rel="describedby"` },
    };
  },

  async readDecision({ engine }, { params }) {
    const [explained, outcomes] = [await why(engine, params.id), await outcomesOf(engine, params.id)];
    return {
      body: {
        ...explained,
        redacted: copied(explained.redacted),
        basis: [...explained.basis],
        items: explained.items.map(decided),
        used: [...explained.used],
        notUsed: [...explained.notUsed],
        outcomes,
      },
    };
  },

  async readWhy({ engine }, { caller, params }) {
    await refuseOthersDecision(engine, caller, params.id);
    const explained = await why(engine, params.id);
    return {
      body: {
        ...explained,
        redacted: copied(explained.redacted),
        basis: [...explained.basis],
        items: explained.items.map(({ item, title, because }) => ({ item, title, because })),
        used: [...explained.used],
        notUsed: [...explained.notUsed],
      },
    };
  },

  async readProof({ engine }, { params }) {
    const found = await findDecision(engine.database, params.id);
    // Answers for everybody may leave unrecorded, so they have no entry.
    if (found.about === 'nobody') throw unknownDecision();
    const opening = found.leafKey === null ? undefined : { record: found.text, key: found.leafKey };
    const proof = await proofFor(engine.database, found.leaf, opening);
    if (proof === undefined)
      throw new Wait('log.pending', 'The record is written, and the transparency log has yet to take it.', 1);
    return {
      body: proof,
      headers: { 'content-disposition': `attachment; filename="decision-${params.id}.tlog-proof"` },
    };
  },

  async reportShown({ engine }, { caller, params, body }) {
    await refuseOthersDecision(engine, caller, params.id);
    await recordOutcome(engine, params.id, { kind: 'shown', ...(body.item === undefined ? {} : { item: body.item }) });
    return { body: { success: true } };
  },

  async reportClicked({ engine }, { caller, params, body }) {
    await refuseOthersDecision(engine, caller, params.id);
    await recordOutcome(engine, params.id, { kind: 'clicked', item: body.item });
    return { body: { success: true } };
  },

  async lookUpPerson({ engine }, { caller, body }) {
    const person = await findPerson(engine, engine.database, spokenFor(caller, body));
    if (person === undefined) throw unknownPerson();
    return { body: { person } };
  },

  async viewPerson(desk, { caller, params }) {
    const whole = await readWhole(desk.engine, caller, params.person);
    return {
      body: {
        person: whole.personId,
        since: whole.since,
        standing: standingOf(desk.engine, new Set(whole.standing)),
        consents: consentsOf(whole),
        fields: Object.keys(whole.fields),
        events: whole.events.length,
        exclusions: whole.exclusions.length,
        contributions: Object.fromEntries(whole.contributions.map(({ model, items }) => [model, items.length])),
        receipts: whole.receipts.length,
      },
    };
  },

  async exportPerson(desk, { caller, params }) {
    const whole = await readWhole(desk.engine, caller, params.person);
    return {
      body: {
        person: whole.personId,
        since: whole.since,
        identifiers: [...whole.identifiers],
        fields: whole.fields,
        events: whole.events.map((event) => ({ ...event, items: [...event.items], purposes: [...event.purposes] })),
        exclusions: [...whole.exclusions],
        consents: consentsOf(whole),
        standing: standingOf(desk.engine, new Set(whole.standing)),
        contributions: whole.contributions.map(({ model, items }) => ({ model, items: [...items] })),
        settings: settingsOf(whole.settings),
        receipts: whole.receipts.map(receiptOf),
        complaints: await complaintsOf(desk.engine, desk.engine.database, whole.personId),
        looks: whole.looks.map(({ duty, reason, at }) => ({ duty, reason, at: at.toISOString() })),
      },
      headers: { 'content-disposition': 'attachment; filename="everything-held.json"' },
    };
  },

  async consentReceiptKey({ engine }) {
    return { body: await receiptKey(engine) };
  },

  async listConsentReceipts({ engine }, { caller, params }) {
    await refuseOthers(engine, caller, params.person);
    if (!(await isPerson(engine.database, params.person))) throw unknownPerson();
    return { body: { receipts: (await consentReceipts(engine, engine.database, params.person)).map(shownReceipt) } };
  },

  async linkToPrivacyCentre({ engine }, { params }) {
    if (!(await isPerson(engine.database, params.person))) throw unknownPerson();
    const endsAt = new Date(engine.database.world.now().getTime() + linkSeconds.given * 1_000);
    return {
      body: {
        link: `/privacy/enter/${linkToken(engine, params.person, linkSeconds.given)}`,
        endsAt: endsAt.toISOString(),
      },
    };
  },

  async readDial({ engine }, { caller, params }) {
    await refuseOthers(engine, caller, params.person);
    if (!(await isPerson(engine.database, params.person))) throw unknownPerson();
    return { body: settingsOf(await readSettings(engine.database, params.person)) };
  },

  async setDial({ engine }, { caller, params, body }) {
    await refuseOthers(engine, caller, params.person);
    return { body: settingsOf(await setDial(engine, params.person, body)) };
  },

  async excludeFromPerson({ engine }, { caller, params, body }) {
    await refuseOthers(engine, caller, params.person);
    const { world } = engine.database;
    const request: ForgetRequest =
      'item' in body
        ? { kind: 'exclude', itemId: body.item }
        : { kind: 'exclude', from: timeOf(body.from, world), until: timeOf(body.until, world) };
    if ('from' in request && request.from >= request.until)
      throw new Misfit([{ pointer: '/body/until', detail: 'must lie after from' }]);
    return { body: receiptOf(await forget(engine, params.person, request)) };
  },

  async forgetPerson({ engine }, { caller, params, body }) {
    await refuseOthers(engine, caller, params.person);
    return { body: receiptOf(await forget(engine, params.person, forgetRequestOf(engine, caller, body))) };
  },

  async listReceipts({ engine }, { caller, params }) {
    await refuseOthers(engine, caller, params.person);
    const receipts = await receiptsOf(engine.database, params.person);
    const followed = await Promise.all(
      receipts.map((receipt) =>
        Promise.all(
          receipt.sums.map(async ({ model, position }) => ({
            model,
            version: (await versionAfter(engine.database, model, position))?.version ?? null,
          })),
        ),
      ),
    );
    return {
      body: {
        receipts: receipts.map((receipt, index) => ({ ...receiptOf(receipt), followed: followed[index] ?? [] })),
      },
    };
  },

  async listModels({ engine }) {
    const models = await Promise.all(
      Object.entries(engine.policy.models).map(async ([model, rule]) => ({
        model,
        purpose: rule.for,
        current: engine.models.current(model)?.version ?? null,
        recipe: (await recipeStanding(engine.database, model)) ?? null,
      })),
    );
    return { body: { models, versions: await modelVersions(engine.database) } };
  },

  ...sendingAnswers,
  ...rightsAnswers,

  async openApiDocument({ document }) {
    return { body: document };
  },

  async healthy() {
    return { body: { status: 'ok' } };
  },

  async ready({ engine }) {
    await Promise.race([engine.database.query('select 1 as alive'), tooSlow(1_000)]);
    return { body: { status: 'ready' } };
  },

  async metrics({ metrics }) {
    return { body: await metrics.text() };
  },

  async globalPrivacyControl() {
    return { body: { gpc: true, lastUpdate: '2026-01-01' } };
  },

  async securityContact({ engine }) {
    const { contact } = engine.policy.controller;
    const expires = new Date(engine.database.world.now());
    expires.setUTCHours(0, 0, 0, 0);
    expires.setUTCDate(expires.getUTCDate() + 180);
    const uri = /^(https|mailto):/.test(contact) ? contact : `mailto:${contact}`;
    return { body: `Contact: ${uri}\nExpires: ${expires.toISOString()}\nPreferred-Languages: en\n` };
  },
};

async function takeOne(desk: Desk, caller: Caller, said: Static<typeof Message>): Promise<Answer<{ success: true }>> {
  const { world } = desk.engine.database;
  return take(desk, caller, [messageOf(said, {}, { caller, world, receivedMs: world.now().getTime() })]);
}

const browserPastMsMax = 30 * 24 * 3_600_000;

async function take(
  desk: Desk,
  caller: Caller,
  messages: ReturnType<typeof messagesOf>,
): Promise<Answer<{ success: true }>> {
  if (caller.kind === 'nobody') throw missingKey();
  const outcomes = await desk.queue.take(messages, {
    source: caller.kind === 'person' ? 'person token' : caller.keyId,
    mayGrant: caller.kind === 'server',
    ...(caller.kind === 'server' ? {} : { oldestMs: browserPastMsMax }),
  });
  desk.metrics.countOutcomes(outcomes);
  return { body: { success: true } };
}

async function putItems(
  { engine }: Desk,
  items: readonly (Omit<catalogue.Item, 'itemId'> & { item: string })[],
): Promise<Answer<{ stored: number }>> {
  const { stored, topicsChanged } = await catalogue.putItems(
    engine.database,
    items.map(({ item, ...facts }) => ({ itemId: item, ...facts })),
  );
  if (topicsChanged.length > 0)
    await queueFoldForItems(engine, engine.database, topicsChanged, engine.database.world.now());
  // Whoever has been answered finds the change in the next decision.
  await engine.items.refresh();
  return { body: { stored } };
}

function itemOf({ itemId, itemNumber, topics, updatedAt, ...facts }: catalogue.KeptItem) {
  return { item: itemId, number: itemNumber, ...facts, topics: [...topics], updatedAt: updatedAt.toISOString() };
}

function forServer(decision: Decision) {
  return {
    placement: decision.placement,
    personal: decision.personal,
    basis: [...decision.basis],
    model: decision.model,
    items: decision.items.map(decided),
  };
}

/** A browser gets items and reasons in words: scores would let it work out what others chose (law 7). */
function forBrowser(engine: Engine, decision: Decision) {
  return {
    placement: decision.placement,
    personal: decision.personal,
    items: decision.items.map((item) => ({ item: item.item, because: becauseOf(engine, item) })),
  };
}

function decided<Item extends Decision['items'][number]>(item: Item) {
  return { ...item, terms: [...item.terms], moves: [...item.moves] };
}

function copied(texts: readonly string[] | null): string[] | null {
  return texts === null ? null : [...texts];
}

function receiptOf<Given extends WholePerson['receipts'][number]>(receipt: Given) {
  return { ...receipt, about: [...receipt.about], sums: [...receipt.sums] };
}

function shownReceipt({ entry, jws }: Awaited<ReturnType<typeof consentReceipts>>[number]) {
  return { entry: entry.entryId, purpose: entry.purpose, action: entry.action, at: entry.at.toISOString(), jws };
}

function consentsOf(whole: WholePerson) {
  return whole.consents.map(({ purpose, action, noticeVersion, method, source, at }) => ({
    purpose,
    action,
    noticeVersion,
    method,
    source,
    at: at.toISOString(),
  }));
}

function standingOf(engine: Engine, stands: ReadonlySet<string> | undefined): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(engine.policy.purposes).map(([purpose, { basis }]) => [
      purpose,
      stands === undefined ? basis === 'opt-out' : stands.has(purpose),
    ]),
  );
}

async function standing(engine: Engine, person: string): Promise<ReadonlySet<string> | undefined> {
  return (await standingPurposes(engine.database, engine.policy, [person])).get(person);
}

/** How a look over the interface is written down: by the label that the operator gave the key. */
function lookOf(caller: Caller): string {
  return caller.kind === 'server' ? `asked for with the key “${caller.label}”` : 'asked for by the person';
}

/** The whole of a person for the person's own right of access, which a server key exercises on their behalf. */
async function readWhole(engine: Engine, caller: Caller, personId: string): Promise<WholePerson> {
  await refuseOthers(engine, caller, personId);
  return readWholePerson(
    engine,
    engine.database,
    dutyPermit('access', personId, lookOf(caller), {
      byThemselves: caller.kind === 'person',
    }),
  );
}

/** For a person token everybody else does not exist. */
function settingsOf(settings: Settings): Omit<Settings, 'withheld'> & { withheld: string[] } {
  return { ...settings, withheld: [...settings.withheld] };
}

async function refuseOthers(engine: Engine, caller: Caller, personId: string): Promise<void> {
  if (caller.kind !== 'server' && (await ownPerson(engine, caller)) !== personId) throw unknownPerson();
}

async function refuseOthersDecision(engine: Engine, caller: Caller, decisionId: string): Promise<void> {
  if (caller.kind !== 'person') return;
  await engine.nonpersonal.flush();
  const found = await findDecision(engine.database, decisionId);
  if (found.about === 'somebody' && found.personId !== (await ownPerson(engine, caller))) throw unknownDecision();
}

type ForgetBody = { kind: 'withdraw'; purposes: string[] } | { kind: 'rectify'; field: string } | { kind: 'erase' };

function forgetRequestOf(engine: Engine, caller: Caller, body: ForgetBody): ForgetRequest {
  switch (body.kind) {
    case 'withdraw':
      return { kind: 'withdraw', purposes: [...new Set(body.purposes)], method: 'api', source: sourceOf(caller) };
    case 'rectify':
      if (entryOf(engine.policy.people, body.field) === undefined) {
        throw new Refusal('person.unknown-field', 'The policy has no such field.', {
          remedy: `Its fields are: ${Object.keys(engine.policy.people).join(', ')}.`,
        });
      }
      return { kind: 'rectify', field: body.field };
    case 'erase':
      return { kind: 'erase' };
    default:
      return body satisfies never;
  }
}

async function tooSlow(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Refusal('database.slow', 'The database did not answer within a second.')), ms).unref();
  });
}

function emptyChoice(): Misfit {
  return new Misfit([{ pointer: '/body/purposes', detail: 'must name a purpose, where there is no signal' }]);
}

function nobodyNamed(): Misfit {
  return new Misfit([{ pointer: '/body/person', detail: 'must name somebody' }]);
}

function unknownPerson(): Refusal {
  return new Refusal('person.unknown', 'There is no such person.', {
    remedy: 'Look the person up again: they may have been merged or erased.',
  });
}

function unknownPurpose(): Refusal {
  return new Refusal('consent.unknown-purpose', 'The policy has no such purpose.', {
    remedy: 'GET /v1/consents lists them.',
  });
}
