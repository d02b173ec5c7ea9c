/** What was lately put together for one person: for their own page, each leading to its explanation. */
import type { Sql } from '../database/database.ts';
import type { Installation } from '../consent/installation.ts';
import { recordFrom } from './decision-record.ts';
import { whyToken } from './why-token.ts';

export interface RecentDecision {
  readonly decisionId: string;
  readonly placement: string;
  readonly at: Date;
  /** Of the items, as many as there still are on record. */
  readonly items: readonly string[];
  /** The path of the page that explains it. */
  readonly why: string;
}

/** Newest first. */
export async function recentDecisions(
  installation: Pick<Installation, 'keys'>,
  sql: Sql,
  personId: string,
  { limit }: { readonly limit: number },
): Promise<RecentDecision[]> {
  const rows = await sql.query<{ decision_id: string; placement: string; at: Date; record: string }>(
    'select decision_id, placement, at, record from decisions where person_id = $1 order by at desc, decision_id desc limit $2',
    [personId, limit],
  );
  return rows.map((row) => ({
    decisionId: row.decision_id,
    placement: row.placement,
    at: row.at,
    items: recordFrom(row.record).items.map(({ item }) => item),
    why: `/why/${whyToken(installation, row.decision_id)}`,
  }));
}
