/** The tag of a stored non-personal decision, from its row: what `verify` compares with. */
import type { Installation } from '../consent/installation.ts';
import { nonpersonalTag } from './internal/nonpersonal.ts';

export function nonpersonalTagOf(
  installation: Pick<Installation, 'keys'>,
  row: { decision_id: string; placement: string; items: string[]; at: Date },
): Buffer {
  return nonpersonalTag(installation, {
    decisionId: row.decision_id,
    placement: row.placement,
    items: row.items,
    at: row.at,
  });
}
