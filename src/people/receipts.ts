/**
 * Receipts of forgetting: what was subtracted, from which digest to which, provable against the transparency log. Written in the transaction that
 * forgot; read by the person, the officer and `fairlead verify`.
 */
import type { Sql, Transaction } from '../database/database.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { appendRecord } from '../transparency/append.ts';
import type { SumMove } from './contribute.ts';

export type ReceiptKind = 'withdraw' | 'exclude' | 'expire' | 'rectify' | 'merge' | 'erase';

export interface Receipt {
  readonly receipt: string;
  readonly kind: ReceiptKind;
  readonly at: string;
  /** What it was about, in names of the policy: purposes, a field, "an item", "a period". Never the item itself, which is gone. */
  readonly about: readonly string[];
  /** Digest of the first model's sum before and after, hex; null when the policy has no model that sums people. */
  readonly sumDigestBefore: string | null;
  readonly sumDigestAfter: string | null;
  /** The same for every model. */
  readonly sums: readonly SumMove[];
  /** What this does not undo. */
  readonly notUndone: string;
  /** The leaf of the transparency log, hex, which commits to this receipt. */
  readonly log: string;
}

const notUndone =
  'What earlier models caused is not undone: what was already shown to this person or to others, figures that were released, and messages that were sent. Model parameters that were solved before follow when the model is next solved.';

/** Writes a receipt and commits to it. */
export async function writeReceipt(
  tx: Transaction,
  personId: string,
  forgotten: { kind: ReceiptKind; about: readonly string[]; moves: readonly SumMove[] },
): Promise<Receipt> {
  const at = tx.world.now();
  const receipt = {
    receipt: tx.world.uuid(),
    kind: forgotten.kind,
    at: at.toISOString(),
    about: forgotten.about,
    sumDigestBefore: forgotten.moves[0]?.digestBefore ?? null,
    sumDigestAfter: forgotten.moves[0]?.digestAfter ?? null,
    sums: forgotten.moves,
    notUndone,
  };
  const { leaf, key } = await appendRecord(tx, receiptText(receipt));
  await tx.query(
    'insert into receipts (person_id, receipt_id, kind, at, record, leaf, leaf_key) values ($1, $2, $3, $4, $5, $6, $7)',
    [personId, receipt.receipt, receipt.kind, at, canonicalJson(receipt), leaf, key],
  );
  return { ...receipt, log: leaf.toString('hex') };
}

/** The receipts of a person, newest first. */
export async function receiptsOf(sql: Sql, personId: string): Promise<Receipt[]> {
  const rows = await sql.query<{ record: Omit<Receipt, 'log'>; leaf: Buffer }>(
    'select record, leaf from receipts where person_id = $1 order by at desc, receipt_id desc',
    [personId],
  );
  return rows.map((row) => ({ ...row.record, log: row.leaf.toString('hex') }));
}

/** The text that the log commits to. */
export function receiptText(receipt: Omit<Receipt, 'log'>): string {
  return canonicalJson({ record: 'receipt', ...receipt });
}
