/**
 * The keys of one installation: a master key, from which keys for single uses are derived, and one key per epoch, which wraps the keys of
 * people. They come from files that only the owner may read, never from the database, and a missing or foreign key refuses to start.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import type { World } from '../database/world.ts';

/** What a derived key is for. One key, one use (NIST SP 800-57 part 1, section 5.2). */
export type KeyUse =
  | 'look-up'
  | 'message'
  | 'row-tag'
  | 'inbox-tag'
  | 'queue-tag'
  | 'sum-digest'
  | 'log-seed'
  | 'link'
  | 'consent-receipt'
  | 'mail-link'
  | 'access-key'
  | 'assignment'
  | 'pseudonym'
  | 'fingerprint';

export interface Keys {
  /** The 32-byte key for one use: HKDF-SHA256 (RFC 5869) of the master key. */
  derived(use: KeyUse): Buffer;
  /** The epoch that wraps new person keys. */
  readonly currentEpoch: number;
  /** The 32-byte key of an epoch. Throws `vault.epoch-gone` when it has been destroyed or is missing. */
  epochKey(epoch: number): Buffer;
}

const masterFile = 'master.key';
const keyBytes = 32;

/**
 * Opens the key directory. With `create` a new one is filled with fresh keys (only for an installation that has no data yet).
 * Refuses with `vault.key-missing` or `vault.key-unreadable`.
 */
export async function openKeys(directory: string, options: { create: boolean; world: World }): Promise<Keys> {
  const names = await readdir(directory).catch((): string[] => []); // a directory that is not there yet holds no keys
  if (!names.includes(masterFile)) {
    if (!options.create || names.length > 0) {
      throw new Refusal(
        'vault.key-missing',
        `The key file ${join(directory, masterFile)} is missing, and without it nothing sealed can be read.`,
        {
          remedy:
            'Put the key directory back from where you keep it (keys travel apart from data), or point --keys at it.',
        },
      );
    }
    await createKeys(directory, options.world);
  }
  const master = await readKey(join(directory, masterFile));
  const epochs = new Map<number, Buffer>();
  for (const name of await readdir(directory)) {
    const epoch = /^epoch-(\d{6})\.key$/.exec(name)?.[1];
    if (epoch !== undefined) epochs.set(Number(epoch), await readKey(join(directory, name)));
  }
  if (epochs.size === 0) {
    throw new Refusal('vault.key-missing', `No epoch key (epoch-000001.key) lies in ${directory}.`, {
      remedy: 'Put the key directory back whole.',
    });
  }
  return keysOf(master, epochs);
}

/** Keys from bytes in memory: what `openKeys` returns, and what tests use. */
export function keysOf(master: Buffer, epochs: ReadonlyMap<number, Buffer>): Keys {
  const derivedKeys = new Map<KeyUse, Buffer>();
  return {
    currentEpoch: Math.max(...epochs.keys()),
    derived(use) {
      let key = derivedKeys.get(use);
      if (key === undefined) {
        key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `fairlead/${use}/1`, keyBytes));
        derivedKeys.set(use, key);
      }
      return key;
    },
    epochKey(epoch) {
      const key = epochs.get(epoch);
      if (key === undefined) {
        throw new Refusal(
          'vault.epoch-gone',
          `The key of epoch ${epoch} is not here: what it wrapped can no longer be read.`,
          {
            remedy: 'If the epoch was not destroyed on purpose, put its key file back.',
          },
        );
      }
      return key;
    },
  };
}

/**
 * Compares the keys with the fingerprint that the database remembers, and leaves one when there is none.
 * Refuses with `vault.key-foreign` when the database was written under other keys.
 */
export async function checkKeys(database: Database, keys: Keys): Promise<void> {
  const fingerprint = keyFingerprint(keys);
  const [known] = await database.query<{ fingerprint: Buffer }>(
    `with kept as (insert into key_checks (name, fingerprint, created_at) values ('master', $1, $2) on conflict (name) do nothing returning fingerprint)
     select fingerprint from kept union all select fingerprint from key_checks where name = 'master' limit 1`,
    [fingerprint, database.world.now()],
  );
  if (known === undefined || !timingSafeEqual(known.fingerprint, fingerprint)) {
    throw new Refusal('vault.key-foreign', 'The master key is not the one this database was written under.', {
      remedy: 'Point --keys at the key directory that belongs to this data; nothing has been changed.',
    });
  }
}

/** What tells whether a database was written under these keys; says nothing about them. */
export function keyFingerprint(keys: Keys): Buffer {
  return createHmac('sha256', keys.derived('fingerprint')).update('master').digest();
}

async function createKeys(directory: string, world: World): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  for (const name of [masterFile, 'epoch-000001.key']) {
    await writeFile(join(directory, name), `${Buffer.from(world.randomBytes(keyBytes)).toString('base64')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  }
}

async function readKey(path: string): Promise<Buffer> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new Refusal('vault.key-unreadable', `The key file ${path} can be read by others than its owner.`, {
      remedy: `Run: chmod 600 ${path}`,
    });
  }
  const key = Buffer.from(await readFile(path, 'utf8'), 'base64');
  if (key.length !== keyBytes) {
    throw new Refusal('vault.key-unreadable', `The key file ${path} does not hold ${keyBytes} bytes in base64.`, {
      remedy: 'Put the key directory back from where you keep it.',
    });
  }
  return key;
}
