/**
 * Why nothing arrives, in a sentence: what became of the messages of the last days, by the counts that intake keeps. About nobody. For `fairlead doctor`
 * and the first look of an operator.
 */
import type { Sql } from '../database/database.ts';

/** One sentence that says what is lost and one that says what to do. */
export interface IntakeFinding {
  readonly message: string;
  readonly remedy: string;
}

export interface IntakeReport {
  /** Messages that came, and those that were kept or had been kept before. */
  readonly came: number;
  readonly kept: number;
  readonly findings: readonly IntakeFinding[];
}

export interface IntakeCount {
  readonly reason: string;
  readonly name: string;
  readonly count: number;
}

const namesTold = 3;

/** The counts since a day (`2024-05-31`), by reason and name. */
export async function intakeCountsSince(sql: Sql, day: string): Promise<IntakeCount[]> {
  return sql.query<IntakeCount>(
    'select reason, name, sum(count)::bigint as count from intake_counts where day >= $1::date group by reason, name order by 3 desc, 1, 2',
    [day],
  );
}

/** What the counts mean. */
export function intakeReport(counts: readonly IntakeCount[]): IntakeReport {
  const of = (reason: string): IntakeCount[] => counts.filter((count) => count.reason === reason);
  const total = (reason: string): number => of(reason).reduce((sum, { count }) => sum + count, 0);
  const kept = total('stored') + total('duplicate');
  const dropped = {
    'without basis': total('without basis'),
    undeclared: total('undeclared'),
    unnamed: total('unnamed'),
  };
  const came = kept + dropped['without basis'] + dropped.undeclared + dropped.unnamed;
  const findings: IntakeFinding[] = [];
  const lost = (count: number, why: string): string => `${shown(count)} of ${shown(came)} events dropped: ${why}`;
  if (dropped['without basis'] > 0) {
    findings.push({
      message: lost(dropped['without basis'], 'no standing purpose'),
      remedy:
        'Record what people agree to (POST /v1/consents from your consent banner, or context.consent on events sent with a server key), or state it for a file: fairlead import FILE --consents.',
    });
  }
  if (dropped.undeclared > 0) {
    findings.push({
      message: lost(dropped.undeclared, `the policy declares no event ${told(of('undeclared event'))}`),
      remedy: 'Add what you need under `events` in the policy, with the purposes that it is for.',
    });
  }
  if (dropped.unnamed > 0)
    findings.push({
      message: lost(dropped.unnamed, 'they name nobody'),
      remedy: 'Send a userId or an anonymousId with every event.',
    });
  const properties = [...of('undeclared property'), ...of('wrong type')].toSorted(
    (left, right) => right.count - left.count,
  );
  if (properties.length > 0) {
    findings.push({
      message: `Properties left out of events: ${told(properties)}`,
      remedy:
        'That is what the policy asks for; where one is needed, declare it with its type under `events` or `people`.',
    });
  }
  return { came, kept, findings };
}

function told(counts: readonly IntakeCount[]): string {
  const first = counts
    .slice(0, namesTold)
    .map(
      ({ name, count, reason }) =>
        `"${name}" (${shown(count)}${reason === 'wrong type' ? ', not of the declared type' : ''})`,
    );
  return counts.length > namesTold ? `${first.join(', ')} and ${counts.length - namesTold} more` : first.join(', ');
}

function shown(count: number): string {
  return new Intl.NumberFormat('en-GB').format(count);
}
