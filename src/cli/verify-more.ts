/** What `fairlead verify` checks beside the rooms' own checks: what only a door knows, the access keys and everything that the log's key has signed. */
import type { Checking } from '../auditing/verify.ts';
import { checkAccessKeys } from '../http/access-keys.ts';
import { ledgerFindings } from '../models/privacy-ledger.ts';
import { unverifiedCheckpoint } from '../transparency/checkpoint.ts';
import { lastCheckpoint, readDatabase } from '../transparency/database-reader.ts';
import { type NoteSigner, verifierOf } from '../transparency/note.ts';
import { verifyLog } from '../transparency/verify.ts';

/** Checks in the order in which they are told. */
export function moreChecks(signer: NoteSigner): readonly { readonly name: string; readonly check: Checking }[] {
  return [
    { name: 'access keys are as they were made', check: checkAccessKeys },
    {
      name: 'the privacy ledger adds up, and its releases are signed',
      check: async ({ database }) => {
        const [spent] = await database.query<{ rows: number }>('select count(*) as rows from privacy_ledger');
        return { rows: spent?.rows ?? 0, findings: await ledgerFindings(database, [verifierOf(signer.verifierKey)]) };
      },
    },
    {
      name: 'checkpoints are of the size that their rows say',
      check: async ({ database }) => {
        const rows = await database.query<{ log_number: number; tree_size: number; note: string }>(
          'select log_number, tree_size, note from log_checkpoints order by log_number, tree_size',
        );
        const findings = rows
          .filter(({ note, tree_size: size }) => unverifiedCheckpoint(note).size !== size)
          .map((row) => `log_checkpoints ${row.log_number}/${row.tree_size}: its note is of another size`);
        const numbers = [...new Set(rows.map((row) => row.log_number))];
        if (numbers.some((number, at) => number !== at + 1))
          findings.push('log_checkpoints: the numbers of its logs do not follow each other');
        return { rows: rows.length, findings };
      },
    },
    {
      name: 'the log is the tree that it has signed',
      check: async ({ database }) => {
        const signed = await lastCheckpoint(database);
        if (signed === undefined) return { rows: 0, findings: [] };
        const { checks } = await verifyLog(readDatabase(database), { verifierKey: signer.verifierKey });
        return {
          rows: signed.size,
          findings: checks.flatMap((check) =>
            check.finding === null ? [] : [`log_leaves, log_tiles or log_checkpoints: ${check.finding}`],
          ),
        };
      },
    },
  ];
}
