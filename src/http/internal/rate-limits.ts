/**
 * Token buckets: so many requests a second in the long run, so many at once. Memory is bounded; buckets that were not used lately go, and
 * whoever lost theirs starts with a full one.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { RecentMap } from './recent-map.ts';

export interface Rate {
  readonly perSecond: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

const bucketsMax = 20_000;

export class TokenBuckets {
  readonly #rate: Rate;
  readonly #buckets = new RecentMap<{ tokens: number; at: number }>(bucketsMax);

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one token. Returns 0, or the seconds until there is one again (at least 1). */
  take(name: string, nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = { tokens: burst, at: nowMs };
      this.#buckets.set(name, bucket);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.at) / 1_000) * perSecond);
    bucket.at = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
  }

  get size(): number {
    return this.#buckets.size;
  }
}

/** Whom an address stands for: a whole /64 of IPv6, because one subscriber has that many; an IPv4 address as it is, however it is written. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  const bare = address.split('%')[0] ?? '';
  if (!isIPv6(bare)) return address;
  const [left = '', right] = bare.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const filled =
    right === undefined
      ? head
      : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return `${filled
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
