/**
 * Who is calling, and whom they may speak for. A server key may name anybody; a public key speaks for an anonymous visitor; a person token, a JWT
 * that the operator signed (RFC 7519), for the user id in its `sub`. Keys come as Bearer, as the user name of Basic, or in the body of a message.
 */
import { type CryptoKey, errors, importSPKI, jwtVerify } from 'jose';
import type { World } from '../../database/world.ts';
import { Refusal } from '../../database/refusal.ts';
import type { Named } from '../../people/persons.ts';
import type { AccessKeys } from '../access-keys.ts';

export type Caller =
  | { readonly kind: 'server' | 'public'; readonly keyId: string; readonly label: string }
  | { readonly kind: 'person'; readonly userId: string }
  | { readonly kind: 'nobody' };

/** How person tokens are checked. Several keys, so that one can follow another. */
export interface PersonTokenOptions {
  /** What `aud` must contain. */
  readonly audience: string;
  readonly issuer?: string;
  readonly keys: readonly PersonTokenKey[];
}

/** A public key in PEM (SPKI), or a secret of at least 32 bytes that both sides know. */
type PersonTokenKey =
  | { readonly algorithm: 'EdDSA' | 'ES256' | 'RS256'; readonly publicKey: string }
  | { readonly algorithm: 'HS256'; readonly secret: string };

const secretBytesMin = 32;
const lifetimeSecondsMax = 24 * 3_600;

/** Checks person tokens: a listed algorithm, a right signature, the audience, and an end within a day. */
export class PersonTokens {
  readonly #options: PersonTokenOptions;
  readonly #world: World;
  readonly #keys: readonly ImportedKey[];

  private constructor(options: PersonTokenOptions, world: World, keys: readonly ImportedKey[]) {
    this.#options = options;
    this.#world = world;
    this.#keys = keys;
  }

  static async open(options: PersonTokenOptions, world: World): Promise<PersonTokens> {
    const keys = await Promise.all(
      options.keys.map(async (key) => ({ algorithm: key.algorithm, key: await keyFrom(key) })),
    );
    return new PersonTokens(options, world, keys);
  }

  /** The user id that the token speaks for. Refuses with `token.invalid`, for whatever reason, in the same words. */
  async userIdOf(token: string): Promise<string> {
    for (const { algorithm, key } of this.#keys) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          audience: this.#options.audience,
          ...(this.#options.issuer === undefined ? {} : { issuer: this.#options.issuer }),
          requiredClaims: ['exp', 'sub'],
          currentDate: this.#world.now(),
        });
        const { exp = 0, sub = '' } = payload;
        if (sub !== '' && sub.length <= 256 && exp <= this.#world.now().getTime() / 1_000 + lifetimeSecondsMax)
          return sub;
      } catch (error) {
        if (!(error instanceof errors.JOSEError) && !(error instanceof TypeError)) throw error;
      }
    }
    throw new Refusal('token.invalid', 'The person token was not accepted.', {
      remedy: 'Sign it with the configured key and algorithm, name the audience, and let it expire within 24 hours.',
    });
  }
}

interface ImportedKey {
  readonly algorithm: string;
  readonly key: CryptoKey | Uint8Array;
}

async function keyFrom(key: PersonTokenKey): Promise<CryptoKey | Uint8Array> {
  if (key.algorithm !== 'HS256') return importSPKI(key.publicKey, key.algorithm);
  const secret = new TextEncoder().encode(key.secret);
  if (secret.length < secretBytesMin) {
    throw new Refusal('server.token-secret', `The secret for person tokens has ${secret.length} bytes.`, {
      remedy: `Use at least ${secretBytesMin} random bytes, or a public key.`,
    });
  }
  return secret;
}

/** The caller behind an `Authorization` header, or nobody when there is none. Refuses with `key.unknown` and `token.invalid`. */
export async function callerOf(
  authorization: string | undefined,
  known: { accessKeys: AccessKeys; personTokens: PersonTokens | undefined },
): Promise<Caller> {
  if (authorization === undefined) return { kind: 'nobody' };
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, space).toLowerCase();
  const credentials = authorization.slice(space + 1).trim();
  if (scheme === 'bearer' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(credentials)) {
    if (known.personTokens === undefined)
      throw new Refusal('token.invalid', 'This server takes no person tokens.', {
        remedy: 'Configure the key that signs them.',
      });
    return { kind: 'person', userId: await known.personTokens.userIdOf(credentials) };
  }
  if (scheme === 'bearer') return callerOfKey(credentials, known.accessKeys);
  if (scheme === 'basic')
    return callerOfKey(Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] ?? '', known.accessKeys);
  throw unknownKey();
}

/** The caller behind a key alone, as it stands in the body of a message. */
export async function callerOfKey(key: string, accessKeys: AccessKeys): Promise<Caller> {
  const found = await accessKeys.find(key);
  if (found === undefined) throw unknownKey();
  return { kind: found.kind, keyId: found.accessKeyId, label: found.label };
}

function unknownKey(): Refusal {
  return new Refusal('key.unknown', 'The key was not accepted.', {
    remedy: 'Compare it with the one that was shown when it was made.',
  });
}

/** Whom the caller means, if they may speak for them. Refuses with `key.public` and `token.other-person`. */
export function spokenFor(caller: Caller, person: Named): Named {
  switch (caller.kind) {
    case 'server':
      return person;
    case 'public':
      if (person.userId !== undefined || person.anonymousId === undefined) {
        throw new Refusal('key.public', 'A public key may only name its own visitor, by an anonymous id.', {
          remedy: 'Send `anonymousId` alone, or call with a server key or a person token.',
        });
      }
      return person;
    case 'person':
      if (person.userId !== undefined && person.userId !== caller.userId) throw otherPerson();
      return { userId: caller.userId };
    case 'nobody':
      throw missingKey();
    default:
      return caller satisfies never;
  }
}

export function otherPerson(): Refusal {
  return new Refusal('token.other-person', 'The person token is for somebody else.', {
    remedy: 'Leave the user id out, or send the one in the token.',
  });
}

export function missingKey(): Refusal {
  return new Refusal('key.missing', 'This endpoint needs a key.', {
    remedy: 'Send it as `authorization: Bearer KEY`.',
  });
}

/** Where a consent or a message came from, as it is written into rows: never about the person. */
export function sourceOf(caller: Caller): string {
  switch (caller.kind) {
    case 'server':
    case 'public':
      return caller.label;
    case 'person':
      return 'person token';
    case 'nobody':
      throw missingKey();
    default:
      return caller satisfies never;
  }
}
