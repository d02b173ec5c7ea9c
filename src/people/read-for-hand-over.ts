/**
 * The read that something is handed over with: the address and the fields that are merged, in the statement that tests every consent anew. Who has withdrawn a
 * moment before is not in the answer, and nothing of theirs has been read.
 */
import { type Permit, assertPermit, readPermitted } from '../consent/permit.ts';
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { type Policy, entryOf } from '../policy/policy.ts';
import { purposesOfField } from '../policy/views.ts';
import { personKeys } from '../vault/identifiers.ts';
import { type StoredField, openFields } from './profile.ts';

/** What may be handed over about somebody. */
export interface HandOverView {
  readonly permits: ReadonlyMap<string, Permit>;
  /** The named fields, as far as the person has stated them. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Reads fields of those who allow all of the purposes, each under the permit of one that may see it. Refuses with `consent.missing` a field that none of them may see. */
export async function readForHandOver(
  installation: Pick<Installation, 'keys' | 'policy'>,
  sql: Sql,
  ask: {
    readonly purposes: readonly string[];
    readonly fields: readonly string[];
    readonly personIds: readonly string[];
  },
): Promise<Map<string, HandOverView>> {
  const { policy } = installation;
  const allowedBy = ask.fields.map((field) => purposeThatSees(policy, field, ask.purposes));
  const rows = await readPermitted<string, { fields: StoredField[] }>(
    sql,
    policy,
    ask.purposes,
    { personIds: ask.personIds },
    {
      select: `select coalesce(jsonb_agg(jsonb_build_object('field', f.field, 'value', f.value, 'sealed', encode(f.sealed, 'base64'))), '[]'::jsonb) as fields
               from profile_fields f where f.person_id = permitted.person_id and f.field = any($4::text[])`,
      values: [ask.fields],
    },
  );
  const sealed = rows.filter(({ row }) => row.fields.some((stored) => stored.sealed !== null));
  const keys = await personKeys(
    sql,
    installation.keys,
    sealed.map(({ personId }) => personId),
  );
  return new Map(
    rows.map(({ personId, permits, row }) => {
      for (const purpose of allowedBy) {
        const permit = permits.get(purpose);
        if (permit === undefined)
          throw new Refusal('consent.missing', `There is no permit for the purpose "${purpose}".`);
        assertPermit(permit, purpose);
      }
      return [personId, { permits, fields: openFields(policy.people, row.fields, keys.get(personId)) }];
    }),
  );
}

/** The field that mail to people at a placement goes to: an identifier of type e-mail that one of its purposes may see. */
export function addressField(policy: Policy, purposes: readonly string[]): string | undefined {
  return Object.entries(policy.people).find(
    ([, declared]) =>
      declared.kind === 'identifier' &&
      declared.type === 'email' &&
      declared.for.some((purpose) => purposes.includes(purpose)),
  )?.[0];
}

function purposeThatSees(policy: Policy, field: string, purposes: readonly string[]): string {
  const found = purposesOfField(policy, field).find((purpose) => purposes.includes(purpose));
  if (found === undefined || entryOf(policy.people, field) === undefined)
    throw new Refusal('consent.missing', `None of the purposes ${purposes.join(', ')} may see the field "${field}".`, {
      remedy: 'Declare in the policy what the field is for.',
    });
  return found;
}
