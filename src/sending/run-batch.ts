/**
 * Sends a batch: goes through its audience in pages, decides about each person, writes down that something is about to leave, reads the address with a fresh
 * permit, hands over, and writes down what became of it. Killed at any moment, it goes on where it was, and nobody gets anything twice.
 */
import { Refusal } from '../database/refusal.ts';
import { decide } from '../deciding/decide.ts';
import type { Decision } from '../deciding/decide.ts';
import type { DecidedItem } from '../deciding/decision-record.ts';
import type { Engine } from '../deciding/engine.ts';
import { findDecision } from '../deciding/find-decision.ts';
import { type HandOverView, addressField, readForHandOver } from '../people/read-for-hand-over.ts';
import { capOf, subtractDuration } from '../policy/durations.ts';
import { type Audience, adsAudienceMin, audienceMin, audienceOf, countAudience, membersOf } from './audience.ts';
import {
  type Batch,
  type BatchRow,
  changeBatch,
  findBatch,
  hasEnded,
  readBatch,
  requirePolicy,
  requireState,
  writeBatch,
} from './batch.ts';
import { linksOf, mergeFields, shownItems } from './compose.ts';
import {
  type HandOver,
  type HandOverState,
  beginHandOvers,
  handOverExpiry,
  handOversIn,
  handedOverSince,
  moveHandOvers,
  reachedAmong,
  takeBackHandOvers,
} from './hand-overs.ts';
import { csvOutlet } from './internal/csv-outlet.ts';
import { mailOutlet } from './internal/mail-outlet.ts';
import type { Handed, Outcome, Outlet, Recipient } from './internal/outlet.ts';
import { type WebhookLimits, webhookLimits, webhookOutlet } from './internal/webhook-outlet.ts';
import type { Mailer } from './mail.ts';
import { referencesFor, removedOf } from './removals.ts';
import { compileTemplate } from './template.ts';
import type { Webhook } from './webhook-settings.ts';

export interface RunOptions {
  /** Where people reach the server: the links of a mail begin with it. */
  readonly publicUrl: string;
  readonly mailer?: Mailer | undefined;
  readonly mailConnections?: number;
  readonly webhook?: Webhook | undefined;
  readonly webhookLimits?: WebhookLimits;
  /** Where a file is written. */
  readonly file?: string | undefined;
  readonly onProgress?: (progress: { readonly handedOver: number; readonly people: number }) => void;
  /** How many are handed over at once; as many as suits whoever takes them when left out. */
  readonly groupMax?: number;
  /** Stops between two groups; the batch can be gone on with. */
  readonly signal?: AbortSignal;
}

/** How many people are looked at together. */
const page = 2_000;

/**
 * Sends as much as can be sent. Answers the batch: `done`, or `paused` with the reason, or as somebody cancelled it. Refuses with `batch.unknown`,
 * `batch.state` (nobody has agreed, or it has ended), `batch.busy` (another process is at it), `batch.policy`, `audience.too-small`, and what the outlet refuses.
 */
export async function runBatch(engine: Engine, batchId: string, options: RunOptions): Promise<Batch> {
  await alone(engine, batchId, async (assertAlone) => {
    const row = await findBatch(engine.database, batchId);
    requireState(row, ['approved', 'sending', 'paused']);
    requirePolicy(engine, row);
    if (row.expires_at <= engine.database.world.now())
      await changeBatch(engine, batchId, (_tx, found) => Promise.resolve(found)); // which says that its time is over
    const audience = audienceOf(engine.policy, row.audience);
    const outlet = await outletFor(engine, row, audience, options);
    const run = new Run(engine, row, audience, outlet, options, assertAlone);
    try {
      await run.send();
    } finally {
      await outlet.close();
    }
  });
  return readBatch(engine, batchId);
}

class Run {
  readonly #engine: Engine;
  readonly #row: BatchRow;
  readonly #audience: Audience;
  readonly #outlet: Outlet;
  readonly #options: RunOptions;
  readonly #assertAlone: () => void;
  readonly #address: string | undefined;
  readonly #fields: readonly string[];
  readonly #referenceOf: ((personId: string) => string) | undefined;
  #people = 0;
  #handedOver = 0;

  constructor(
    engine: Engine,
    row: BatchRow,
    audience: Audience,
    outlet: Outlet,
    options: RunOptions,
    assertAlone: () => void,
  ) {
    this.#engine = engine;
    this.#row = row;
    this.#audience = audience;
    this.#outlet = outlet;
    this.#options = options;
    this.#assertAlone = assertAlone;
    const isMail = audience.rule.channel === 'email';
    this.#address = isMail ? addressField(engine.policy, audience.rule.purposes) : undefined;
    this.#fields = isMail ? mergeFields(engine.policy, row.placement) : [];
    this.#referenceOf = row.recipient === null ? undefined : referencesFor(engine, row.recipient);
  }

  async send(): Promise<void> {
    const { database } = this.#engine;
    const least = this.#audience.rule.channel === 'ads' ? adsAudienceMin : audienceMin;
    this.#people = (await countAudience(this.#engine, this.#audience)) ?? 0;
    // Asked again, because people have left since it was made. Once it has begun, whoever remains is reached.
    if (this.#row.reached === null && this.#people < least)
      throw new Refusal(
        'audience.too-small',
        `Fewer than ${least} people are in the audience "${this.#audience.name}" now.`,
        {
          remedy: 'What so few people share tells about each of them. Widen the segment.',
        },
      );
    try {
      await this.#outlet.begin(this.#row.file_bytes);
    } catch (error) {
      if (!(error instanceof Refusal) || !error.code.startsWith('mail.')) throw error;
      await this.#pause(error.message);
      return;
    }
    await this.#change({ state: 'sending', paused_because: null });
    if (!(await this.#recover())) return;
    for await (const { personIds, last } of membersOf(this.#engine, this.#audience, {
      page,
      after: this.#row.reached ?? undefined,
    })) {
      const reached = await reachedAmong(database, this.#row.batch_id, personIds);
      const due = await withinCap(
        this.#engine,
        this.#audience,
        personIds.filter((personId) => !reached.has(personId)),
      );
      for (const chunk of chunks(due, this.#outlet.decidedMax)) {
        if (!(await this.#mayGoOn())) return;
        const decided = await this.#decide(chunk);
        for (const group of chunks(decided, this.#options.groupMax ?? this.#outlet.groupMax))
          if (!(await this.#handGroup(group))) return;
      }
      await this.#change({ reached: last });
    }
    if (!(await this.#mayGoOn())) return;
    await this.#outlet.end(() => removedOf(database, this.#row.batch_id));
    await this.#change({ state: 'done', ended_at: database.world.now() });
  }

  /** What was being handed over when a process ended. False when it cannot go on. */
  async #recover(): Promise<boolean> {
    const { database } = this.#engine;
    const batchId = this.#row.batch_id;
    for (;;) {
      const rows = await handOversIn(database, batchId, 'handing', 1_000);
      const [first] = rows;
      if (first === undefined) return true;
      switch (this.#outlet.afterKill) {
        case 'may have left':
          await moveHandOvers(this.#engine, database, rows, { to: 'unanswered', at: database.world.now() });
          break;
        case 'has not left':
          await takeBackHandOvers(
            database,
            batchId,
            rows.map((row) => row.person_id),
          );
          break;
        case 'send again':
          if (!(await this.#handAgain(rows.filter((row) => row.message_id === first.message_id)))) return false;
          break;
        default:
          this.#outlet.afterKill satisfies never;
      }
    }
  }

  async #decide(personIds: readonly string[]): Promise<{ personId: string; decision: Decision | undefined }[]> {
    if (this.#audience.rule.channel === 'ads') return personIds.map((personId) => ({ personId, decision: undefined }));
    return Promise.all(
      personIds.map(async (personId) => ({
        personId,
        decision: await decide(this.#engine, { person: { personId }, placement: this.#row.placement }),
      })),
    );
  }

  /** Hands one group over. False when it cannot go on. */
  async #handGroup(group: readonly { personId: string; decision: Decision | undefined }[]): Promise<boolean> {
    if (!(await this.#mayGoOn())) return false;
    const { database, policy } = this.#engine;
    const now = database.world.now();
    const messageId = database.world.uuid();
    const begun = await beginHandOvers(
      this.#engine,
      database,
      group.map(({ personId, decision }): HandOver => ({
        person_id: personId,
        batch_id: this.#row.batch_id,
        placement: this.#row.placement,
        recipient: this.#row.recipient,
        reference: this.#referenceOf?.(personId) ?? null,
        decision_id: decision?.decision ?? null,
        message_id: this.#row.destination === 'webhook' ? messageId : null,
        state: 'handing',
        at: now,
        expires_at: handOverExpiry(policy, this.#audience.rule, now),
      })),
    );
    const items = new Map(group.map(({ personId, decision }) => [personId, decision?.items ?? []]));
    return this.#hand(begun, items, messageId);
  }

  /** Sends a request to a webhook once more, under the id that it had. */
  async #handAgain(rows: readonly HandOver[]): Promise<boolean> {
    await this.#engine.nonpersonal.flush();
    const items = new Map<string, readonly DecidedItem[]>();
    for (const { person_id: personId, decision_id: decisionId } of rows) {
      if (decisionId === null) continue;
      const found = await findDecision(this.#engine.database, decisionId).catch(() => undefined); // erased since: nothing is told of it
      if (found === undefined) continue;
      items.set(
        personId,
        found.about === 'somebody'
          ? found.record.items
          : found.items.map((item) => ({ item, score: 0, terms: [], moves: [] })),
      );
    }
    return this.#hand(rows, items, rows[0]?.message_id ?? this.#engine.database.world.uuid());
  }

  async #hand(
    rows: readonly HandOver[],
    items: ReadonlyMap<string, readonly DecidedItem[]>,
    messageId: string,
  ): Promise<boolean> {
    this.#assertAlone();
    const { database } = this.#engine;
    const views = await readForHandOver(this.#engine, database, {
      purposes: this.#audience.purposes,
      fields: this.#address === undefined ? this.#fields : [this.#address, ...this.#fields],
      personIds: rows.map((row) => row.person_id),
    });
    const recipients = rows.flatMap((row) => this.#recipientOf(row, views.get(row.person_id), items) ?? []);
    const handed: Handed =
      recipients.length === 0 ? { outcomes: new Map() } : await this.#outlet.hand(recipients, messageId);
    await this.#conclude(rows, views, handed);
    this.#handedOver += [...handed.outcomes.values()].filter((outcome) => outcome === 'handed over').length;
    this.#options.onProgress?.({ handedOver: this.#handedOver, people: this.#people });
    if (handed.pause === undefined) return true;
    await this.#pause(handed.pause);
    return false;
  }

  #recipientOf(
    row: HandOver,
    view: HandOverView | undefined,
    items: ReadonlyMap<string, readonly DecidedItem[]>,
  ): Recipient | undefined {
    if (view === undefined) return undefined;
    const address = this.#address === undefined ? undefined : view.fields[this.#address];
    if (this.#address !== undefined && typeof address !== 'string') return undefined;
    const linked = { personId: row.person_id, batchId: row.batch_id, placement: row.placement };
    return {
      handOver: row,
      address: typeof address === 'string' ? address : undefined,
      person: Object.fromEntries(Object.entries(view.fields).filter(([field]) => field !== this.#address)),
      items: shownItems(this.#engine, items.get(row.person_id) ?? []),
      links: linksOf(this.#engine, this.#options.publicUrl, linked, row.decision_id),
    };
  }

  /** Writes down what became of a group, in one transaction with how much of the file lasts. */
  async #conclude(rows: readonly HandOver[], views: ReadonlyMap<string, HandOverView>, handed: Handed): Promise<void> {
    const { database } = this.#engine;
    const outcomeOf = ({ person_id: personId }: HandOver): Outcome | 'withdrawn' =>
      handed.outcomes.get(personId) ?? (views.has(personId) ? 'refused' : 'withdrawn');
    const states: readonly HandOverState[] = ['handed over', 'refused', 'unanswered', 'withdrawn'];
    await database.transaction(async (tx) => {
      const at = tx.world.now();
      for (const to of states)
        await moveHandOvers(
          this.#engine,
          tx,
          rows.filter((row) => outcomeOf(row) === to),
          { to, at },
        );
      const back = rows.filter((row) => outcomeOf(row) === 'not handed over').map((row) => row.person_id);
      if (back.length > 0) await takeBackHandOvers(tx, this.#row.batch_id, back);
      if (handed.fileBytes !== undefined) {
        const [row] = await tx.query<BatchRow>('select * from batches where batch_id = $1 for update', [
          this.#row.batch_id,
        ]);
        if (row !== undefined) await writeBatch(this.#engine, tx, { ...row, file_bytes: handed.fileBytes });
      }
    });
  }

  async #mayGoOn(): Promise<boolean> {
    this.#assertAlone();
    if (this.#options.signal?.aborted === true) {
      await this.#pause('It was stopped by whoever ran it.');
      return false;
    }
    if (this.#engine.pauses.has(this.#row.placement)) {
      await this.#pause('The placement is paused.');
      return false;
    }
    const { state, expires_at: expiresAt } = await findBatch(this.#engine.database, this.#row.batch_id);
    if (hasEnded(state)) return false;
    if (expiresAt > this.#engine.database.world.now()) return true;
    await this.#change({}).catch(expired);
    return false;
  }

  async #pause(reason: string): Promise<void> {
    await this.#change({ state: 'paused', paused_because: reason }).catch(expired);
  }

  async #change(change: Partial<BatchRow>): Promise<void> {
    await changeBatch(this.#engine, this.#row.batch_id, async (_tx, row) =>
      // Who cancels is obeyed, whatever we were about to write.
      Promise.resolve(hasEnded(row.state) ? row : { ...row, ...change }),
    );
  }
}

/** Whom the cap of a placement still allows something. Whatever else is to be asked before somebody is written to is asked here. */
async function withinCap(engine: Engine, audience: Audience, personIds: readonly string[]): Promise<readonly string[]> {
  const { atMost } = audience.rule;
  if (atMost === undefined || personIds.length === 0) return personIds;
  const { count, per } = capOf(atMost);
  const had = await handedOverSince(engine.database, {
    placement: audience.placement,
    since: subtractDuration(engine.database.world.now(), per),
    personIds,
  });
  return personIds.filter((personId) => (had.get(personId) ?? 0) < count);
}

async function outletFor(engine: Engine, row: BatchRow, audience: Audience, options: RunOptions): Promise<Outlet> {
  const isAds = audience.rule.channel === 'ads';
  switch (row.destination) {
    case 'smtp': {
      if (options.mailer === undefined)
        throw new Refusal('mail.unconfigured', 'No mail server has been named, so nothing can be sent.', {
          remedy: 'Name one with --mail FILE, or with FAIRLEAD_MAIL_URL and FAIRLEAD_MAIL_FROM.',
        });
      const template = await compileTemplate(row.template ?? '', engine.policy, audience.rule);
      if (template.digest !== row.template_digest)
        throw new Refusal('batch.template', 'The template is not the one that was agreed to.', {
          remedy: 'Run `fairlead verify`, and make the batch anew.',
        });
      return mailOutlet({ mailer: options.mailer, template, connections: options.mailConnections ?? 4 });
    }
    case 'csv':
      if (options.file === undefined)
        throw new Refusal('batch.no-file', 'It has not been said where the file goes.', { remedy: 'Add --out FILE.' });
      return csvOutlet({ file: options.file, items: isAds ? undefined : audience.rule.show });
    case 'webhook':
      if (options.webhook === undefined)
        throw new Refusal('webhook.unconfigured', 'No webhook has been named, so nothing can be posted.', {
          remedy: 'Name one with --webhook FILE.',
        });
      return webhookOutlet({
        webhook: options.webhook,
        world: engine.database.world,
        batch: { id: row.batch_id, placement: row.placement, isAds },
        limits: options.webhookLimits ?? webhookLimits,
      });
    default:
      return row.destination satisfies never;
  }
}

const heartbeatMs = 60_000;

/**
 * Holds the batch for this process while it works. The lock is the database's own and lies in a transaction: it ends with the connection, so that whoever comes
 * after a kill need not wait.
 */
async function alone(engine: Engine, batchId: string, work: (assertAlone: () => void) => Promise<void>): Promise<void> {
  await engine.database.transaction(async (tx) => {
    const [lock] = await tx.query<{ held: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended('fairlead batch ' || $1, 0)) as held",
      [batchId],
    );
    if (lock?.held === undefined || !lock.held)
      throw new Refusal('batch.busy', 'Another process is sending this batch.', {
        remedy: 'See `fairlead batch --status`.',
      });
    let isAlone = true;
    const beat = setInterval(() => {
      // Whatever the reason: with the connection the lock is gone, and the next group does not begin.
      tx.query('select 1').catch(() => (isAlone = false));
    }, heartbeatMs);
    beat.unref();
    try {
      await work(() => {
        if (!isAlone) throw new Refusal('database.unavailable', 'The connection that held the batch has ended.');
      });
    } finally {
      clearInterval(beat);
    }
  });
}

function expired(error: unknown): void {
  if (!(error instanceof Refusal) || error.code !== 'batch.state') throw error; // its time is over, which has been written down
}

function* chunks<One>(all: readonly One[], size: number): Generator<readonly One[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
