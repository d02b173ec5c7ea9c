/** Who a log is: its name and its key, in the two shapes in which this room needs them. */
import type { Transaction } from '../../database/database.ts';
import { Refusal } from '../../database/refusal.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { openCheckpoint } from '../checkpoint.ts';
import type { NoteSigner, NoteVerifier } from '../note.ts';
import { signerOf, verifierOf } from '../note.ts';

/** A log's name and key pair. */
export interface LogKeys {
  /** For example `shop.example/log`: the log's address without its scheme. Stands in every checkpoint and never changes. */
  readonly origin: string;
  /** Ed25519, 32 bytes. */
  readonly seed: Uint8Array;
}

export interface LogIdentity {
  readonly signer: NoteSigner;
  readonly verifier: NoteVerifier;
}

export function identityOf(keys: LogKeys): LogIdentity {
  const signer = signerOf({ name: keys.origin, seed: keys.seed });
  return { signer, verifier: verifierOf(signer.verifierKey) };
}

/** Opens a checkpoint that this log must have signed itself; one by another name or key is `log.identity`. */
export function openOwn(note: string | Uint8Array, { verifier }: LogIdentity): Checkpoint {
  try {
    return openCheckpoint(note, verifier);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'log.unknown-key') throw error;
    throw new Refusal(
      'log.identity',
      `The transparency log was signed under another name or key than ${verifier.name} with key ${verifier.keyId}.`,
      {
        remedy: 'Restore the key and the origin that signed it, or begin a new log identity, which everybody can see.',
        cause: error,
      },
    );
  }
}

/** Whether this transaction is now the only one that may change the log, until it ends. */
export async function isSoleWriter(tx: Transaction): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>('select pg_try_advisory_xact_lock($1::bigint) as locked', [
    sequencerLock,
  ]);
  return row?.locked ?? false;
}

/** Any number will do, as long as it is always this one; migrations use the one before. */
const sequencerLock = 4_400_002;
