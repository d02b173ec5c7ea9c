/**
 * Settings that hold a secret, from a JSON file that only its owner may read: the mail server's and the webhook's. Promises that no error repeats what the file
 * holds.
 */
import { readFile, stat } from 'node:fs/promises';
import { Refusal } from '../../database/refusal.ts';

/** How a refusal is told: its code, what the file should have said, and the words around a fault. */
interface Told {
  readonly code: string;
  /** "where mail is handed over" */
  readonly says: string;
  readonly wrong: (message: string) => Refusal;
}

/** Answers how to read a member of the file by its name; undefined where it has none. */
export async function readSecretFile(file: string, told: Told): Promise<(name: string) => unknown> {
  const found = await stat(file).catch(() => undefined); // told at once, with what to do
  if (found === undefined) throw told.wrong(`${file}, which should say ${told.says}, cannot be read.`);
  if ((found.mode & 0o077) !== 0)
    throw new Refusal(told.code, `${file} can be read by others than its owner, and holds a secret.`, {
      remedy: `Run: chmod 600 ${file}`,
    });
  let read: unknown;
  try {
    read = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw told.wrong(`${file} is not JSON.`); // the parser's message quotes what it read, which may be the secret
  }
  return (name) =>
    typeof read === 'object' && read !== null && Object.hasOwn(read, name) ? Reflect.get(read, name) : undefined;
}

/** The loopback: there alone something may travel without TLS, because it does not travel. A host as it is written, or as a URL has it. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
