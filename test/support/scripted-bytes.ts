/** Bytes that a seed decides, for tests that must give the same draws each time: AES in counter mode, never for real randomness. */
import { createCipheriv, createHash } from 'node:crypto';

export function scriptedBytes(seed: number | string): (count: number) => Uint8Array {
  const key = createHash('sha256').update(String(seed)).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (count) => stream.update(Buffer.alloc(count));
}
