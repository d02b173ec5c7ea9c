/**
 * Names for people that one recipient can use and two recipients cannot compare: a keyed hash under a key of each recipient's own. It
 * promises the same pseudonym for the same person and recipient for as long as the key lives, and nothing about the person in it. Called by
 * `sending/` for exports to advertisers; the key comes from the vault and never leaves.
 */
import { createHmac } from 'node:crypto';

/**
 * The pseudonyms that one recipient gets.
 *
 * Guarantee: no two recipients and no two people share one; without the key neither the person nor another recipient's pseudonym can be told
 * from it (`pseudonyms.test.ts`).
 * Formula: HMAC(HMAC(key, label ‖ recipient), person), SHA-256, base64url, 43 characters.
 * Source: RFC 2104; the two-step form is that of RFC 5869, so each key hashes one thing only.
 * Cost: 3 µs.
 * Limits: pseudonyms are personal data still (GDPR, recital 26). Who holds the key can compute them all. Throws RangeError on a key of
 * fewer than 32 bytes, or an empty recipient or person.
 */
export function pseudonymsFor(recipient: string, key: Uint8Array): (personId: string) => string {
  if (key.length < 32) throw new RangeError('a pseudonym key has at least 32 bytes');
  if (recipient === '') throw new RangeError('a pseudonym is for a recipient with a name');
  const recipientKey = createHmac('sha256', key).update(`fairlead pseudonym 1\n${recipient}`, 'utf8').digest();
  return (personId) => {
    if (personId === '') throw new RangeError('a pseudonym is for somebody');
    return createHmac('sha256', recipientKey).update(personId, 'utf8').digest('base64url');
  };
}
