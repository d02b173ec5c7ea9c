/**
 * Seals what only one person's key may open: AES-256-GCM (NIST SP 800-38D) under a data key per person, which is itself wrapped by the key
 * of an epoch. The ciphertext is bound to its place (person, field, epoch, format), so moved to another place it does not open.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Refusal } from '../database/refusal.ts';
import type { World } from '../database/world.ts';
import type { Keys } from './keys.ts';

/** A person's data key in the clear. It stays in memory and goes into no log and no row. */
export interface PersonKey {
  readonly personId: string;
  readonly epoch: number;
  readonly key: Buffer;
}

const format = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** A fresh data key, with the wrapped form that is stored. */
export function freshPersonKey(keys: Keys, world: World, personId: string): { personKey: PersonKey; wrapped: Buffer } {
  const key = Buffer.from(world.randomBytes(32));
  const epoch = keys.currentEpoch;
  const wrapped = encrypt(keys.epochKey(epoch), world, key, place('person key', personId, epoch));
  return { personKey: { personId, epoch, key }, wrapped };
}

/** The data key from its wrapped form. Throws `vault.sealed-broken` when it was changed or belongs to somebody else. */
export function unwrapPersonKey(keys: Keys, personId: string, epoch: number, wrapped: Buffer): PersonKey {
  return { personId, epoch, key: decrypt(keys.epochKey(epoch), wrapped, place('person key', personId, epoch)) };
}

/** Seals a text for one field of one person. */
export function seal(personKey: PersonKey, world: World, field: string, text: string): Buffer {
  return encrypt(personKey.key, world, Buffer.from(text, 'utf8'), place(field, personKey.personId, personKey.epoch));
}

/** The text again. Throws `vault.sealed-broken` when the bytes were changed, or come from another person or field. */
export function unseal(personKey: PersonKey, field: string, sealed: Buffer): string {
  return decrypt(personKey.key, sealed, place(field, personKey.personId, personKey.epoch)).toString('utf8');
}

/** Additional authenticated data; JSON keeps the parts apart whatever they contain. */
function place(field: string, personId: string, epoch: number): Buffer {
  return Buffer.from(JSON.stringify(['fairlead', format, field, personId, epoch]), 'utf8');
}

function encrypt(key: Buffer, world: World, plain: Buffer, boundTo: Buffer): Buffer {
  const nonce = world.randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(format), nonce, body, cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, boundTo: Buffer): Buffer {
  const broken = (cause?: unknown) =>
    new Refusal(
      'vault.sealed-broken',
      'A sealed value does not open: it was changed, or it stands where it does not belong.',
      {
        remedy: 'Run `fairlead verify`, which names the row.',
        cause,
      },
    );
  if (sealed.length < 1 + nonceBytes + tagBytes || sealed[0] !== format) throw broken();
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(boundTo).setAuthTag(sealed.subarray(sealed.length - tagBytes));
    return Buffer.concat([
      decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes)),
      decipher.final(),
    ]);
  } catch (error) {
    throw broken(error);
  }
}
