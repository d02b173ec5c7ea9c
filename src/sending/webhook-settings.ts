/** Where a batch is posted to, and the secret that signs it: from a file that only its owner may read. */
import { readFile, stat } from 'node:fs/promises';
import { Refusal } from '../database/refusal.ts';

export interface Webhook {
  readonly url: string;
  /** At least 24 bytes. */
  readonly secret: Buffer;
}

/** Reads a webhook's file. Refuses with `webhook.settings`; never repeats the secret. */
export async function readWebhook(file: string): Promise<Webhook> {
  const found = await stat(file).catch(() => undefined); // told below, with what to do
  if (found === undefined) throw wrong(`${file}, which should say where batches are posted to, cannot be read.`);
  if ((found.mode & 0o077) !== 0)
    throw new Refusal('webhook.settings', `${file} can be read by others than its owner, and holds a secret.`, {
      remedy: `Run: chmod 600 ${file}`,
    });
  let read: unknown;
  try {
    read = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw wrong(`${file} is not JSON.`); // the parser's message quotes what it read, which may be the secret
  }
  const own = (name: string): unknown =>
    typeof read === 'object' && read !== null && Object.hasOwn(read, name) ? Reflect.get(read, name) : undefined;
  return webhookOf({ url: own('url'), secret: own('secret') });
}

/** Checks where to post and with which secret (`whsec_` and base64, as Standard Webhooks writes it). */
export function webhookOf(given: { readonly url: unknown; readonly secret: unknown }): Webhook {
  const { url: address, secret } = given;
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname))))
    throw wrong('The address of the webhook is no https:// URL.');
  if (url.username !== '' || url.password !== '') throw wrong('The address of the webhook holds a user or a password.');
  const bytes = Buffer.from(typeof secret === 'string' ? secret.replace(/^whsec_/, '') : '', 'base64');
  if (bytes.length < 24) throw wrong('The secret of the webhook has fewer than 24 bytes.');
  return { url: url.href, secret: bytes };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function wrong(message: string): Refusal {
  return new Refusal('webhook.settings', message, {
    remedy:
      'Give a file with {"url": "https://…", "secret": "whsec_…"}, the secret being 24 to 64 random bytes in base64.',
  });
}
