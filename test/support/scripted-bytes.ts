/** Bytes that a seed decides, for tests that must give the same draws each time: SHA-256 in counter mode, never for real randomness. */
import { createHash } from 'node:crypto';

export function scriptedBytes(seed: number | string): (count: number) => Uint8Array {
  let block = 0;
  return (count) => {
    const bytes = new Uint8Array(Math.ceil(count / 32) * 32);
    for (let at = 0; at < count; at += 32) {
      bytes.set(createHash('sha256').update(`${seed}/${block++}`).digest(), at);
    }
    return bytes.subarray(0, count);
  };
}
