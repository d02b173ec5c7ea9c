/** How much each caller may ask: by key, and by address for everybody but servers that identified themselves. */
import type { World } from '../../database/world.ts';
import type { Caller } from './caller.ts';
import { Wait } from './problem-answer.ts';
import { type Rate, TokenBuckets, addressGroup } from './rate-limits.ts';

export interface Rates {
  readonly serverKey: Rate;
  readonly publicKey: Rate;
  /** Requests from one address that do not come with a server key. */
  readonly address: Rate;
  /** Keys and tokens from one address that were not accepted. */
  readonly failures: Rate;
}

export const defaultRates: Rates = {
  serverKey: { perSecond: 5_000, burst: 10_000 },
  publicKey: { perSecond: 2_000, burst: 4_000 },
  address: { perSecond: 50, burst: 200 },
  failures: { perSecond: 0.2, burst: 20 },
};

export class Limits {
  readonly #world: World;
  readonly #keys: { readonly server: TokenBuckets; readonly public: TokenBuckets };
  readonly #addresses: TokenBuckets;
  readonly #failures: TokenBuckets;

  constructor(rates: Rates, world: World) {
    this.#world = world;
    this.#keys = { server: new TokenBuckets(rates.serverKey), public: new TokenBuckets(rates.publicKey) };
    this.#addresses = new TokenBuckets(rates.address);
    this.#failures = new TokenBuckets(rates.failures);
  }

  /** Counts a request. Refuses with `rate.exceeded` when it is one too many. */
  countRequest(caller: Caller, address: string): void {
    const now = this.#world.now().getTime();
    if (caller.kind === 'server') return refuseAfter(this.#keys.server.take(caller.keyId, now));
    refuseAfter(this.#addresses.take(addressGroup(address), now));
    if (caller.kind === 'public') refuseAfter(this.#keys.public.take(caller.keyId, now));
  }

  /** Counts a key that was not accepted. Refuses with `rate.exceeded` after too many. */
  countFailure(address: string): void {
    refuseAfter(this.#failures.take(addressGroup(address), this.#world.now().getTime()));
  }
}

function refuseAfter(seconds: number): void {
  if (seconds > 0) throw new Wait('rate.exceeded', 'There are too many requests.', seconds);
}
