/**
 * Unsubscribing by the link in a mail (RFC 8058): withdraws the purposes that the mail went out for by its address, through `people/forget`, whoever asks and
 * however often. It tells nobody whether there is such a person: who was erased is told the same.
 */
import { standingPurposes } from '../consent/permit.ts';
import { choose } from '../people/choose.ts';
import type { ForgettingInstallation } from '../people/forget.ts';
import { presentPerson } from '../people/persons.ts';
import { addressField } from '../people/read-for-hand-over.ts';
import { type Policy, entryOf } from '../policy/policy.ts';
import { purposesOfField } from '../policy/views.ts';
import { linkedOf } from './link-token.ts';

/** What unsubscribing from a placement takes back: those of its purposes that may use the address. What else people allow stays theirs to decide. */
export function unsubscribePurposes(policy: Policy, placement: string): string[] {
  const all = entryOf(policy.placements, placement)?.purposes;
  const field = addressField(policy, all ?? Object.keys(policy.purposes));
  if (field === undefined) return [];
  // A placement that is gone since: every purpose of the address, because the person asked for no more mail.
  return purposesOfField(policy, field).filter((purpose) => all?.includes(purpose) ?? true);
}

/** The titles of what a link would take back, or undefined when the link was not made here. Changes nothing. */
export function unsubscribeOffer(
  installation: Pick<ForgettingInstallation, 'keys' | 'policy'>,
  token: string,
): string[] | undefined {
  const linked = linkedOf(installation, 'unsubscribe', token);
  if (linked === undefined) return undefined;
  return unsubscribePurposes(installation.policy, linked.placement).flatMap(
    (purpose) => installation.policy.purposes[purpose]?.title ?? [],
  );
}

/** Unsubscribes; false when the link was not made here. What has been withdrawn already is not written down again. */
export async function unsubscribe(installation: ForgettingInstallation, token: string): Promise<boolean> {
  const linked = linkedOf(installation, 'unsubscribe', token);
  if (linked === undefined) return false;
  const { database, policy } = installation;
  const personId = await presentPerson(database, linked.personId);
  if (personId === undefined) return true;
  const standing = (await standingPurposes(database, policy, [personId])).get(personId);
  const purposes = unsubscribePurposes(policy, linked.placement).filter((purpose) => standing?.has(purpose));
  if (purposes.length === 0) return true;
  await choose(installation, [
    {
      who: { personId },
      choices: {
        purposes: Object.fromEntries(purposes.map((purpose) => [purpose, false])),
        method: 'unsubscribe',
        source: `mail of ${linked.placement}`,
      },
    },
  ]);
  return true;
}
