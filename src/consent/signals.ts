/**
 * What privacy signals say, and which word counts when they and a person's choices differ. Declared in one place:
 *
 * - For sale, sharing and targeted advertising (`countsAs`), and for whatever the policy adds under `signals.gpc`, a signal beats every earlier choice, and only
 *   consent given afterwards at a notice of the conflict beats it (CCPA regulations, 11 CCR § 7025(c)).
 * - It switches off nothing else: suggestions within the shop's own pages go on unless the policy says so.
 * - Everywhere else the latest explicit choice wins.
 * - Who has said no, or whose browser has, is not asked again for twelve months (§ 7028 and § 7025(c)(3)); a changed notice asks again only those who agreed
 *   to an earlier one.
 */
import type { Sql } from '../database/database.ts';
import { addDuration } from '../policy/durations.ts';
import { type CountsAs, type Policy, countsAs, entryOf } from '../policy/policy.ts';
import type { ConsentAction } from './ledger.ts';

/** How an entry came about, where that decides which word counts. Every other method is an ordinary choice. */
export const signalMethod = 'signal';
export const conflictMethod = 'conflict notice';

/** Purposes that an opt-out signal covers; `about` narrows it to a part of what such signals speak of. */
export function purposesCovered(policy: Policy, about: readonly CountsAs[] = countsAs): string[] {
  const isWhole = countsAs.every((kind) => about.includes(kind));
  return Object.entries(policy.purposes)
    .filter(
      ([name, declared]) =>
        declared.countsAs?.some((kind) => about.includes(kind)) === true ||
        (isWhole && policy.signals?.gpc?.includes(name) === true),
    )
    .map(([name]) => name);
}

/** As much of an entry as precedence needs; in the order in which they were recorded. */
export interface Spoken {
  readonly purpose: string;
  readonly action: ConsentAction;
  readonly method: string;
  readonly noticeVersion: number;
  readonly at: Date;
}

/** Whether the signal is the last word between it and consent at a notice of the conflict: then no ordinary yes counts. */
export function isSignalled(spoken: readonly Spoken[], purpose: string): boolean {
  const last = spoken.findLast(
    (entry) => entry.purpose === purpose && (entry.method === signalMethod || entry.method === conflictMethod),
  );
  return last?.method === signalMethod;
}

/** Whether a signal that has just been seen changes anything: not where it stands already, nor where consent at a notice of the conflict came after one. */
export function takesSignal(spoken: readonly Spoken[], purpose: string): boolean {
  const own = spoken.filter((entry) => entry.purpose === purpose);
  if (isSignalled(own, purpose)) return false;
  // Its later withdrawal ends that consent too; then a signal counts like the first.
  const last = own.at(-1);
  return !(last?.method === conflictMethod && last.action === 'grant');
}

const notAskedFor = '12 months';

/** The purposes that a person may be asked about now. */
export function purposesToAsk(policy: Policy, spoken: readonly Spoken[], now: Date): string[] {
  return Object.entries(policy.purposes).flatMap(([purpose, declared]) => {
    const last = spoken.findLast((entry) => entry.purpose === purpose);
    if (last === undefined) return declared.basis === 'opt-out' ? [] : [purpose];
    if (last.action === 'grant') return last.noticeVersion < (declared.noticeVersion ?? 1) ? [purpose] : [];
    return addDuration(last.at, notAskedFor) <= now ? [purpose] : [];
  });
}

/** Which of these people's purposes an ordinary yes cannot switch on, as `person purpose`. Asks the database only where the policy has a purpose that signals cover. */
export async function signalledAmong(
  sql: Sql,
  policy: Policy,
  asked: readonly { readonly personId: string; readonly purpose: string }[],
): Promise<Set<string>> {
  const concerned = asked.filter(({ purpose }) => mayBeSignalled(policy, purpose));
  if (concerned.length === 0) return new Set();
  const rows = await sql.query<{ person_id: string; purpose: string; method: string }>(
    `select distinct on (person_id, purpose) person_id, purpose, method from consent_entries
     where person_id = any($1::uuid[]) and purpose = any($2::text[]) and method = any($3::text[]) order by person_id, purpose, entry_number desc`,
    [
      [...new Set(concerned.map(({ personId }) => personId))],
      [...new Set(concerned.map(({ purpose }) => purpose))],
      [signalMethod, conflictMethod],
    ],
  );
  return new Set(rows.filter(({ method }) => method === signalMethod).map((row) => `${row.person_id} ${row.purpose}`));
}

function mayBeSignalled(policy: Policy, purpose: string): boolean {
  return entryOf(policy.purposes, purpose)?.countsAs !== undefined || policy.signals?.gpc?.includes(purpose) === true;
}
