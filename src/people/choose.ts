/**
 * The door for a person's choices, whoever brings them: the privacy centre, a consent banner, an import, a server. Giving and taking back are the
 * same call and the same effort; what is taken back goes through `forget` and is obeyed by the next decision.
 */
import { lastNoticeVersions, noticeVersionOf, recordGrants } from '../consent/ledger.ts';
import { standingPurposes } from '../consent/permit.ts';
import type { Transaction } from '../database/database.ts';
import type { Identifier } from '../vault/identifiers.ts';
import { queueFold } from './fold.ts';
import { type ForgettingInstallation, forgetWithin } from './forget.ts';
import { ensurePeople, lockPeople } from './persons.ts';
import type { Receipt } from './receipts.ts';

/** What somebody says about purposes, and how we know. */
export interface Choices {
  /** Purpose → allowed or not. */
  readonly purposes: Readonly<Record<string, boolean>>;
  /** Purpose → the version of the notice that was shown, where it may be an earlier one than that in force. */
  readonly notices?: Readonly<Record<string, number>>;
  readonly method: string;
  readonly source: string;
  readonly at?: Date;
  readonly evidence?: string;
}

export interface ChoiceResult {
  readonly personId: string;
  /** Every purpose of the policy → whether it stands now. */
  readonly standing: Readonly<Record<string, boolean>>;
  /** For what was taken back. */
  readonly receipt: Receipt | undefined;
}

/** Records choices of people who may be new. Choices of the same person are applied in order. Durable when it resolves. */
export async function choose(
  installation: ForgettingInstallation,
  asked: readonly { who: Identifier | { personId: string }; choices: Choices }[],
): Promise<ChoiceResult[]> {
  return installation.database.transaction((tx) => chooseWithin(installation, tx, asked));
}

/** Who stands on an earlier notice than the one in force, as `person purpose`: their yes to the new one is worth writing down. */
async function agreedToEarlierNotice(
  installation: ForgettingInstallation,
  tx: Transaction,
  personIds: readonly string[],
): Promise<Set<string>> {
  const raised = Object.entries(installation.policy.purposes).filter(([, { noticeVersion = 1 }]) => noticeVersion > 1);
  if (raised.length === 0) return new Set();
  const versions = await lastNoticeVersions(
    tx,
    personIds,
    raised.map(([purpose]) => purpose),
  );
  return new Set(
    versions.flatMap(({ personId, purpose, noticeVersion }) =>
      noticeVersion < noticeVersionOf(installation.policy, purpose) ? [`${personId} ${purpose}`] : [],
    ),
  );
}

/** The same inside a transaction that the caller has begun (an import first compares with what was said before). */
export async function chooseWithin(
  installation: ForgettingInstallation,
  tx: Transaction,
  asked: readonly { who: Identifier | { personId: string }; choices: Choices }[],
): Promise<ChoiceResult[]> {
  const named = asked.flatMap(({ who }) => ('personId' in who ? [] : [who]));
  const made = named.length === 0 ? [] : await ensurePeople(installation, tx, named);
  let next = 0;
  const people = asked.map(({ who }) => ('personId' in who ? who.personId : (made[next++] ?? '')));
  await lockPeople(tx, people);
  const standing = await standingPurposes(tx, installation.policy, [...new Set(people)]);
  const renewed = await agreedToEarlierNotice(installation, tx, [...new Set(people)]);
  const receipts = new Map<number, Receipt>();
  const grants: Parameters<typeof recordGrants>[2][number][] = [];
  const flushGrants = async (): Promise<void> => {
    const asked = grants.splice(0);
    const recorded = new Set(
      (await recordGrants(installation, tx, asked)).map(({ personId, purpose }) => `${personId} ${purpose}`),
    );
    for (const { personId, purpose } of asked)
      if (!recorded.has(`${personId} ${purpose}`)) standing.get(personId)?.delete(purpose);
  };
  for (const [index, { choices }] of asked.entries()) {
    const personId = people[index] ?? '';
    const stands = standing.get(personId) ?? new Set<string>();
    const said = {
      method: choices.method,
      source: choices.source,
      ...(choices.at === undefined ? {} : { at: choices.at }),
      ...(choices.evidence === undefined ? {} : { evidence: choices.evidence }),
    };
    const taken = Object.entries(choices.purposes).flatMap(([purpose, allowed]) => (allowed ? [] : [purpose]));
    // A refusal is written down even where nothing stood: nobody is asked again who has said no.
    if (taken.length > 0) {
      await flushGrants();
      receipts.set(
        index,
        await forgetWithin(installation, tx, personId, { kind: 'withdraw', purposes: taken, ...said }),
      );
    }
    for (const purpose of taken) stands.delete(purpose);
    for (const [purpose, allowed] of Object.entries(choices.purposes)) {
      // A yes to what stands is news only where the notice has changed since.
      if (!allowed || (stands.has(purpose) && !renewed.has(`${personId} ${purpose}`))) continue;
      stands.add(purpose);
      const shown =
        choices.notices !== undefined && Object.hasOwn(choices.notices, purpose) ? choices.notices[purpose] : undefined;
      grants.push({ personId, purpose, ...said, ...(shown === undefined ? {} : { noticeVersion: shown }) });
    }
    standing.set(personId, stands);
  }
  await flushGrants();
  await queueFold(installation, tx, people, tx.world.now());
  return asked.map((_, index) => {
    const personId = people[index] ?? '';
    const stands = standing.get(personId) ?? new Set();
    return {
      personId,
      standing: Object.fromEntries(
        Object.keys(installation.policy.purposes).map((purpose) => [purpose, stands.has(purpose)]),
      ),
      receipt: receipts.get(index),
    };
  });
}
