/**
 * One running Fairlead, as the rooms see it: its database, its keys and the policy in force. Made once, at the door (`cli`), and passed down;
 * nothing else in the project is global.
 */
import type { Database } from '../database/database.ts';
import type { Policy } from '../policy/policy.ts';
import type { Keys } from '../vault/keys.ts';

export interface Installation {
  readonly database: Database;
  readonly keys: Keys;
  readonly policy: Policy;
  /** The number under which the policy in force was recorded by `adoptPolicy`. */
  readonly policyVersion: number;
}
