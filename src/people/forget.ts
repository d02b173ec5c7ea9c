/**
 * Forgetting, of every kind, is here and nowhere else: withdraw a purpose, exclude an item or a period, let expire, rectify, erase. One transaction
 * changes what stands, makes the contributions anew (which subtracts), lets the rooms above strip what names the gone, and leaves one receipt.
 * When it has committed, the next decision obeys. (Merging two people is the same path, in `merge.ts`.)
 */
import { appendEntries, eraseConsentOf } from '../consent/ledger.ts';
import { standingPurposes } from '../consent/permit.ts';
import type { Installation } from '../consent/installation.ts';
import type { Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { subtractDuration } from '../policy/durations.ts';
import { purposesOfField } from '../policy/views.ts';
import { destroyPersonKey, removeIdentifiers } from '../vault/identifiers.ts';
import { contribute } from './contribute.ts';
import { endSessionsOf } from './person-sessions.ts';
import { lockPeople, raiseRevision } from './persons.ts';
import { dropPurposes } from './stored-events.ts';
import { erasureTag, exclusionTag } from './tags.ts';
import { type Receipt, writeReceipt } from './receipts.ts';

/** What is to be forgotten about one person. */
export type ForgetRequest =
  | {
      readonly kind: 'withdraw';
      readonly purposes: readonly string[];
      readonly method: string;
      readonly source: string;
      readonly at?: Date;
      readonly evidence?: string;
    }
  | { readonly kind: 'exclude'; readonly itemId: string }
  | { readonly kind: 'exclude'; readonly from: Date; readonly until: Date }
  | { readonly kind: 'expire' }
  | { readonly kind: 'rectify'; readonly field: string }
  | { readonly kind: 'erase' };

/** What a follower is told: enough to strip its own records, in the same transaction. */
export interface Forgotten {
  readonly personId: string;
  readonly request: ForgetRequest | { readonly kind: 'merge'; readonly into: string };
  /** The moment before which events of a purpose have expired; for `expire`. */
  readonly expiredBefore: ReadonlyMap<string, Date>;
}

/** A room above that keeps records which may name what is gone. */
export type Follower = (tx: Transaction, forgotten: Forgotten) => Promise<void>;

/** An installation that can forget: it knows who else has to. */
export interface ForgettingInstallation extends Installation {
  readonly followers: readonly Follower[];
}

/** Forgets, and returns the receipt. Refuses with `person.unknown` when there is no such person. */
export async function forget(
  installation: ForgettingInstallation,
  personId: string,
  request: ForgetRequest,
): Promise<Receipt> {
  return installation.database.transaction((tx) => forgetWithin(installation, tx, personId, request));
}

/** The same inside a transaction that the caller has begun (intake honours a refusal that came with an event). */
export async function forgetWithin(
  installation: ForgettingInstallation,
  tx: Transaction,
  personId: string,
  request: ForgetRequest,
): Promise<Receipt> {
  const [locked] = await lockPeople(tx, [personId]);
  if (locked === undefined)
    throw new Refusal('person.unknown', 'There is no such person.', {
      remedy: 'Look the person up again: they may have been merged or erased.',
    });
  await raiseRevision(tx, [personId]);
  const now = tx.world.now();
  const expiredBefore = new Map(
    Object.entries(installation.policy.purposes).map(([purpose, { keepFor }]) => [
      purpose,
      subtractDuration(now, keepFor),
    ]),
  );
  await changeWhatStands(installation, tx, personId, request, expiredBefore);
  const moves = await contribute(installation, tx, [personId]);
  for (const follower of installation.followers) await follower(tx, { personId, request, expiredBefore });
  return writeReceipt(tx, personId, { kind: request.kind, about: aboutOf(request), moves });
}

async function changeWhatStands(
  installation: Installation,
  tx: Transaction,
  personId: string,
  request: ForgetRequest,
  expiredBefore: ReadonlyMap<string, Date>,
): Promise<void> {
  switch (request.kind) {
    case 'withdraw':
      await appendEntries(
        installation,
        tx,
        request.purposes.map((purpose) => ({
          personId,
          purpose,
          action: 'withdraw',
          method: request.method,
          source: request.source,
          ...(request.at === undefined ? {} : { at: request.at }),
          ...(request.evidence === undefined ? {} : { evidence: request.evidence }),
        })),
      );
      await dropPurposes(installation, tx, personId, { purposes: request.purposes });
      await dropFieldsWithoutPurpose(installation, tx, personId);
      return;
    case 'exclude':
      await exclude(installation, tx, personId, request);
      return;
    case 'expire':
      for (const [purpose, before] of expiredBefore)
        await dropPurposes(installation, tx, personId, { purposes: [purpose], before });
      return;
    case 'rectify':
      await tx.query('delete from profile_fields where person_id = $1 and field = $2', [personId, request.field]);
      return;
    case 'erase':
      await eraseRows(installation, tx, personId);
      return;
    default:
      request satisfies never;
  }
}

/** Takes an item, or a period, out of what any purpose may see. */
async function exclude(
  installation: Installation,
  tx: Transaction,
  personId: string,
  request: ForgetRequest & { kind: 'exclude' },
): Promise<void> {
  const row = {
    person_id: personId,
    exclusion_id: tx.world.uuid(),
    item_id: 'itemId' in request ? request.itemId : null,
    from_at: 'from' in request ? request.from : null,
    until_at: 'until' in request ? request.until : null,
    excluded_at: tx.world.now(),
    deleted_at: null,
  };
  await tx.query(
    'insert into exclusions (person_id, exclusion_id, item_id, from_at, until_at, excluded_at, tag) values ($1, $2, $3, $4, $5, $6, $7)',
    [
      row.person_id,
      row.exclusion_id,
      row.item_id,
      row.from_at,
      row.until_at,
      row.excluded_at,
      exclusionTag(installation, row),
    ],
  );
}

/** A field is kept only while one of its purposes stands; a safeguard while anything does. */
async function dropFieldsWithoutPurpose(installation: Installation, tx: Transaction, personId: string): Promise<void> {
  const standing = (await standingPurposes(tx, installation.policy, [personId])).get(personId) ?? new Set();
  const unfounded = Object.entries(installation.policy.people)
    .filter(([field, declared]) =>
      declared.kind === 'safeguard'
        ? standing.size === 0
        : !purposesOfField(installation.policy, field).some((purpose) => standing.has(purpose)),
    )
    .map(([field]) => field);
  await tx.query('delete from profile_fields where person_id = $1 and field = any($2::text[])', [personId, unfounded]);
}

/** Everything of a person but the proof that they were erased: the journal line, and the receipt that is written next. */
async function eraseRows(installation: Installation, tx: Transaction, personId: string): Promise<void> {
  const merged = await tx.query<{ merged_id: string }>('select merged_id from merged_people where person_id = $1', [
    personId,
  ]);
  const erasedAt = tx.world.now();
  const gone = [personId, ...merged.map((row) => row.merged_id)];
  await tx.query(
    `insert into erasure_journal (person_id, erased_at, tag) select gone.person_id, $2, gone.tag from unnest($1::uuid[], $3::bytea[]) as gone (person_id, tag)
     on conflict (person_id) do nothing`,
    [gone, erasedAt, gone.map((id) => erasureTag(installation, { person_id: id, erased_at: erasedAt }))],
  );
  await removeIdentifiers(tx, personId);
  await destroyPersonKey(tx, personId);
  await tx.query('delete from events where person_id = $1', [personId]);
  await tx.query('delete from profile_fields where person_id = $1', [personId]);
  await tx.query('delete from exclusions where person_id = $1', [personId]);
  await tx.query('delete from person_settings where person_id = $1', [personId]);
  await tx.query('delete from looks where person_id = $1', [personId]);
  await endSessionsOf(tx, personId);
  await tx.query('delete from fold_queue where person_id = $1', [personId]);
  await tx.query('delete from receipts where person_id = $1', [personId]);
  await eraseConsentOf(tx, [personId, ...merged.map((row) => row.merged_id)]);
  await tx.query('delete from merged_people where person_id = $1', [personId]);
  await tx.query('delete from persons where person_id = $1', [personId]);
}

function aboutOf(request: ForgetRequest): string[] {
  switch (request.kind) {
    case 'withdraw':
      return [...request.purposes];
    case 'exclude':
      return ['itemId' in request ? 'an item' : 'a period'];
    case 'rectify':
      return [request.field];
    case 'expire':
      return ['what was kept longer than its notice says'];
    case 'erase':
      return ['everything'];
    default:
      return request satisfies never;
  }
}
