/**
 * Keeps contribution rows, sums and deltas in step: the rows of the given people are made anew under a permit, and whatever changed moves the sum
 * of that model by exactly that much, in the same transaction. Folding and forgetting are this one function; only what stands differs.
 */
import type { Installation } from '../consent/installation.ts';
import type { Transaction } from '../database/database.ts';
import {
  addRow,
  digestBytes,
  digestFrom,
  digestHex,
  emptyDigest,
  rowLanes,
  subtractRow,
} from '../learning/sum-digest.ts';
import { contributionFrom, readHistories } from './history.ts';
import { deltaTag, sumTag } from './tags.ts';

/** How the sum of one model moved. Digests are hex, as people see them. */
export interface SumMove {
  readonly model: string;
  readonly digestBefore: string;
  readonly digestAfter: string;
  /** The commit position of the sum after the move; each position is one person's change. */
  readonly position: number;
  /** How many contribution rows went, came or changed. */
  readonly changed: number;
}

/** The names of the models that are sums of item histories. */
export function recommenderModels(installation: Installation): string[] {
  return Object.entries(installation.policy.models)
    .filter(([, model]) => model.kind === 'recommender')
    .map(([name]) => name);
}

/**
 * Makes the contributions of people anew, for every model. The people are locked by the caller (or are gone). Returns one move for each model,
 * also where nothing changed, so that a receipt can show that too.
 */
export async function contribute(
  installation: Installation,
  tx: Transaction,
  personIds: readonly string[],
): Promise<SumMove[]> {
  const moves: SumMove[] = [];
  for (const model of recommenderModels(installation))
    moves.push(await contributeTo(installation, tx, model, personIds));
  return moves;
}

async function contributeTo(
  installation: Installation,
  tx: Transaction,
  model: string,
  personIds: readonly string[],
): Promise<SumMove> {
  const histories = await readHistories(tx, installation.policy, { model, now: tx.world.now(), whom: { personIds } });
  const wanted = new Map(histories.map((history) => [history.personId, contributionFrom(history)]));
  const stored = await tx.query<{ person_id: string; items: number[] }>(
    'select person_id, items from contributions where model = $1 and person_id = any($2::uuid[])',
    [model, personIds],
  );
  const before = new Map(stored.map((row) => [row.person_id, Int32Array.from(row.items)]));
  const changes = personIds.flatMap((personId) => {
    const removed = before.get(personId);
    const next = wanted.get(personId);
    const added = next !== undefined && next.length > 0 ? next : undefined;
    return equalItems(removed, added) ? [] : [{ personId, removed, added }];
  });
  if (changes.length > 0) await replaceRows(tx, model, changes);
  return moveSum(installation, tx, model, changes);
}

interface Change {
  readonly personId: string;
  readonly removed: Int32Array | undefined;
  readonly added: Int32Array | undefined;
}

function equalItems(left: Int32Array | undefined, right: Int32Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

async function replaceRows(tx: Transaction, model: string, changes: readonly Change[]): Promise<void> {
  const gone = changes.filter((change) => change.added === undefined);
  const kept = changes.flatMap(({ personId, added }) => (added === undefined ? [] : [{ personId, added }]));
  if (gone.length > 0) {
    const personIds = gone.map((change) => change.personId);
    await tx.query('delete from contributions where model = $1 and person_id = any($2::uuid[])', [model, personIds]);
    // Whoever no longer contributes is also no longer named as one of those a recipe was tuned on.
    await tx.query('delete from tuning_people where model = $1 and person_id = any($2::uuid[])', [model, personIds]);
  }
  if (kept.length > 0) {
    await tx.query(
      `insert into contributions (person_id, model, items)
       select person_id, $1, items::integer[] from unnest($2::uuid[], $3::text[]) as kept (person_id, items)
       on conflict (person_id, model) do update set items = excluded.items`,
      [model, kept.map((change) => change.personId), kept.map((change) => integerArray(change.added))],
    );
  }
}

/**
 * Moves digest, people and position of a sum and leaves a delta for its followers. The row lock on the sum makes positions gapless and puts all
 * changes in one order; it is held until the caller commits, about a millisecond.
 */
async function moveSum(
  installation: Installation,
  tx: Transaction,
  model: string,
  changes: readonly Change[],
): Promise<SumMove> {
  const now = tx.world.now();
  const nothing = Buffer.from(digestBytes(emptyDigest()));
  await tx.query(
    'insert into sums (model, position, people, digest, updated_at, tag) values ($1, 0, 0, $2, $3, $4) on conflict (model) do nothing',
    [model, nothing, now, sumTag(installation, { model, position: 0, people: 0, digest: nothing, updated_at: now })],
  );
  const [sum] = await tx.query<{ position: number; people: number; digest: Buffer }>(
    'select position, people, digest from sums where model = $1 for update',
    [model],
  );
  if (sum === undefined) throw new Error(`the sum of ${model} is gone`);
  const digest = digestFrom(sum.digest);
  const digestBefore = digestHex(digest);
  if (changes.length === 0)
    return { model, digestBefore, digestAfter: digestBefore, position: sum.position, changed: 0 };
  const key = installation.keys.derived('sum-digest');
  let people = sum.people;
  for (const { personId, removed, added } of changes) {
    if (removed !== undefined) subtractRow(digest, rowLanes(key, { model, personId, items: removed }));
    if (added !== undefined) addRow(digest, rowLanes(key, { model, personId, items: added }));
    people += (added === undefined ? 0 : 1) - (removed === undefined ? 0 : 1);
  }
  const position = sum.position + changes.length;
  const moved = { model, position, people, digest: Buffer.from(digestBytes(digest)), updated_at: now };
  await tx.query(
    'update sums set position = $2, people = $3, digest = $4, updated_at = $5, tag = $6 where model = $1',
    [model, position, people, moved.digest, now, sumTag(installation, moved)],
  );
  await tx.query(
    `insert into deltas (model, position, removed, added, tag)
     select $1, $2::bigint + number, removed::integer[], added::integer[], tag
     from unnest($3::text[], $4::text[], $5::bytea[]) with ordinality as delta (removed, added, tag, number)`,
    [
      model,
      sum.position,
      changes.map((change) => integerArray(change.removed)),
      changes.map((change) => integerArray(change.added)),
      changes.map(({ removed, added }, at) =>
        deltaTag(installation, { model, position: sum.position + at + 1, removed, added }),
      ),
    ],
  );
  await tx.query("select pg_notify('fairlead_sums', $1)", [model]);
  return { model, digestBefore, digestAfter: digestHex(digest), position, changed: changes.length };
}

/** PostgreSQL's text form of an integer array; rows of unequal length do not fit into one array parameter. */
function integerArray(items: Int32Array | undefined): string | null {
  return items === undefined ? null : `{${items.join(',')}}`;
}
