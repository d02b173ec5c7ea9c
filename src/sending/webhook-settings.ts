/** Where a batch is posted to, and the secret that signs it: from a file that only its owner may read. */
import { Refusal } from '../database/refusal.ts';
import { isThisMachine, readSecretFile } from './internal/secret-file.ts';

export interface Webhook {
  readonly url: string;
  /** At least 24 bytes. */
  readonly secret: Buffer;
}

/** Reads a webhook's file. Refuses with `webhook.settings`; never repeats the secret. */
export async function readWebhook(file: string): Promise<Webhook> {
  const own = await readSecretFile(file, {
    code: 'webhook.settings',
    says: 'where batches are posted to',
    wrong,
  });
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

function wrong(message: string): Refusal {
  return new Refusal('webhook.settings', message, {
    remedy:
      'Give a file with {"url": "https://…", "secret": "whsec_…"}, the secret being 24 to 64 random bytes in base64.',
  });
}
