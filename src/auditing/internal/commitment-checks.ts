/** Checks that every record which was committed to opens its commitment, and that the log or its outbox has the leaf. */
import { policyRecordText } from '../../consent/adopt-policy.ts';
import { type EntryRow, entryText } from '../../consent/ledger.ts';
import type { Engine } from '../../deciding/engine.ts';
import { type ModelVersionRow, versionOf, versionText } from '../../models/learn.ts';
import { type OpenedBudget, budgetText, publishedText } from '../../models/privacy-ledger.ts';
import { type ProposalRow, proposalOf, proposalRecordText } from '../../models/recipe-proposals.ts';
import { type RecipeRow, adoptedOf, recipeRecordText } from '../../models/recipes.ts';
import { type Receipt, receiptText } from '../../people/receipts.ts';
import { type BatchRow, approvalText } from '../../sending/batch.ts';
import { commitmentOf } from '../../transparency/commitment.ts';
import type { Checking } from '../verify.ts';

interface Committed {
  leaf: Buffer;
  leaf_key: Buffer | null;
  /** Of decisions: set when a forgetting has stripped the record and taken its key. */
  redacted_at?: Date | null;
}

/** One kind of record: how its rows are read, named and put into the text that was committed to. */
interface Kind<Row> {
  readonly select: string;
  readonly name: (row: Row) => string;
  readonly text: (row: Row) => string;
}

function kindOf<Row>(kind: Kind<Row & Committed>): Kind<never> {
  return kind; // each kind is only ever used with the rows of its own statement, in `commitmentCheck`
}

const kinds: readonly Kind<never>[] = [
  kindOf<EntryRow>({
    select: 'select * from consent_entries',
    name: (row) => `consent_entries ${row.entry_id}`,
    text: entryText,
  }),
  kindOf<{ receipt_id: string; kind: string; record: Omit<Receipt, 'log'> }>({
    select: 'select * from receipts',
    name: (row) => `receipts ${row.receipt_id}`,
    text: (row) =>
      row.record.receipt === row.receipt_id && row.record.kind === row.kind ? receiptText(row.record) : '',
  }),
  kindOf<{ decision_id: string; record: string }>({
    select: 'select decision_id, record, redacted_at, leaf, leaf_key from decisions',
    name: (row) => `decisions ${row.decision_id}`,
    text: (row) => row.record,
  }),
  kindOf<ModelVersionRow>({
    select: 'select * from model_versions',
    name: (row) => `model_versions ${row.version_id}`,
    text: (row) => versionText(versionOf(row)),
  }),
  kindOf<RecipeRow>({
    select: 'select * from recipes',
    name: (row) => `recipes ${row.recipe_id}`,
    text: (row) => recipeRecordText(adoptedOf(row)),
  }),
  kindOf<BatchRow>({
    select: 'select * from batches where leaf is not null',
    name: (row) => `batches ${row.batch_id}`,
    text: approvalText,
  }),
  kindOf<OpenedBudget>({
    select:
      "select *, reserved_micro_rho::text as reserved, coalesce(leaf, '') as leaf, coalesce(leaf_key, '') as leaf_key from privacy_budgets",
    name: (row) => `privacy_budgets ${row.period} ${row.share}`,
    text: budgetText,
  }),
  kindOf<Parameters<typeof publishedText>[0]>({
    select:
      "select *, micro_rho::text as spent, coalesce(leaf_key, '') as leaf_key from privacy_ledger where published_at is not null",
    name: (row) => `privacy_ledger ${row.release_id}`,
    text: publishedText,
  }),
  kindOf<ProposalRow>({
    select: 'select * from recipe_proposals',
    name: (row) => `recipe_proposals ${row.proposal_id}`,
    text: (row) => proposalRecordText(proposalOf(row)),
  }),
  kindOf<{ policy_version: number; policy_digest: string; adopted_by: string; adopted_at: Date }>({
    select: 'select * from policy_versions',
    name: (row) => `policy_versions ${row.policy_version}`,
    text: (row) =>
      policyRecordText({
        version: row.policy_version,
        digest: row.policy_digest,
        adoptedBy: row.adopted_by,
        adoptedAt: row.adopted_at,
      }),
  }),
];

export const commitmentCheck: Checking = async (engine) => {
  const findings: string[] = [];
  let rows = 0;
  for (const kind of kinds) {
    const checked = await checkKind(engine, kind);
    rows += checked.rows;
    findings.push(...checked.findings);
  }
  return { rows, findings };
};

async function checkKind(engine: Engine, kind: Kind<never>): Promise<{ rows: number; findings: string[] }> {
  const findings: string[] = [];
  let rows = 0;
  for await (const part of engine.database.stream<Committed>(kind.select, [], { batch: 1_000 })) {
    rows += part.length;
    const logged = await engine.database.query<{ leaf: Buffer }>(
      'select leaf from log_leaves where leaf = any($1::bytea[]) union all select leaf from log_outbox where leaf = any($1::bytea[])',
      [part.map((row) => row.leaf)],
    );
    const present = new Set(logged.map((row) => row.leaf.toString('hex')));
    for (const row of part) {
      const own = row as never; // a row of this kind's own statement
      // A record that was stripped by a forgetting has lost its key: the commitment stays and opens nothing.
      const isStripped = row.leaf_key === null && row.redacted_at instanceof Date;
      if (!isStripped && !opens(kind, own, row)) findings.push(`${kind.name(own)}: was altered after it was recorded`);
      if (!present.has(row.leaf.toString('hex')))
        findings.push(`${kind.name(own)}: its commitment is neither in log_leaves nor waiting in log_outbox`);
    }
  }
  return { rows, findings };
}

function opens(kind: Kind<never>, own: never, row: Committed): boolean {
  try {
    return row.leaf_key !== null && commitmentOf(kind.text(own), row.leaf_key).equals(row.leaf);
  } catch {
    return false; // a record that cannot even be put into words was altered
  }
}
