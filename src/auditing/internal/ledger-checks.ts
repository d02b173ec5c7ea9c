/** Checks of the table catalogue, the policy versions and the consent chains. */
import { createHash } from 'node:crypto';
import { consentChainFindings, consentChainSql } from '../../consent/ledger.ts';
import { checkCatalogue, tables } from '../../database/tables.ts';
import { canonicalJson } from '../../policy/canonical.ts';
import type { Checking } from '../verify.ts';

export const catalogueCheck: Checking = async (engine) => {
  const findings = await checkCatalogue(engine.database);
  return { rows: Object.keys(tables).length, findings: findings.map(({ table, finding }) => `${table} ${finding}`) };
};

export const policyCheck: Checking = async (engine) => {
  const rows = await engine.database.query<{ policy_version: number; policy_digest: string; document: unknown }>(
    'select policy_version, policy_digest, document from policy_versions order by policy_version',
  );
  const findings = rows
    .filter((row) => createHash('sha256').update(canonicalJson(row.document)).digest('hex') !== row.policy_digest)
    .map((row) => `policy_versions ${row.policy_version}: its document is not the one that was adopted`);
  return { rows: rows.length, findings };
};

export const chainCheck: Checking = async (engine) =>
  consentChainFindings(engine.database.stream(consentChainSql, [], { batch: 2_000 }));
