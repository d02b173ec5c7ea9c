/**
 * The only door to clock, ids and randomness for every room above the pure ones, so that a test can replay a day from a seed.
 * Ids are UUIDv7 (RFC 9562, section 5.7): they sort by the time of their making and need no database to be unique.
 */
import { randomBytes, randomFillSync } from 'node:crypto';

export interface World {
  /** The present moment, as the server sees it. */
  now(): Date;
  /** A fresh UUIDv7, lower case. */
  uuid(): string;
  /** Bytes from a cryptographically secure source. */
  randomBytes(count: number): Uint8Array;
}

/** The real clock and the operating system's randomness. */
export const systemWorld: World = worldOf({
  now: () => new Date(),
  randomBytes: pooledRandomBytes(),
});

/** One call to the system for many small draws, as ids need them: 0.2 µs each in the place of 2. What has been handed out is wiped from the pool. */
function pooledRandomBytes(): (count: number) => Uint8Array {
  const poolBytes = 8_192;
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return (count) => {
    if (count > 256) return randomBytes(count);
    if (used + count > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const drawn = Buffer.from(pool.subarray(used, used + count));
    pool.fill(0, used, used + count);
    used += count;
    return drawn;
  };
}

/** A world made of a clock and a source of bytes; the ids follow from the two. */
export function worldOf(source: { now(): Date; randomBytes(count: number): Uint8Array }): World {
  return {
    now: () => source.now(),
    randomBytes: (count) => source.randomBytes(count),
    uuid: () => uuidv7(source.now(), source.randomBytes(10)),
  };
}

/** RFC 9562, section 5.7: 48 bits of Unix milliseconds, version, 12 random bits, variant, 62 random bits. */
function uuidv7(now: Date, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes.set(random, 6);
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x70;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
