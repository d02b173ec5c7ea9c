/** The access keys of a first start: one for servers, one for web pages, kept in a file beside the data that only its owner may read. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAccessKey, listAccessKeys } from '../http/access-keys.ts';
import type { OpenInstallation } from './open-installation.ts';

export interface FirstKeys {
  readonly server: string;
  readonly public: string;
  readonly file: string;
}

/** Where they are kept. */
export function keyFileIn(dataDirectory: string): string {
  return path.join(dataDirectory, 'access-keys.json');
}

/** Makes the two keys where there has never been one; undefined where there has. */
export async function firstKeys({ engine, database, dataDirectory }: OpenInstallation): Promise<FirstKeys | undefined> {
  const file = keyFileIn(dataDirectory);
  if (existsSync(file) || (await listAccessKeys(database)).length > 0) return undefined;
  const server = await createAccessKey(engine, { kind: 'server', label: 'first server key' });
  const page = await createAccessKey(engine, { kind: 'public', label: 'first public key' });
  await writeFile(file, `${JSON.stringify({ server: server.key, public: page.key }, null, 2)}\n`, { mode: 0o600 });
  return { server: server.key, public: page.key, file };
}
