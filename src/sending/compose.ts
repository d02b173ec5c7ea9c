/** What one person of a batch is sent, put together from their decision: items as the catalogue has them now, and the links that are theirs alone. */
import { type DecidedItem } from '../deciding/decision-record.ts';
import type { Engine } from '../deciding/engine.ts';
import { findDecision } from '../deciding/find-decision.ts';
import { whyToken } from '../deciding/why-token.ts';
import { becauseOf } from '../deciding/why.ts';
import { readForHandOver } from '../people/read-for-hand-over.ts';
import { entryOf } from '../policy/policy.ts';
import { purposesOfField } from '../policy/views.ts';
import { Refusal } from '../database/refusal.ts';
import { audienceOf } from './audience.ts';
import { findBatch } from './batch.ts';
import type { Links, Recipient } from './internal/outlet.ts';
import { type Linked, linkToken, linkedOf } from './link-token.ts';
import { type FilledMail, type MailTemplate, compileTemplate } from './template.ts';

/** The items of a decision with what the catalogue says of them; one that is gone or no longer available is left out, as it is from every list. */
export function shownItems(engine: Engine, items: readonly DecidedItem[]): Recipient['items'] {
  return items.flatMap((decided) => {
    const item = engine.items.byId(decided.item);
    if (item === undefined || !engine.items.isShowable(item.itemNumber)) return [];
    return [{ decided, values: { ...item, because: becauseOf(engine, decided) } }];
  });
}

/** The addresses that stand in what one person gets. */
export function linksOf(engine: Engine, publicUrl: string, linked: Linked, decisionId: string | null): Links {
  const at = (path: string): string => new URL(path, publicUrl).href;
  return {
    whyUrl: decisionId === null ? at('/privacy') : at(`/why/${whyToken(engine, decisionId)}`),
    unsubscribeUrl: at(`/u/${linkToken(engine, 'unsubscribe', linked)}`),
    contentUrl: at(`/v1/content/${linkToken(engine, 'content', linked)}`),
  };
}

/** The fields of people that a template at this placement may merge. */
export function mergeFields(policy: Engine['policy'], placement: string): string[] {
  const purposes = entryOf(policy.placements, placement)?.purposes ?? [];
  return Object.entries(policy.people).flatMap(([field, { kind }]) =>
    kind === 'attribute' && purposesOfField(policy, field).some((purpose) => purposes.includes(purpose)) ? [field] : [],
  );
}

/** What somebody gets, for a provider that fetches it when it sends or when the mail is opened. */
export interface Content extends FilledMail {
  readonly items: readonly {
    readonly item: string;
    readonly title: string;
    readonly url: string | null;
    readonly image: string | null;
  }[];
  readonly whyUrl: string;
  readonly unsubscribeUrl: string;
}

/**
 * The content behind a token, made now: with the catalogue of now, and only while every consent stands. Refuses with `content.unknown` whatever the reason:
 * a token of others, a batch that is gone, somebody who has withdrawn or been erased.
 */
export async function contentOf(engine: Engine, publicUrl: string, token: string): Promise<Content> {
  const linked = linkedOf(engine, 'content', token);
  if (linked === undefined) throw unknownContent();
  const { database, policy } = engine;
  const [row] = await database.query<{ decision_id: string | null; state: string }>(
    'select decision_id, state from hand_overs where person_id = $1 and batch_id = $2',
    [linked.personId, linked.batchId],
  );
  const batch = await findBatch(database, linked.batchId).catch(() => undefined); // one answer for everything that is not there
  if (row?.decision_id === undefined || row.decision_id === null || row.state === 'withdrawn') throw unknownContent();
  if (batch?.template === undefined || batch.template === null || batch.policy_version !== engine.policyVersion)
    throw unknownContent();
  const { rule, purposes } = audienceOf(policy, batch.audience);
  const views = await readForHandOver(engine, database, {
    purposes,
    fields: mergeFields(policy, batch.placement),
    personIds: [linked.personId],
  });
  const view = views.get(linked.personId);
  if (view === undefined) throw unknownContent();
  await engine.nonpersonal.flush();
  const found = await findDecision(database, row.decision_id).catch(() => undefined); // expired or erased: as if it had never been
  if (found === undefined) throw unknownContent();
  const items = shownItems(
    engine,
    found.about === 'somebody'
      ? found.record.items
      : found.items.map((item) => ({ item, score: 0, terms: [], moves: [] })),
  );
  const { whyUrl, unsubscribeUrl } = linksOf(engine, publicUrl, linked, row.decision_id);
  const template = await compiledOnce(batch.template, () => compileTemplate(batch.template ?? '', policy, rule));
  return {
    ...template.merge({ items: items.map(({ values }) => values), person: view.fields, whyUrl, unsubscribeUrl }),
    items: items.map(({ decided, values }) => ({
      item: decided.item,
      title: values.title,
      url: values.url ?? null,
      image: values.image ?? null,
    })),
    whyUrl,
    unsubscribeUrl,
  };
}

/** Templates are compiled once: a few, the last ones used, since providers fetch one batch at a time. */
const compiled = new Map<string, Promise<MailTemplate>>();
const compiledMax = 8;

async function compiledOnce(source: string, compile: () => Promise<MailTemplate>): Promise<MailTemplate> {
  const made = compiled.get(source) ?? compile();
  compiled.delete(source);
  compiled.set(source, made);
  const [oldest] = compiled.keys();
  if (compiled.size > compiledMax && oldest !== undefined) compiled.delete(oldest);
  return made;
}

function unknownContent(): Refusal {
  return new Refusal('content.unknown', 'There is nothing under this address, or nothing any more.', {
    remedy: 'Leave this person out: they may have withdrawn.',
  });
}
