/**
 * Hands a batch over to a webhook, signed as Standard Webhooks says (standardwebhooks.com, version 1): HMAC-SHA256 over id, timestamp and body. The same request
 * is sent again under the same id until it is answered, also after a kill, so the receiver can tell it; a redirect is not followed.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../../database/world.ts';
import type { Webhook } from '../webhook-settings.ts';
import type { Outlet, Recipient } from './outlet.ts';

export interface WebhookLimits {
  readonly answerMs: number;
  /** How long to wait before each further try. */
  readonly waitsMs: readonly number[];
}

export const webhookLimits: WebhookLimits = { answerMs: 15_000, waitsMs: [1_000, 5_000, 20_000] };

export function webhookOutlet(options: {
  readonly webhook: Webhook;
  readonly world: World;
  readonly batch: { readonly id: string; readonly placement: string; readonly isAds: boolean };
  readonly limits: WebhookLimits;
}): Outlet {
  const { webhook, world, batch, limits } = options;
  return {
    groupMax: 100,
    decidedMax: 200,
    afterKill: 'send again',
    begin: () => Promise.resolve(),
    async hand(recipients, messageId) {
      const body = JSON.stringify({
        type: 'batch.recipients',
        timestamp: world.now().toISOString(),
        data: {
          batch: batch.id,
          placement: batch.placement,
          recipients: recipients.map((one) => told(one, batch.isAds)),
        },
      });
      const answer = await posted(webhook, world, { messageId, body }, limits);
      const outcome = answer === undefined ? 'handed over' : 'still handing';
      const outcomes = new Map(recipients.map(({ handOver }) => [handOver.person_id, outcome] as const));
      return answer === undefined ? { outcomes } : { outcomes, pause: answer };
    },
    end: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** The signature of a message: `v1,` and base64. */
export function webhookSignature(secret: Uint8Array, message: { id: string; seconds: number; body: string }): string {
  const signed = createHmac('sha256', secret)
    .update(`${message.id}.${message.seconds}.${message.body}`)
    .digest('base64');
  return `v1,${signed}`;
}

function told({ handOver, address, items, links }: Recipient, isAds: boolean): object {
  if (isAds) return { reference: handOver.reference };
  return {
    reference: handOver.reference,
    email: address,
    decision: handOver.decision_id,
    items: items.map(({ decided, values }) => ({
      item: decided.item,
      title: values.title,
      url: values.url ?? null,
      image: values.image ?? null,
    })),
    ...links,
  };
}

/** Undefined once it was taken; else why it was not, in a sentence. */
async function posted(
  webhook: Webhook,
  world: World,
  { messageId, body }: { messageId: string; body: string },
  limits: WebhookLimits,
): Promise<string | undefined> {
  let reason = '';
  for (const waitMs of [0, ...limits.waitsMs]) {
    await sleep(waitMs);
    const seconds = Math.floor(world.now().getTime() / 1_000);
    try {
      const answer = await fetch(webhook.url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(limits.answerMs),
        headers: {
          'content-type': 'application/json',
          'webhook-id': messageId,
          'webhook-timestamp': String(seconds),
          'webhook-signature': webhookSignature(webhook.secret, { id: messageId, seconds, body }),
        },
        body,
      });
      await answer.body?.cancel();
      if (answer.status >= 200 && answer.status < 300) return undefined;
      reason = `The webhook answers ${answer.status}.`;
      // Whoever says that the request is wrong will say so again.
      if (answer.status < 500 && answer.status !== 408 && answer.status !== 429) return reason;
    } catch {
      reason = 'The webhook cannot be reached, or does not answer in time.';
    }
  }
  return reason;
}
