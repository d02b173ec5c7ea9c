/**
 * Proof on demand: recomputes what can be recomputed (sums from rows, parameters from sums, contributions from events, answers from records), opens what
 * was committed to, and looks for rows that stand on nothing. One row changed by other means is found and named. Changes nothing.
 */
import type { Engine } from '../deciding/engine.ts';
import type { Check } from '../transparency/verify.ts';
import {
  belongingCheck,
  citedVersionCheck,
  keyCheck,
  migrationCheck,
  sumTagCheck,
} from './internal/bookkeeping-checks.ts';
import { catalogueCheck, chainCheck, policyCheck } from './internal/ledger-checks.ts';
import { decisionChecks } from './internal/decision-checks.ts';
import { contributionCheck, parameterCheck, sumCheck } from './internal/model-checks.ts';
import { basisCheck, expiryCheck, identifierCheck, itemCheck, tagChecks } from './internal/people-checks.ts';
import { commitmentCheck } from './internal/commitment-checks.ts';

export interface Verification {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** One thing to look at: how many rows were read, and what is wrong with which. */
export type Checking = (engine: Engine) => Promise<{ rows: number; findings: readonly string[] }>;

/** Every check of the rooms, in the order in which they are told. */
export const roomChecks: readonly { readonly name: string; readonly check: Checking }[] = [
  { name: 'every table is in the catalogue, with the keys of its kind', check: catalogueCheck },
  { name: 'the schema was made by the files of this version', check: migrationCheck },
  { name: 'the data is under the key at hand', check: keyCheck },
  { name: 'policy versions are what was adopted', check: policyCheck },
  { name: 'consent chains are whole', check: chainCheck },
  { name: 'identifiers lead where they were sealed', check: identifierCheck },
  { name: 'catalogue rows are as they were written', check: itemCheck },
  ...tagChecks,
  { name: 'nothing is held without a standing basis', check: basisCheck },
  { name: 'nothing is held past its time', check: expiryCheck },
  { name: 'contributions follow from events under permits', check: contributionCheck },
  { name: 'sums stand where they were left', check: sumTagCheck },
  { name: 'sums equal their contribution rows', check: sumCheck },
  { name: 'parameters follow from the sums', check: parameterCheck },
  ...decisionChecks,
  { name: 'decisions cite the model version of their records', check: citedVersionCheck },
  { name: 'rows belong together', check: belongingCheck },
  { name: 'records open their commitments, and the log has them', check: commitmentCheck },
];

/** Runs all checks. A check that cannot run is a finding, not an exception. */
export async function verify(
  engine: Engine,
  options: {
    onProgress?: (progress: { done: number; total: number; name: string }) => void;
    more?: readonly { readonly name: string; readonly check: Checking }[];
  } = {},
): Promise<Verification> {
  await engine.nonpersonal.flush();
  const all = [...roomChecks, ...(options.more ?? [])];
  const checks: Check[] = [];
  for (const [done, { name, check }] of all.entries()) {
    options.onProgress?.({ done, total: all.length, name });
    try {
      const { rows, findings } = await check(engine);
      checks.push({ name, ok: findings.length === 0, rows, finding: told(findings) });
    } catch (error) {
      checks.push({
        name,
        ok: false,
        rows: 0,
        finding: `could not be checked: ${error instanceof Error ? error.message : 'unknown error'}`,
      });
    }
  }
  return { ok: checks.every((check) => check.ok), checks };
}

const toldMax = 5;

function told(findings: readonly string[]): string | null {
  if (findings.length === 0) return null;
  const more = findings.length > toldMax ? [`and ${findings.length - toldMax} more`] : [];
  return [...findings.slice(0, toldMax), ...more].join('; ');
}
