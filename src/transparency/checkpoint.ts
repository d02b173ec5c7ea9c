/**
 * What the log signs: its name, how many entries it has, and the root over them (C2SP tlog-checkpoint). Two checkpoints of one log that do
 * not fit each other are the proof that it has shown different people different things.
 */
import { Refusal } from '../database/refusal.ts';
import type { NoteSigner, NoteVerifier } from './note.ts';
import { base64Of, openNote, signNote, utf8Of } from './note.ts';
import { hashBytes } from './tree.ts';

export interface Checkpoint {
  /** The log's name, for example `shop.example/log`. */
  readonly origin: string;
  /** Entries in the tree. */
  readonly size: number;
  readonly root: Buffer;
  /** The signed note, as it was read. */
  readonly note: string;
}

/** A checkpoint as a signed note. */
export function signCheckpoint({ size, root }: { size: number; root: Uint8Array }, signer: NoteSigner): string {
  if (!Number.isSafeInteger(size) || size < 0 || root.length !== hashBytes)
    throw new RangeError('A checkpoint has a count of entries and a root of 32 bytes.');
  return signNote(`${signer.name}\n${size}\n${Buffer.from(root).toString('base64')}\n`, signer);
}

/** Opens a checkpoint that the log itself has signed; throws `log.note`, `log.signature` or `log.checkpoint`. */
export function openCheckpoint(note: string | Uint8Array, log: NoteVerifier): Checkpoint {
  const written = typeof note === 'string' ? note : utf8Of(note);
  const checkpoint = checkpointIn(openNote(written, [log]), written);
  if (checkpoint.origin !== log.name) throw refusedCheckpoint('it is of another log');
  return checkpoint;
}

/** What the note of a checkpoint says, signatures unread: only for one that this process has found in its own database. */
export function unverifiedCheckpoint(note: string): Checkpoint {
  return checkpointIn(note.slice(0, note.lastIndexOf('\n\n') + 1), note);
}

function checkpointIn(text: string, note: string): Checkpoint {
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  const rootHash = base64Of(root);
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw refusedCheckpoint('its size is not a number of entries');
  if (rootHash?.length !== hashBytes) throw refusedCheckpoint('its root is not a hash');
  if (extensions.includes('')) throw refusedCheckpoint('it has an empty line');
  return { origin, size: Number(size), root: rootHash, note };
}

function refusedCheckpoint(why: string): Refusal {
  return new Refusal('log.checkpoint', `This is not a checkpoint of the log: ${why}.`);
}
