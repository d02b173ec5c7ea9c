/** Checks of decisions: against the consents they cite, and against a computation from what they used. */
import { type DecisionRecord, recordFrom } from '../../deciding/decision-record.ts';
import { replayRecord } from '../../deciding/why.ts';
import { entryOf } from '../../policy/policy.ts';
import type { Checking } from '../verify.ts';

interface Row {
  person_id: string;
  decision_id: string;
  placement: string;
  at: Date;
  record: string;
  redacted_at: Date | null;
}

const select =
  'select person_id, decision_id, placement, at, record, redacted_at from decisions order by person_id, decision_id';

/** Each basis is an entry that granted that purpose to that person, and no withdrawal lay between it and the decision. */
const basisCheck: Checking = async (engine) => {
  const findings: string[] = [];
  let rows = 0;
  for await (const part of engine.database.stream<Row>(select, [], { batch: 1_000 })) {
    rows += part.length;
    const records = part.map((row) => ({ row, record: recordFrom(row.record) }));
    const cited = records.flatMap(({ row, record }) =>
      record.basis.flatMap((basis) =>
        basis.consent === null
          ? []
          : [
              {
                decision: row.decision_id,
                people: [...new Set([row.person_id, record.person])],
                purpose: basis.purpose,
                entry: basis.consent,
                at: row.at,
              },
            ],
      ),
    );
    const standing = await engine.database.query<{ entry_id: string; decision_id: string }>(
      `select cited.entry_id, cited.decision_id
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[]) as cited (decision_id, entry_id, purpose, at, person_id)
       join consent_entries c on c.entry_id = cited.entry_id and c.purpose = cited.purpose and c.action = 'grant' and c.recorded_at <= cited.at and c.person_id = cited.person_id
       where not exists (
         select 1 from consent_entries later where later.person_id = c.person_id and later.purpose = c.purpose and later.action = 'withdraw'
           and later.entry_number > c.entry_number and later.recorded_at < cited.at
       )`,
      [
        cited.flatMap((one) => one.people.map(() => one.decision)),
        cited.flatMap((one) => one.people.map(() => one.entry)),
        cited.flatMap((one) => one.people.map(() => one.purpose)),
        cited.flatMap((one) => one.people.map(() => one.at)),
        cited.flatMap((one) => one.people),
      ],
    );
    const found = new Set(standing.map((row) => `${row.decision_id} ${row.entry_id}`));
    for (const one of cited)
      if (!found.has(`${one.decision} ${one.entry}`))
        findings.push(`decisions ${one.decision}: cites a consent to "${one.purpose}" that did not stand`);
    for (const { row, record } of records)
      findings.push(
        ...shapeFindings(row, record, entryOf(engine.policy.purposes, record.basis[0]?.purpose ?? '') !== undefined),
      );
  }
  return { rows, findings };
};

/** The columns of a row say what its record says. */
function shapeFindings(row: Row, record: DecisionRecord, hasKnownPurpose: boolean): string[] {
  const name = `decisions ${row.decision_id}`;
  const findings: string[] = [];
  if (record.decision !== row.decision_id || record.placement !== row.placement || record.at !== row.at.toISOString())
    findings.push(`${name}: its columns are not what its record says`);
  if ((record.redacted === undefined) !== (row.redacted_at === null))
    findings.push(`${name}: is redacted in one place and not in the other`);
  if (record.redacted === undefined && record.basis.length === 0)
    findings.push(`${name}: is personal and stands on nothing`);
  if (record.redacted === undefined && !hasKnownPurpose)
    findings.push(`${name}: stands on a purpose that the policy does not have`);
  return findings;
}

const replayCheck: Checking = async (engine) => {
  const findings: string[] = [];
  let rows = 0;
  for await (const part of engine.database.stream<Row>(select, [], { batch: 1_000 })) {
    for (const row of part) {
      rows += 1;
      const { result, differences } = await replayRecord(engine, recordFrom(row.record));
      if (result === 'different') findings.push(`decisions ${row.decision_id}: ${differences[0] ?? 'differs'}`);
    }
  }
  return { rows, findings };
};

export const decisionChecks: readonly { readonly name: string; readonly check: Checking }[] = [
  { name: 'decisions stand on consents that stood', check: basisCheck },
  { name: 'decisions are what their records compute', check: replayCheck },
];
