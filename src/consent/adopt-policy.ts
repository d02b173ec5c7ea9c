/**
 * Records which policy is in force. A policy that differs from the last one becomes a new version, with its whole text and who adopted it, and
 * its commitment goes into the transparency log; the same policy again changes nothing.
 */
import { createHash } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { canonicalJson } from '../policy/canonical.ts';
import type { Policy } from '../policy/policy.ts';
import { appendRecord } from '../transparency/append.ts';

/** SHA-256 (hex) of the policy as canonical JSON. */
export function policyDigest(policy: Policy): string {
  return createHash('sha256').update(canonicalJson(policy)).digest('hex');
}

/** The version number of this policy, recorded now when it is new. */
export async function adoptPolicy(database: Database, policy: Policy, adoptedBy: string): Promise<number> {
  const digest = policyDigest(policy);
  return database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtext('fairlead policy_versions'))");
    const [last] = await tx.query<{ policy_version: number; policy_digest: string }>(
      'select policy_version, policy_digest from policy_versions order by policy_version desc limit 1',
    );
    if (last?.policy_digest === digest) return last.policy_version;
    const version = (last?.policy_version ?? 0) + 1;
    const adoptedAt = tx.world.now();
    const record = policyRecordText({ version, digest, adoptedBy, adoptedAt });
    const { leaf, key } = await appendRecord(tx, record);
    await tx.query(
      'insert into policy_versions (policy_version, policy_digest, document, adopted_by, adopted_at, leaf, leaf_key) values ($1, $2, $3, $4, $5, $6, $7)',
      [version, digest, canonicalJson(policy), adoptedBy, adoptedAt, leaf, key],
    );
    return version;
  });
}

/** The text that the log commits to; the policy itself by its digest. */
export function policyRecordText(adopted: {
  version: number;
  digest: string;
  adoptedBy: string;
  adoptedAt: Date;
}): string {
  return canonicalJson({
    record: 'policy',
    version: adopted.version,
    digest: adopted.digest,
    adoptedBy: adopted.adoptedBy,
    adoptedAt: adopted.adoptedAt.toISOString(),
  });
}
