/**
 * A batch: one sending to one audience. Made by somebody with a name, agreed to by another (unless the policy says that one is enough), good for 24 hours.
 * What was agreed to is these bytes of a template, this audience and this version of the policy, and nothing else; the agreement stands in the transparency log.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import { addressField } from '../people/read-for-hand-over.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { addDuration, subtractDuration } from '../policy/durations.ts';
import { type PlacementRule, entryOf, retentionOf } from '../policy/policy.ts';
import { appendRecord } from '../transparency/append.ts';
import { type Audience, adsAudienceMin, audienceMin, audienceOf, countAudience } from './audience.ts';
import { defaultTemplate } from './default-template.ts';
import { type HandOverState, handOverCounts } from './hand-overs.ts';
import { compileTemplate } from './template.ts';

export type Destination = 'smtp' | 'csv' | 'webhook';

/**
 * - `waiting`: for somebody to agree; - `approved`: it may begin; - `sending`; - `paused`: whoever takes it is away, and it goes on later;
 * - `done`, `cancelled`, `expired`: nothing more of it leaves.
 */
export type BatchState = 'waiting' | 'approved' | 'sending' | 'paused' | 'done' | 'cancelled' | 'expired';

export interface BatchRow {
  readonly batch_id: string;
  readonly placement: string;
  readonly audience: string;
  readonly destination: Destination;
  readonly recipient: string | null;
  readonly template: string | null;
  readonly template_digest: string | null;
  readonly policy_version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly approved_by: string | null;
  readonly approved_at: Date | null;
  readonly state: BatchState;
  readonly paused_because: string | null;
  readonly reached: string | null;
  readonly file_bytes: number;
  readonly ended_at: Date | null;
  readonly leaf: Buffer | null;
  readonly leaf_key: Buffer | null;
}

/** A batch as it is told: without the template's text, with what has become of it. */
export interface Batch {
  readonly batch: string;
  readonly placement: string;
  readonly audience: string;
  readonly to: Destination;
  readonly recipient: string | null;
  readonly template: string | null;
  readonly state: BatchState;
  readonly pausedBecause: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
  readonly endedAt: string | null;
  readonly counts: Readonly<Record<HandOverState, number>>;
}

export interface BatchRequest {
  readonly audience: string;
  /** Has to be the audience's own; there so that nobody sends to another place than they think. */
  readonly placement: string;
  readonly to: Destination;
  /** Who gets the file or the webhook, by name: their pseudonyms and removals are their own. `own systems` when left out. */
  readonly recipient?: string | undefined;
  /** MJML; the default template when left out. */
  readonly template?: string | undefined;
  /** Who makes it: a key or a person, by name. */
  readonly by: string;
}

/** The recipient of files and webhooks that the operator keeps. */
export const ownSystems = 'own systems';

const lifetime = '24 hours';

type Sending = Pick<Installation, 'database' | 'keys' | 'policy' | 'policyVersion'>;

/** What a batch comes to, before it is one: everything that can be refused is refused here. */
export interface BatchDraft {
  readonly audience: Audience;
  readonly people: number;
  readonly recipient: string | null;
  readonly template: string | null;
  readonly templateDigest: string | null;
}

/** Looks whether a batch could be made, and counts its audience. Refuses with `audience.unknown`, `audience.too-small`, `batch.*` and `template.*`. */
export async function draftBatch(installation: Sending, request: Omit<BatchRequest, 'by'>): Promise<BatchDraft> {
  const { policy } = installation;
  const audience = audienceOf(policy, request.audience);
  if (request.placement !== audience.placement)
    throw new Refusal(
      'batch.placement',
      `The audience "${audience.name}" is at the placement "${audience.placement}".`,
      {
        remedy: `Send it there, or declare an audience at "${request.placement}".`,
      },
    );
  const { rule } = audience;
  if (rule.channel === 'web')
    throw new Refusal('batch.channel', `The placement "${audience.placement}" is of the web: nothing is sent for it.`, {
      remedy: 'Name an audience at a placement whose channel is email or ads.',
    });
  const recipient = recipientOf(audience, policy, request);
  const template = rule.channel === 'email' ? (request.template ?? defaultTemplate(policy)) : null;
  const templateDigest = template === null ? null : (await compileTemplate(template, policy, rule)).digest;
  if (rule.channel === 'email' && addressField(policy, rule.purposes) === undefined)
    throw new Refusal('batch.no-address', `No purpose of "${audience.placement}" may see an e-mail address.`, {
      remedy: "Declare one under people: email: identifier('email', { for: ['email'] }).",
    });
  return { audience, people: await countOf(installation, audience), recipient, template, templateDigest };
}

/** Makes a batch. Where the policy lets one person decide, it is approved by who makes it. */
export async function createBatch(installation: Sending, request: BatchRequest): Promise<Batch> {
  const draft = await draftBatch(installation, request);
  const { database } = installation;
  const now = database.world.now();
  const row: BatchRow = {
    batch_id: database.world.uuid(),
    placement: request.placement,
    audience: request.audience,
    destination: request.to,
    recipient: draft.recipient,
    template: draft.template,
    template_digest: draft.templateDigest,
    policy_version: installation.policyVersion,
    created_by: request.by,
    created_at: now,
    expires_at: addDuration(now, lifetime),
    approved_by: null,
    approved_at: null,
    state: 'waiting',
    paused_because: null,
    reached: null,
    file_bytes: 0,
    ended_at: null,
    leaf: null,
    leaf_key: null,
  };
  return database.transaction(async (tx) => {
    const made = needsSecondPerson(draft.audience.rule) ? row : await approved(tx, row, request.by);
    await tx.query(
      `insert into batches (${columns.join(', ')}, tag) values (${columns.map((_, at) => `$${at + 1}`).join(', ')}, $${columns.length + 1})`,
      [...columns.map((column) => made[column]), batchTag(installation, made)],
    );
    return batchFrom(tx, made);
  });
}

/** Agrees to a batch. Refuses with `batch.unknown`, `batch.state`, and `batch.second-person` when it is the one who made it. */
export async function approveBatch(installation: Sending, batchId: string, by: string): Promise<Batch> {
  return changeBatch(installation, batchId, async (tx, row) => {
    requireState(row, ['waiting']);
    requirePolicy(installation, row);
    const rule = entryOf(installation.policy.placements, row.placement);
    if (rule !== undefined && needsSecondPerson(rule) && by === row.created_by)
      throw new Refusal('batch.second-person', 'Somebody else than the one who made this batch has to agree to it.', {
        remedy: 'Let another person approve it, with a key or a name of their own.',
      });
    return approved(tx, row, by);
  });
}

/** Ends a batch before it is done. What has left has left. */
export async function cancelBatch(installation: Sending, batchId: string): Promise<Batch> {
  return changeBatch(installation, batchId, async (tx, row) => {
    requireState(row, ['waiting', 'approved', 'sending', 'paused']);
    return Promise.resolve({ ...row, state: 'cancelled', ended_at: tx.world.now() });
  });
}

/** One batch. Refuses with `batch.unknown`. */
export async function readBatch(installation: Sending, batchId: string): Promise<Batch> {
  return batchFrom(installation.database, await findBatch(installation.database, batchId));
}

/** The newest batches, newest first. */
export async function listBatches(installation: Sending, limit = 50): Promise<Batch[]> {
  const rows = await installation.database.query<BatchRow>('select * from batches order by batch_id desc limit $1', [
    limit,
  ]);
  return Promise.all(rows.map((row) => batchFrom(installation.database, row)));
}

/** Batches that could go on now, oldest first. */
export async function runnableBatches(sql: Sql): Promise<BatchRow[]> {
  return sql.query<BatchRow>(
    "select * from batches where state in ('approved', 'sending', 'paused') order by batch_id",
  );
}

export async function findBatch(sql: Sql, batchId: string): Promise<BatchRow> {
  const [row] = await sql.query<BatchRow>('select * from batches where batch_id = $1', [batchId]);
  if (row === undefined) throw unknownBatch();
  return row;
}

/** Changes a batch under its lock and answers it. A batch whose time is over is marked so first, whatever was asked for. */
export async function changeBatch(
  installation: Sending,
  batchId: string,
  change: (tx: Transaction, row: BatchRow) => Promise<BatchRow>,
): Promise<Batch> {
  const { row, refusal } = await installation.database.transaction(async (tx) => {
    const [found] = await tx.query<BatchRow>('select * from batches where batch_id = $1 for update', [batchId]);
    if (found === undefined) throw unknownBatch();
    const isOver = found.expires_at <= tx.world.now() && !hasEnded(found.state);
    const row: BatchRow = isOver ? { ...found, state: 'expired', ended_at: tx.world.now() } : await change(tx, found);
    await writeBatch(installation, tx, row);
    return { row, refusal: isOver ? wrongState(row) : undefined };
  });
  if (refusal !== undefined) throw refusal;
  return batchFrom(installation.database, row);
}

/** Writes a batch whose row is locked. */
export async function writeBatch(installation: Pick<Installation, 'keys'>, sql: Sql, row: BatchRow): Promise<void> {
  await sql.query(
    `update batches set ${columns.map((column, at) => `${column} = $${at + 1}`).join(', ')}, tag = $${columns.length + 1} where batch_id = $1`,
    [...columns.map((column) => row[column]), batchTag(installation, row)],
  );
}

export function hasEnded(state: BatchState): boolean {
  return state === 'done' || state === 'cancelled' || state === 'expired';
}

/** Ends what nobody sent within its time, and takes out batches that are as old as approvals may be. */
export async function expireBatches(installation: Sending): Promise<void> {
  const { database, policy } = installation;
  const now = database.world.now();
  const over = await database.query<{ batch_id: string }>(
    "select batch_id from batches where state in ('waiting', 'approved', 'sending', 'paused') and expires_at <= $1",
    [now],
  );
  for (const { batch_id: batchId } of over)
    await changeBatch(installation, batchId, (_tx, row) => Promise.resolve(row)).catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'batch.state') throw error; // it says that the time is over, which is what was wanted
    });
  await database.query('delete from batches where created_at <= $1', [
    subtractDuration(now, retentionOf(policy, 'approvals')),
  ]);
}

/** What was agreed to, as it is committed to in the transparency log. */
export function approvalText(row: BatchRow): string {
  return canonicalJson({
    record: 'batch approval',
    batch: row.batch_id,
    placement: row.placement,
    audience: row.audience,
    to: row.destination,
    recipient: row.recipient,
    template: row.template_digest,
    policyVersion: row.policy_version,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    approvedBy: row.approved_by,
    approvedAt: row.approved_at?.toISOString() ?? null,
  });
}

export function batchTag({ keys }: Pick<Installation, 'keys'>, row: BatchRow): Buffer {
  return rowTag(
    keys.derived('row-tag'),
    'batches',
    columns.map((column) => row[column]),
  );
}

/** The rule of a batch: refuses with `batch.policy` when the policy is another than the one it was made under. */
export function requirePolicy(installation: Sending, row: BatchRow): void {
  if (row.policy_version === installation.policyVersion) return;
  throw new Refusal('batch.policy', 'The policy has changed since this batch was made.', {
    remedy: 'Make it anew, so that what is agreed to is what the policy now says.',
  });
}

export function requireState(row: BatchRow, states: readonly BatchState[]): void {
  if (!states.includes(row.state)) throw wrongState(row);
}

export function needsSecondPerson(rule: PlacementRule): boolean {
  return rule.approval !== 'one person';
}

const columns = [
  'batch_id',
  'placement',
  'audience',
  'destination',
  'recipient',
  'template',
  'template_digest',
  'policy_version',
  'created_by',
  'created_at',
  'expires_at',
  'approved_by',
  'approved_at',
  'state',
  'paused_because',
  'reached',
  'file_bytes',
  'ended_at',
  'leaf',
  'leaf_key',
] as const satisfies readonly (keyof BatchRow)[];

async function approved(tx: Transaction, row: BatchRow, by: string): Promise<BatchRow> {
  const agreed: BatchRow = { ...row, state: 'approved', approved_by: by, approved_at: tx.world.now() };
  const { leaf, key } = await appendRecord(tx, approvalText(agreed));
  return { ...agreed, leaf, leaf_key: key };
}

function recipientOf(
  audience: Audience,
  policy: Installation['policy'],
  request: Pick<BatchRequest, 'to' | 'recipient'>,
): string | null {
  const { rule } = audience;
  if (request.to === 'smtp') {
    if (rule.channel === 'ads')
      throw new Refusal('batch.channel', 'An audience for ads is handed over as a file or to a webhook.', {
        remedy: 'Send it to csv or to webhook.',
      });
    return null;
  }
  const recipient = request.recipient ?? ownSystems;
  // Who else gets something is part of what people were told; our own systems are no third party, except that ads have one by their nature.
  const told = audience.purposes.flatMap((purpose) => entryOf(policy.purposes, purpose)?.recipients ?? []);
  if (!told.includes(recipient) && (rule.channel === 'ads' || recipient !== ownSystems))
    throw new Refusal('batch.recipient', `People were not told that "${recipient}" gets this.`, {
      remedy:
        told.length === 0
          ? `Name it under recipients of a purpose of "${audience.placement}", which asks people anew.`
          : `They were told of: ${told.join(', ')}.`,
    });
  return recipient;
}

async function countOf(installation: Sending, audience: Audience): Promise<number> {
  const least = audience.rule.channel === 'ads' ? adsAudienceMin : audienceMin;
  const people = (await countAudience(installation, audience)) ?? 0;
  if (people >= least) return people;
  throw new Refusal('audience.too-small', `Fewer than ${least} people are in the audience "${audience.name}".`, {
    remedy: 'What so few people share tells about each of them. Widen the segment.',
  });
}

async function batchFrom(sql: Sql, row: BatchRow): Promise<Batch> {
  return {
    batch: row.batch_id,
    placement: row.placement,
    audience: row.audience,
    to: row.destination,
    recipient: row.recipient,
    template: row.template_digest,
    state: row.state,
    pausedBecause: row.paused_because,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    approvedBy: row.approved_by,
    approvedAt: row.approved_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    counts: await handOverCounts(sql, row.batch_id),
  };
}

function wrongState(row: BatchRow): Refusal {
  const told: Record<BatchState, string> = {
    waiting: 'It waits for somebody to agree to it.',
    approved: 'It has been agreed to.',
    sending: 'It is being sent.',
    paused: 'It is paused.',
    done: 'It is done.',
    cancelled: 'It was cancelled.',
    expired: 'Its 24 hours are over.',
  };
  return new Refusal('batch.state', `That cannot be done with this batch. ${told[row.state]}`, {
    remedy: hasEnded(row.state) ? 'Make a new one.' : 'See `fairlead batch --status`.',
  });
}

function unknownBatch(): Refusal {
  return new Refusal('batch.unknown', 'There is no such batch.', {
    remedy: 'See `fairlead batch --status`, or GET /v1/batches.',
  });
}
