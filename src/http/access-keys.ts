/**
 * The keys by which systems call: a server key may name anybody, a public key stands in web pages and speaks for its own visitor alone. A key is shown
 * once, when it is made; the database has a keyed hash of it. Made by the command line, looked up by the server at every request.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { keyedHash } from '../database/keyed-hash.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import { RecentMap } from './internal/recent-map.ts';

export type AccessKeyKind = 'public' | 'server';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly kind: AccessKeyKind;
  readonly label: string;
}

const secretBytes = 24;

/** Makes a key and returns it: the only time that it can be read. Its prefix says what it is, so that a scanner for leaked secrets knows it. */
export async function createAccessKey(
  installation: Pick<Installation, 'database' | 'keys'>,
  wanted: { kind: AccessKeyKind; label: string },
): Promise<AccessKey & { readonly key: string }> {
  const { world } = installation.database;
  const key = `fairlead_${wanted.kind}_${Buffer.from(world.randomBytes(secretBytes)).toString('base64url')}`;
  const accessKeyId = world.uuid();
  const row = {
    access_key_id: accessKeyId,
    ...wanted,
    key_hash: hashOf(installation, key),
    created_at: world.now(),
    disabled_at: null,
  };
  await installation.database.query(
    'insert into access_keys (access_key_id, kind, label, key_hash, created_at, tag) values ($1, $2, $3, $4, $5, $6)',
    [row.access_key_id, row.kind, row.label, row.key_hash, row.created_at, accessKeyTag(installation, row)],
  );
  return { accessKeyId, ...wanted, key };
}

/** Ends a key. Servers that are running obey within `AccessKeys.cacheMs`. Refuses with `key.unknown`. */
export async function disableAccessKey(
  installation: Pick<Installation, 'database' | 'keys'>,
  accessKeyId: string,
): Promise<void> {
  await installation.database.transaction(async (tx) => {
    const [row] = await tx.query<AccessKeyRow>('select * from access_keys where access_key_id = $1 for update', [
      accessKeyId,
    ]);
    if (row === undefined)
      throw new Refusal('key.unknown', 'There is no access key with this id.', {
        remedy: 'Compare it with the list of keys.',
      });
    if (row.disabled_at !== null) return;
    const disabled = { ...row, disabled_at: tx.world.now() };
    await tx.query('update access_keys set disabled_at = $2, tag = $3 where access_key_id = $1', [
      accessKeyId,
      disabled.disabled_at,
      accessKeyTag(installation, disabled),
    ]);
  });
}

/** Every key, newest first; never what it is, only what it is called. */
export async function listAccessKeys(
  sql: Sql,
): Promise<(AccessKey & { readonly createdAt: Date; readonly disabledAt: Date | null })[]> {
  const rows = await sql.query<AccessKeyRow>('select * from access_keys order by created_at desc, access_key_id');
  return rows.map((row) => ({ ...keyOf(row), createdAt: row.created_at, disabledAt: row.disabled_at }));
}

/** Looks for keys that were changed by other means than these functions; `fairlead verify` names them. */
export async function checkAccessKeys(
  installation: Pick<Installation, 'database' | 'keys'>,
): Promise<{ rows: number; findings: string[] }> {
  const rows = await installation.database.query<AccessKeyRow & { tag: Buffer }>(
    'select * from access_keys order by created_at, access_key_id',
  );
  const findings = rows
    .filter((row) => !row.tag.equals(accessKeyTag(installation, row)))
    .map((row) => `access_keys ${row.access_key_id}: was changed by other means than Fairlead's own`);
  return { rows: rows.length, findings };
}

/**
 * Looks keys up, with a cache that forgets within seconds. While the database is away, a key that was good less than ten minutes ago stays good: without
 * the database it only leads to what anybody may have.
 */
export class AccessKeys {
  /** How long a look-up is believed. */
  static readonly cacheMs = 5_000;
  static readonly cacheMsWhileAway = 600_000;
  /** How long a look-up is waited for where an older one can be believed. */
  static readonly slowMs = 200;
  static readonly cachedMax = 10_000;
  readonly #installation: Pick<Installation, 'database' | 'keys'>;
  readonly #cached = new RecentMap<{ key: AccessKey | undefined; readAt: number }>(AccessKeys.cachedMax);
  readonly #readings = new Map<string, Promise<AccessKey | undefined>>();

  constructor(installation: Pick<Installation, 'database' | 'keys'>) {
    this.#installation = installation;
  }

  /** The key, or undefined when there is none or it has been disabled. */
  async find(key: string): Promise<AccessKey | undefined> {
    if (!/^fairlead_(public|server)_[\w-]{32}$/.test(key)) return undefined;
    // Not the keyed hash of the table: this one costs a third and never leaves the process.
    const name = hash('sha256', key, 'base64');
    const now = this.#installation.database.world.now().getTime();
    const cached = this.#cached.get(name);
    if (cached !== undefined && now - cached.readAt < AccessKeys.cacheMs) return cached.key;
    const reading = this.#readOnce(name, key, now);
    const known = cached !== undefined && now - cached.readAt < AccessKeys.cacheMsWhileAway ? cached.key : undefined;
    if (known === undefined) return reading;
    // A database that is slow or away does not lock out whom it let in lately: their decisions have to be answered in time.
    return Promise.race([reading, sleep(AccessKeys.slowMs, known, { ref: false })]).catch(() => known);
  }

  /** Reads a key, once however many ask at the same time. */
  async #readOnce(name: string, key: string, now: number): Promise<AccessKey | undefined> {
    let reading = this.#readings.get(name);
    if (reading === undefined) {
      reading = this.#read(hashOf(this.#installation, key))
        .then((found) => {
          this.#cached.set(name, { key: found, readAt: now });
          return found;
        })
        .finally(() => this.#readings.delete(name));
      this.#readings.set(name, reading);
    }
    return reading;
  }

  async #read(keyHash: Buffer): Promise<AccessKey | undefined> {
    const [row] = await this.#installation.database.query<AccessKeyRow & { tag: Buffer }>(
      'select * from access_keys where key_hash = $1 and disabled_at is null',
      [keyHash],
    );
    if (row === undefined || !timingSafeEqual(row.key_hash, keyHash)) return undefined;
    // A row that was changed by other means (a public key made a server key) opens nothing.
    return timingSafeEqual(row.tag, accessKeyTag(this.#installation, row)) ? keyOf(row) : undefined;
  }
}

interface AccessKeyRow {
  access_key_id: string;
  kind: AccessKeyKind;
  label: string;
  key_hash: Buffer;
  created_at: Date;
  disabled_at: Date | null;
}

/** The tag of a stored key, over all its other columns in their order. */
function accessKeyTag(installation: Pick<Installation, 'keys'>, row: AccessKeyRow): Buffer {
  return rowTag(installation.keys.derived('row-tag'), 'access_keys', [
    row.access_key_id,
    row.kind,
    row.label,
    row.key_hash,
    row.created_at,
    row.disabled_at,
  ]);
}

function keyOf(row: AccessKeyRow): AccessKey {
  return { accessKeyId: row.access_key_id, kind: row.kind, label: row.label };
}

/** HMAC-SHA256 under a key that the database does not have: whoever reads the table cannot test a guess. */
function hashOf(installation: Pick<Installation, 'keys'>, key: string): Buffer {
  return keyedHash(installation.keys.derived('access-key')).update(key).digest();
}
