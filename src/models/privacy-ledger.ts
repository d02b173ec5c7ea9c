/**
 * The one ledger that every release is charged to (law 7): periods with their budget, spends, and what was published for them. It promises
 * that a debit has committed before its payment leaves this room, and that concurrent spends never add up to more than the budget. Called by
 * whatever publishes an aggregate or a model.
 */
import { createHash } from 'node:crypto';
import type { Database, Sql, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { concentratedEpsilon } from '../privacy/accountant.ts';
import { type Payment, budgetOf, charged } from '../privacy/budget.ts';
import { Rational } from '../privacy/rational.ts';
import { type Releasable, type Released, isReleased, releaseText } from '../privacy/released.ts';
import { appendRecord, appendRecords } from '../transparency/append.ts';
import { type NoteSigner, type NoteVerifier, openNote, signNote } from '../transparency/note.ts';

export interface PrivacyPeriod {
  /** Its name, for example `2026-Q4`. */
  period: string;
  startsAt: Date;
  endsAt: Date;
  /** The whole budget in millionths of ρ; `concentratedBudget` makes it out of an ε. */
  microRho: bigint;
  /** The δ at which every ε of the period is stated: well below one in the number of people. */
  delta: Rational;
  /** What is kept for whom, in millionths of ρ, for example audits, figures, analysts; the rest is `general`. */
  shares?: Readonly<Record<string, bigint>>;
}

export interface Spend {
  /** What it is for, for example `popularity`; releases are found again by it. */
  name: string;
  share: string;
  microRho: bigint;
}

/** A release as it leaves: its text, and a signed note over its SHA-256. */
export interface PublishedRelease {
  readonly releaseId: string;
  readonly name: string;
  /** `releaseText`. */
  readonly record: string;
  /** C2SP signed note; `verifyRelease` checks both with the public key alone. */
  readonly note: string;
  readonly publishedAt: Date;
}

/** What a share has, millionths of ρ as text, and the ε that stands for what is spent. */
export interface ShareStanding {
  readonly period: string;
  readonly share: string;
  readonly reservedMicroRho: string;
  readonly spentMicroRho: string;
  readonly epsilonSpent: number;
  readonly delta: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/**
 * Opens a period. The budget of a period is never changed afterwards.
 * Throws `budget.period` when one of that name exists or when it overlaps another: each moment has one budget.
 */
export async function openPeriod(database: Database, period: PrivacyPeriod & { openedBy: string }): Promise<void> {
  const shares = Object.entries(budgetOf(period));
  await database.transaction(async (tx) => {
    await tx.query('lock table privacy_budgets in share row exclusive mode');
    const [other] = await tx.query<{ period: string }>(
      'select period from privacy_budgets where period = $1 or (starts_at < $3 and ends_at > $2) limit 1',
      [period.period, period.startsAt, period.endsAt],
    );
    if (other !== undefined)
      throw new Refusal('budget.period', `The period "${period.period}" would overlap "${other.period}".`, {
        remedy: 'Begin it when the other one ends, under a name of its own.',
      });
    const openedAt = tx.world.now();
    const opened = shares.map(([share, part]) => ({
      period: period.period,
      share,
      reserved: part.reservedMicroRho.toString(),
      delta: period.delta.toString(),
      starts_at: period.startsAt,
      ends_at: period.endsAt,
      opened_by: period.openedBy,
      opened_at: openedAt,
    }));
    const leaves = await appendRecords(
      tx,
      opened.map((row) => ({ record: budgetText(row) })),
    );
    await tx.query(
      `insert into privacy_budgets (period, share, reserved_micro_rho, spent_micro_rho, delta, starts_at, ends_at, opened_by, opened_at, leaf, leaf_key)
       select $1, share, reserved, 0, $4, $5, $6, $7, $8, leaf, leaf_key from unnest($2::text[], $3::bigint[], $9::bytea[], $10::bytea[]) as part (share, reserved, leaf, leaf_key)`,
      [
        period.period,
        opened.map((row) => row.share),
        opened.map((row) => row.reserved),
        period.delta.toString(),
        period.startsAt,
        period.endsAt,
        period.openedBy,
        openedAt,
        leaves.map((one) => one.leaf),
        leaves.map((one) => one.key),
      ],
    );
  });
}

/**
 * Debits the share in the present period and, once that has committed, returns the payment for one release. When the answer is lost on the
 * way the debit stands: the loss of a part of the budget is the safe side. It takes a database and no transaction, so that nobody can hold
 * a payment whose debit may still be rolled back.
 * Throws `budget.no-period` where no period is open, and `budget.exhausted` where the share cannot pay.
 */
export async function spend(database: Database, asked: Spend): Promise<Payment> {
  return database.transaction(async (tx) => {
    const now = tx.world.now();
    const [row] = await tx.query<BudgetRow>(
      `select period, share, reserved_micro_rho::text as reserved, spent_micro_rho::text as spent, delta, starts_at, ends_at
       from privacy_budgets where share = $1 and starts_at <= $2 and ends_at > $2 for update`,
      [asked.share, now],
    );
    if (row === undefined)
      throw new Refusal('budget.no-period', `No privacy budget is open for the share "${asked.share}".`, {
        remedy: 'Open a period with that share.',
      });
    const release = tx.world.uuid();
    const share = { reservedMicroRho: BigInt(row.reserved), spentMicroRho: BigInt(row.spent) };
    const outcome = charged(
      { [asked.share]: share },
      { release, period: row.period, share: asked.share, microRho: asked.microRho, delta: Rational.parse(row.delta) },
    );
    if (outcome === undefined)
      throw new Refusal(
        'budget.exhausted',
        `The share "${asked.share}" has ${share.reservedMicroRho - share.spentMicroRho} millionths of ρ left in ${row.period}, and "${asked.name}" asks for ${asked.microRho}.`,
        { remedy: `Wait for the next period, which begins at ${row.ends_at.toISOString()} or later, or ask for less.` },
      );
    await tx.query('update privacy_budgets set spent_micro_rho = $3::bigint where period = $1 and share = $2', [
      row.period,
      asked.share,
      outcome.payment.spentMicroRho.toString(),
    ]);
    await tx.query(
      'insert into privacy_ledger (release_id, period, share, name, micro_rho, spent_at) values ($1, $2, $3, $4, $5::bigint, $6)',
      [release, row.period, asked.share, asked.name, asked.microRho.toString(), now],
    );
    return outcome.payment;
  });
}

/**
 * Signs a release, keeps it in the ledger beside its debit, and commits to it in the transparency log. Only now may it leave.
 * Throws `budget.unpaid` for what is no release, or has no debit, or has been published before.
 */
export async function publish(
  database: Database,
  release: Released<Releasable>,
  signer: NoteSigner,
): Promise<PublishedRelease> {
  if (!isReleased(release)) throw unpaid();
  const record = releaseText(release);
  const note = signNote(noteText(release.release, record), signer);
  return database.transaction(async (tx) => {
    const publishedAt = tx.world.now();
    const [debit] = await tx.query<Debit>(
      'select release_id, period, share, name, micro_rho::text as spent, spent_at from privacy_ledger where release_id = $1 and published_at is null for update',
      [release.release],
    );
    if (debit === undefined) throw unpaid();
    const { leaf, key } = await appendRecord(tx, publishedText({ ...debit, note, published_at: publishedAt }));
    const [row] = await tx.query<{ name: string }>(
      `update privacy_ledger set record = $2, note = $3, published_at = $4, leaf = $5, leaf_key = $6
       where release_id = $1 and published_at is null returning name`,
      [release.release, record, note, publishedAt, leaf, key],
    );
    if (row === undefined) throw unpaid();
    return { releaseId: release.release, name: row.name, record, note, publishedAt };
  });
}

/** The last release of that name, to be shown again at no further cost; undefined before the first. */
export async function latestRelease(sql: Sql, name: string): Promise<PublishedRelease | undefined> {
  const [row] = await sql.query<{ release_id: string; record: string; note: string; published_at: Date }>(
    `select release_id, record, note, published_at from privacy_ledger
     where name = $1 and published_at is not null order by published_at desc, release_id desc limit 1`,
    [name],
  );
  return row && { releaseId: row.release_id, name, record: row.record, note: row.note, publishedAt: row.published_at };
}

/** Whether record and note belong together and one of the verifiers has signed them. Throws as `openNote` does for a wrong signature. */
export function verifyRelease(
  published: Pick<PublishedRelease, 'releaseId' | 'record' | 'note'>,
  verifiers: readonly NoteVerifier[],
): boolean {
  return openNote(published.note, verifiers) === noteText(published.releaseId, published.record);
}

/** Every share of every period, the latest first. */
export async function budgetStanding(sql: Sql): Promise<ShareStanding[]> {
  const rows = await sql.query<BudgetRow>(
    `select period, share, reserved_micro_rho::text as reserved, spent_micro_rho::text as spent, delta, starts_at, ends_at
     from privacy_budgets order by starts_at desc, share`,
  );
  return rows.map((row) => ({
    period: row.period,
    share: row.share,
    reservedMicroRho: row.reserved,
    spentMicroRho: row.spent,
    epsilonSpent: concentratedEpsilon({
      rho: Number(row.spent) / 1e6,
      delta: Rational.parse(row.delta).approximation(),
    }),
    delta: row.delta,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
  }));
}

/** What `verify` finds wrong: shares whose spends do not add up, and published records whose note does not fit. Empty when all is well. */
export async function ledgerFindings(
  sql: Pick<Transaction, 'query'>,
  verifiers: readonly NoteVerifier[],
): Promise<string[]> {
  const apart = await sql.query<{ period: string; share: string; spent: string; debits: string }>(
    `select period, share, budgets.spent_micro_rho::text as spent, coalesce(sum(ledger.micro_rho), 0)::text as debits
     from privacy_budgets as budgets left join privacy_ledger as ledger using (period, share)
     group by period, share having budgets.spent_micro_rho <> coalesce(sum(ledger.micro_rho), 0) order by period, share`,
  );
  const findings = apart.map(
    ({ period, share, spent, debits }) =>
      `privacy_budgets and privacy_ledger: the share ${share} of ${period} says that ${spent} millionths of ρ are spent, its releases come to ${debits}.`,
  );
  const published = await sql.query<{ release_id: string; record: string; note: string }>(
    'select release_id, record, note from privacy_ledger where published_at is not null order by release_id',
  );
  for (const { release_id: releaseId, record, note } of published) {
    if (!isSigned({ releaseId, record, note }, verifiers)) {
      findings.push(`privacy_ledger: the release ${releaseId} is not the one that was signed.`);
    }
  }
  return findings;
}

interface BudgetRow {
  period: string;
  share: string;
  reserved: string;
  spent: string;
  delta: string;
  starts_at: Date;
  ends_at: Date;
}

/** A share of a period as it was opened; what is spent of it follows from the debits. */
export interface OpenedBudget {
  period: string;
  share: string;
  reserved: string;
  delta: string;
  starts_at: Date;
  ends_at: Date;
  opened_by: string;
  opened_at: Date;
}

/** The text that the log commits to when a share is opened. */
export function budgetText(row: OpenedBudget): string {
  return canonicalJson({
    record: 'privacy budget',
    period: row.period,
    share: row.share,
    reservedMicroRho: row.reserved,
    delta: row.delta,
    startsAt: row.starts_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    openedBy: row.opened_by,
    openedAt: row.opened_at.toISOString(),
  });
}

interface Debit {
  release_id: string;
  period: string;
  share: string;
  name: string;
  spent: string;
  spent_at: Date;
}

/** The text that the log commits to when a release is published: its note and its debit. */
export function publishedText(row: Debit & { note: string; published_at: Date }): string {
  return canonicalJson({
    record: 'release',
    id: row.release_id,
    period: row.period,
    share: row.share,
    name: row.name,
    microRho: row.spent,
    spentAt: row.spent_at.toISOString(),
    publishedAt: row.published_at.toISOString(),
    note: row.note,
  });
}

/** A note is at most a million characters and a released model is longer, so the hash is signed. */
function noteText(releaseId: string, record: string): string {
  return `fairlead-release/1\n${releaseId}\n${createHash('sha256').update(record).digest('hex')}\n`;
}

function isSigned(
  published: Pick<PublishedRelease, 'releaseId' | 'record' | 'note'>,
  verifiers: readonly NoteVerifier[],
): boolean {
  try {
    return verifyRelease(published, verifiers);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function unpaid(): Refusal {
  return new Refusal('budget.unpaid', 'This is not a release with a debit of its own in the privacy ledger.', {
    remedy: 'Ask `spend` for a payment, make the release with it, and publish it once.',
  });
}
