/**
 * The operator's hand-over: a token by which a customer who is signed in at the operator's own site comes into their privacy centre. Its own audience, five minutes
 * at most and one use keep it apart from the person tokens that a browser holds for a day.
 */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { Refusal } from '../../database/refusal.ts';
import type { Installation } from '../../consent/installation.ts';
import { useOnce } from '../../people/person-sessions.ts';
import { type PersonTokenOptions, PersonTokens } from './caller.ts';

/** How far ahead a hand-over may end. */
const secondsMax = 300;

export class HandOver {
  readonly #tokens: PersonTokens;

  private constructor(tokens: PersonTokens) {
    this.#tokens = tokens;
  }

  /** With the keys, issuer and algorithms of person tokens; the audience is theirs with `/privacy` behind it. */
  static async open(options: PersonTokenOptions, installation: Installation): Promise<HandOver> {
    return new HandOver(
      await PersonTokens.open({ ...options, audience: `${options.audience}/privacy` }, installation.database.world),
    );
  }

  /** The user id that the token hands over, the first time; undefined for whatever is not good. */
  async userIdOf(installation: Installation, token: string): Promise<string | undefined> {
    let userId: string;
    try {
      userId = await this.#tokens.userIdOf(token);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'token.invalid') return undefined;
      throw error;
    }
    const { jti, exp = 0 } = decodeJwt(token); // its signature has just been checked
    const nowSeconds = installation.database.world.now().getTime() / 1_000;
    if (typeof jti !== 'string' || jti === '' || jti.length > 200 || exp > nowSeconds + secondsMax) return undefined;
    // By the whole token's signer and jti: two operators' keys may count their ids alike, but one operator's never twice.
    const name = `hand-over ${createHash('sha256').update(jti).digest('hex')}`;
    return (await useOnce(installation, name, new Date(exp * 1_000))) ? userId : undefined;
  }
}
