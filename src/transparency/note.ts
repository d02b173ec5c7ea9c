/**
 * Signed notes (C2SP signed-note) with Ed25519: a text, a blank line, and a line for each signature. The log signs its checkpoints with them;
 * whoever has the verifier key, one line of text, can check them. Everything about a note's form is strict, so that a note has one spelling.
 */
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Refusal } from '../database/refusal.ts';

/** Signs notes under a name. */
export interface NoteSigner {
  readonly name: string;
  /** As in {@link NoteVerifier}. */
  readonly keyId: string;
  /** The verifier key that goes with it: `<name>+<key id in hex>+<base64 of type and public key>`. Public. */
  readonly verifierKey: string;
  sign(text: string): Buffer;
}

/** Checks the signatures of one key. */
export interface NoteVerifier {
  readonly name: string;
  /** The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), in hex. */
  readonly keyId: string;
  verify(text: string | Uint8Array, signature: Uint8Array): boolean;
}

/** A signer from a 32-byte Ed25519 seed (RFC 8032). The name is the log's origin: no spaces, no plus. */
export function signerOf({ name, seed }: { name: string; seed: Uint8Array }): NoteSigner {
  if (seed.length !== 32)
    throw new Refusal('log.key-length', `An Ed25519 seed has 32 bytes, this one has ${seed.length}.`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const typed = Buffer.concat([
    ed25519Type,
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length),
  ]);
  const keyId = keyIdOf(refuseName(name), typed);
  const verifierKey = `${name}+${keyId}+${typed.toString('base64')}`;
  return { name, keyId, verifierKey, sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey) };
}

/** A verifier from a verifier key; refused when its parts do not agree. */
export function verifierOf(verifierKey: string): NoteVerifier {
  const [, name = '', keyId = '', encoded = ''] =
    /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(verifierKey) ?? [];
  const typed = base64Of(encoded);
  if (typed?.length !== 33 || typed[0] !== ed25519Type[0] || !isName(name) || keyIdOf(name, typed) !== keyId)
    throw new Refusal(
      'log.verifier-key',
      'This is not the verifier key of an Ed25519 signer: its parts do not agree.',
      {
        remedy: 'Copy the whole line as the log publishes it: name+id+key.',
      },
    );
  const publicKey: KeyObject = createPublicKey({
    key: Buffer.concat([spkiPrefix, typed.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  return { name, keyId, verify: (text, signature) => verify(null, Buffer.from(text), publicKey, signature) };
}

/** The text with the signer's signature; the text ends in a newline. */
export function signNote(text: string, signer: NoteSigner): string {
  if (!text.endsWith('\n') || !isNoteText(text)) throw refusedNote('its text is not one that can be signed');
  return `${text}\n— ${signer.name} ${Buffer.concat([Buffer.from(signer.keyId, 'hex'), signer.sign(text)]).toString('base64')}\n`;
}

/**
 * The text of a note that one of the verifiers vouches for. Signatures by unknown keys (of witnesses, say) are passed over; a wrong one by a
 * known key refuses the note. Throws `log.note` for a malformed note, `log.signature` for a wrong
 * signature and `log.unknown-key` where no known key has signed.
 */
export function openNote(note: string | Uint8Array, verifiers: readonly NoteVerifier[]): string {
  const { text, signatures } = partsOf(typeof note === 'string' ? note : utf8Of(note));
  let vouched = false;
  for (const { name, keyId, signature } of signatures) {
    const verifier = verifiers.find((known) => known.name === name && known.keyId === keyId);
    if (verifier === undefined) continue;
    if (!verifier.verify(text, signature))
      throw new Refusal(
        'log.signature',
        `The signature of ${verifier.name} does not fit the text: one of the two was changed.`,
      );
    vouched = true;
  }
  if (!vouched)
    throw new Refusal('log.unknown-key', 'None of the known keys has signed this.', {
      remedy: 'Check that the verifier key is the one that this log publishes.',
    });
  return text;
}

/** Strict UTF-8 to text: what is not UTF-8 is refused, and a byte order mark stays and fails later. */
export function utf8Of(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Says in our words what the decoder found.
    throw refusedNote('it is not UTF-8');
  }
}

/** Strict standard base64 (RFC 4648, section 4), padded; undefined for any other spelling. */
export function base64Of(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** The DER that stands before a 32-byte Ed25519 seed in PKCS #8 (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
/** The DER that stands before a 32-byte Ed25519 public key (RFC 8410, section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const ed25519Type = Buffer.from([0x01]);
/** The specification asks for 16 at least; a post-quantum signature has up to 5 kB. */
const signaturesMax = 64;
const noteCharactersMax = 1_000_000;

function keyIdOf(name: string, typed: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), typed]), 'hex').slice(0, 8);
}

function refuseName(name: string): string {
  if (!isName(name))
    throw new Refusal('log.origin', 'The name of a log or signer has no spaces, no plus and no control characters.', {
      remedy: 'Use the address of the log without its scheme, for example shop.example/log.',
    });
  return name;
}

function isName(name: string): boolean {
  return /^[^\p{White_Space}\p{Cc}+]+$/u.test(name) && name.isWellFormed();
}

function isNoteText(text: string): boolean {
  // No control character below U+0020 but the newline; the specification lets the others pass.
  return text.isWellFormed() && /^[\n\P{Cc}\u007f-\u009f]*$/u.test(text);
}

function partsOf(note: string): { text: string; signatures: { name: string; keyId: string; signature: Buffer }[] } {
  if (note.length > noteCharactersMax) throw refusedNote('it is too long');
  if (!isNoteText(note)) throw refusedNote('it holds characters that no note may hold');
  const split = note.lastIndexOf('\n\n');
  if (split < 1 || !note.endsWith('\n')) throw refusedNote('it is cut short');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > signaturesMax) throw refusedNote('it has too many signatures');
  const signatures = lines.map((line) => {
    const [dash, name, encoded, ...rest] = line.split(' ');
    const bytes = base64Of(encoded ?? '');
    if (
      dash !== '—' ||
      name === undefined ||
      !isName(name) ||
      bytes === undefined ||
      bytes.length < 5 ||
      rest.length > 0
    )
      throw refusedNote('one of its signature lines is malformed');
    return { name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
  });
  // Twice the same signature would be a second spelling of the same note.
  if (new Set(signatures.map(({ name, keyId }) => `${name} ${keyId}`)).size < signatures.length)
    throw refusedNote('it is signed twice with one key');
  return { text: note.slice(0, split + 1), signatures };
}

function refusedNote(why: string): Refusal {
  return new Refusal('log.note', `This is not a signed note: ${why}.`);
}
