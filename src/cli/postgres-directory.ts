/**
 * Where our own PostgreSQL keeps its files: in the data directory, except where a root process starts in a private place (a clone in root's home) that the
 * database's own user cannot enter. Then it is `/var/lib/fairlead`, under a name that follows from the data directory, so that every command finds it.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import { defaultData } from './options.ts';

/** The directory for `startEmbedded`. A data directory that was named is taken as it is: whoever names one means it. */
export function postgresDirectory(data: string): string {
  const dataDirectory = path.resolve(data === '' ? defaultData : data);
  const own = path.join(dataDirectory, 'postgres');
  const isNamed = data !== '' && data !== defaultData;
  if (isNamed || process.getuid?.() !== 0 || canOthersPass(path.dirname(dataDirectory))) return own;
  const mark = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  return path.join(
    '/var/lib/fairlead',
    `${path.basename(path.dirname(dataDirectory)).replaceAll(/[^\w-]/g, '') || 'data'}-${mark}`,
  );
}

/** Whether every folder down to this one lets anybody pass through. */
function canOthersPass(directory: string): boolean {
  for (let folder = directory; ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
