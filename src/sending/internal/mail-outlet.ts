/** Hands a batch over as mails, as many at once as the mailer has connections. */
import { Refusal } from '../../database/refusal.ts';
import type { Mailer } from '../mail.ts';
import type { MailTemplate } from '../template.ts';
import type { Handed, Outcome, Outlet, Recipient } from './outlet.ts';

export function mailOutlet(options: {
  readonly mailer: Mailer;
  readonly template: MailTemplate;
  readonly connections: number;
}): Outlet {
  const { mailer, template } = options;
  return {
    groupMax: options.connections,
    decidedMax: 8 * options.connections,
    afterKill: 'may have left',
    begin: () => mailer.check(),
    async hand(recipients) {
      const handed = await Promise.all(recipients.map((recipient) => handOne(mailer, template, recipient)));
      const pause = handed.find((one) => one.pause !== undefined)?.pause;
      const outcomes = new Map(handed.map(({ personId, outcome }) => [personId, outcome]));
      return pause === undefined ? { outcomes } : { outcomes, pause };
    },
    end: () => Promise.resolve(),
    close: () => Promise.resolve(),
  } satisfies Outlet;
}

async function handOne(
  mailer: Mailer,
  template: MailTemplate,
  { handOver, address, person, items, links }: Recipient,
): Promise<{ personId: string; outcome: Outcome; pause?: Handed['pause'] }> {
  const personId = handOver.person_id;
  const mail = template.merge({
    items: items.map(({ values }) => values),
    person,
    whyUrl: links.whyUrl,
    unsubscribeUrl: links.unsubscribeUrl,
  });
  try {
    await mailer.send({ to: address ?? '', ...mail, unsubscribeUrl: links.unsubscribeUrl });
    return { personId, outcome: 'handed over' };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    switch (error.code) {
      // A server that puts somebody off, try after try, is not waited for: the batch has others to reach.
      case 'mail.deferred':
      case 'mail.refused':
      case 'mail.message':
        return { personId, outcome: 'refused' };
      case 'mail.unanswered':
        return { personId, outcome: 'unanswered' };
      default:
        return { personId, outcome: 'not handed over', pause: error.message };
    }
  }
}
