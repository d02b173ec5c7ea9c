/**
 * The receipt that a customer can take away: a text file (C2SP tlog-proof@v1) with the place of an entry in the log, the hashes that lead
 * from it to the root, and the signed checkpoint; and, opened, the record itself with its key. `verify.ts` checks it offline, years later.
 */
import { Refusal } from '../database/refusal.ts';
import { base64Of, utf8Of } from './note.ts';
import { hashBytes } from './tree.ts';

export interface LogProof {
  /** Where the entry stands in the log, from 0. */
  readonly index: number;
  /** From the entry's sibling up to the root's child. */
  readonly hashes: readonly Buffer[];
  /** The signed checkpoint, as a note. */
  readonly checkpoint: string;
  /** What opens the commitment; absent when the record is gone or was not handed over. */
  readonly opening?: Opening;
}

/** A record and the key of its commitment. */
export interface Opening {
  readonly record: string;
  readonly key: Uint8Array;
}

/** The proof as text; its file name ends in `.tlog-proof`. */
export function proofText(proof: LogProof): string {
  const { opening } = proof;
  const extra =
    opening === undefined
      ? []
      : [
          `extra ${Buffer.concat([openingVersion, opening.key, Buffer.from(opening.record, 'utf8')]).toString('base64')}`,
        ];
  const hashes = proof.hashes.map((hash) => hash.toString('base64'));
  return [firstLine, ...extra, `index ${proof.index}`, ...hashes, '', proof.checkpoint].join('\n');
}

/** Reads a proof strictly; throws `log.proof`. Nothing in it is to be believed before it has been checked. */
export function proofOf(text: string | Uint8Array): LogProof {
  const written = typeof text === 'string' ? text : utf8Of(text);
  if (written.length > proofCharactersMax) throw refusedProof('it is too long');
  const split = written.indexOf('\n\n');
  if (split < 0) throw refusedProof('it is cut short');
  const [first, ...lines] = written.slice(0, split).split('\n');
  if (first !== firstLine) throw refusedProof(`its first line is not ${firstLine}`);
  const extra = lines[0]?.startsWith('extra ') ? lines.shift()?.slice('extra '.length) : undefined;
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index)))
    throw refusedProof('it does not say where the entry stands');
  if (lines.length > hashesMax) throw refusedProof('it has more hashes than any tree needs');
  const hashes = lines.map((line) => {
    const hash = base64Of(line);
    if (hash === undefined || hash.length !== hashBytes) throw refusedProof('one of its lines is not a hash');
    return hash;
  });
  const proof = { index: Number(index), hashes, checkpoint: written.slice(split + 2) };
  return extra === undefined ? proof : { ...proof, opening: openingOf(extra) };
}

const firstLine = 'c2sp.org/tlog-proof@v1';
/** The first byte of the extra line, so that a later Fairlead can write another form. */
const openingVersion = Buffer.from([0x01]);
const keyBytes = 32;
/** A tree of 2^53 entries has paths of 53. */
const hashesMax = 63;
const proofCharactersMax = 4_000_000;

function openingOf(extra: string): Opening {
  const bytes = base64Of(extra);
  if (bytes === undefined || bytes.length < 1 + keyBytes || bytes[0] !== openingVersion[0])
    throw refusedProof('its extra line does not hold a record');
  return { key: bytes.subarray(1, 1 + keyBytes), record: utf8Of(bytes.subarray(1 + keyBytes)) };
}

function refusedProof(why: string): Refusal {
  return new Refusal('log.proof', `This is not a proof from a transparency log: ${why}.`);
}
