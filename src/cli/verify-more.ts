/** What `fairlead verify` checks beside the rooms' own checks: what only a door knows, the access keys and everything that the log's key has signed. */
import type { Checking } from '../auditing/verify.ts';
import { checkAccessKeys } from '../http/access-keys.ts';
import { ledgerFindings } from '../models/privacy-ledger.ts';
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
      name: 'the log is the tree that it has signed',
      check: async ({ database }) => {
        const signed = await lastCheckpoint(database);
        if (signed === undefined) return { rows: 0, findings: [] };
        const { checks } = await verifyLog(readDatabase(database), { verifierKey: signer.verifierKey });
        return { rows: signed.size, findings: checks.flatMap((check) => check.finding ?? []) };
      },
    },
  ];
}
