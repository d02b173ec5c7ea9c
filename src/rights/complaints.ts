/**
 * Complaints: from a person's own page, through the interface, or as the abuse report of a mailbox provider. Each is joined to the decision it is about, holds the
 * placement back for that person at once, and waits in a queue for a human until its deadline. Where complaints about a placement are more than the policy lets
 * be, the placement is paused in the same transaction, until somebody ends the pause by name.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import type { Engine } from '../deciding/engine.ts';
import { findDecision } from '../deciding/find-decision.ts';
import { pauseWithin } from '../deciding/pauses.ts';
import { type Explanation, why } from '../deciding/why.ts';
import type { Follower } from '../people/forget.ts';
import { lockPeople } from '../people/persons.ts';
import { withholdPlacement } from '../people/settings.ts';
import { addDuration, subtractDuration } from '../policy/durations.ts';
import { complaintLimitOf, entryOf, retentionOf } from '../policy/policy.ts';
import { personKeys } from '../vault/identifiers.ts';
import { seal, unseal } from '../vault/sealing.ts';

/** What somebody complains about: one list, one message that was sent, or how their data is used. */
export type ComplaintAbout = 'decision' | 'message' | 'processing';

/** How a complaint came in. */
export type ComplaintWay = 'page' | 'api' | 'mail';

interface ComplaintRow {
  readonly person_id: string;
  readonly complaint_id: string;
  readonly about: ComplaintAbout;
  readonly decision_id: string | null;
  readonly placement: string | null;
  readonly via: ComplaintWay;
  readonly words: Buffer | null;
  readonly answer: Buffer | null;
  readonly received_at: Date;
  readonly due_at: Date;
  readonly answered_at: Date | null;
  readonly answered_by: string | null;
}

export interface Complaint {
  readonly complaint: string;
  readonly person: string;
  readonly about: ComplaintAbout;
  readonly decision: string | null;
  readonly placement: string | null;
  readonly via: ComplaintWay;
  readonly receivedAt: string;
  /** By when it has to be answered: a month after it came (GDPR Art. 12(3)). */
  readonly dueAt: string;
  readonly answeredAt: string | null;
  readonly answeredBy: string | null;
}

/** With what the person wrote and was answered: for themselves, and for whoever answers. */
export interface OpenedComplaint extends Complaint {
  readonly words: string | null;
  readonly answer: string | null;
}

/** The same with everything that it is joined to. */
export interface ComplaintFile extends OpenedComplaint {
  /** The explanation of the decision, with its basis, terms and model; null where there is none, or its record has gone. */
  readonly explanation: Explanation | null;
}

const columns =
  'person_id, complaint_id, about, decision_id, placement, via, words, answer, received_at, due_at, answered_at, answered_by';
const answerWithin = '1 month';
/** As long as a letter of two pages. */
export const complaintWordsMax = 4_000;

export function complaintTag({ keys }: Pick<Installation, 'keys'>, row: ComplaintRow): Buffer {
  return rowTag(keys.derived('row-tag'), 'complaints', valuesOf(row));
}

/** In the order of `columns`. */
function valuesOf(row: ComplaintRow) {
  return [
    row.person_id,
    row.complaint_id,
    row.about,
    row.decision_id,
    row.placement,
    row.via,
    row.words,
    row.answer,
    row.received_at,
    row.due_at,
    row.answered_at,
    row.answered_by,
  ];
}

export interface NewComplaint {
  readonly personId: string;
  readonly about: ComplaintAbout;
  /** The decision that it is about; it has to be one about this person. */
  readonly decisionId?: string;
  /** Where no decision is named: the placement, so that it can be held back. */
  readonly placement?: string;
  readonly words?: string;
  readonly via: ComplaintWay;
}

/**
 * Takes a complaint. When this resolves it is durable, and the next decision at the placement is the one that everybody gets. Refuses with `person.unknown`,
 * `decision.unknown` (also for a decision about somebody else), `placement.unknown` and `request.invalid`.
 */
export async function complain(engine: Engine, given: NewComplaint): Promise<Complaint> {
  const words = given.words?.trim() ?? '';
  if (words.length > complaintWordsMax)
    throw new Refusal('request.invalid', `A complaint has at most ${complaintWordsMax} characters.`);
  const placement = await placementOf(engine, given);
  const row = await engine.database.transaction(async (tx) => {
    const [locked] = await lockPeople(tx, [given.personId]);
    const key = (await personKeys(tx, engine.keys, [given.personId])).get(given.personId);
    if (locked === undefined || key === undefined)
      throw new Refusal('person.unknown', 'There is no such person.', {
        remedy: 'Look the person up again: they may have been merged or erased.',
      });
    const receivedAt = tx.world.now();
    const fresh: ComplaintRow = {
      person_id: given.personId,
      complaint_id: tx.world.uuid(),
      about: given.about,
      decision_id: given.decisionId ?? null,
      placement,
      via: given.via,
      words: words === '' ? null : seal(key, tx.world, 'complaint', words),
      answer: null,
      received_at: receivedAt,
      due_at: addDuration(receivedAt, answerWithin),
      answered_at: null,
      answered_by: null,
    };
    await insert(engine, tx, fresh);
    if (placement !== null) {
      await withholdPlacement(engine, tx, { ...given, placement, isWithheld: true });
      await pauseWhenTooMany(engine, tx, placement);
    }
    return fresh;
  });
  // Other processes follow by notice; this one must have when it answers.
  if (placement !== null) await engine.pauses.refresh();
  return toldOf(row);
}

async function placementOf(engine: Engine, given: NewComplaint): Promise<string | null> {
  if (given.decisionId !== undefined) {
    const found = await findDecision(engine.database, given.decisionId);
    // Somebody else's decision, and one about nobody, are answered like one that never was.
    if (found.about === 'nobody' || found.personId !== given.personId)
      throw new Refusal('decision.unknown', 'There is no such decision.');
    return found.record.placement;
  }
  if (given.placement === undefined) return null;
  if (entryOf(engine.policy.placements, given.placement) === undefined)
    throw new Refusal('placement.unknown', 'The policy has no such placement.');
  return given.placement;
}

/**
 * Pauses a placement when more people have complained about it than the policy lets be. A person counts once, however often they write, and only where a decision
 * or a hand-over shows that the placement reached them: nobody can stop a rival's placement, or one that they have never seen. What somebody has answered for by
 * ending a pause does not count again.
 */
async function pauseWhenTooMany(engine: Engine, tx: Transaction, placement: string): Promise<void> {
  const limit = complaintLimitOf(engine.policy);
  const since = subtractDuration(tx.world.now(), limit.within);
  // One at a time, so that of two who complain at once the second is counted with the first.
  await tx.query("select pg_advisory_xact_lock(hashtext('fairlead complaints ' || $1))", [placement]);
  const [complained] = await tx.query<{ people: number }>(
    `select count(distinct c.person_id)::integer as people from complaints c
     where c.placement = $1 and c.received_at >= $2
       and c.received_at > (select coalesce(max(ended_at), '-infinity') from placement_pauses where placement = $1)
       and (exists (select 1 from decisions d where d.person_id = c.person_id and d.placement = $1 and d.at >= $2)
         or exists (select 1 from hand_overs h where h.person_id = c.person_id and h.placement = $1 and h.at >= $2))`,
    [placement, since],
  );
  const complaining = complained?.people ?? 0;
  // Mostly so: then nobody else has to be counted.
  if (complaining < limit.atLeast) return;
  const [counted] = await tx.query<{ reached: number }>(
    `select count(*)::integer as reached from (
       select person_id from decisions where placement = $1 and at >= $2 union select person_id from hand_overs where placement = $1 and at >= $2
     ) as reached`,
    [placement, since],
  );
  const reached = counted?.reached ?? 0;
  if (complaining * 1_000 <= limit.perThousand * reached) return;
  await pauseWithin(engine, tx, {
    placement,
    reason: `${complaining} of ${reached} people complained about it within ${limit.within}; the policy lets ${limit.perThousand} of 1,000 do.`,
    by: 'the complaint limit of the policy',
  });
}

/** The complaints of one person, newest first, with their words: for their own page and their export. */
export async function complaintsOf(
  installation: Pick<Installation, 'keys'>,
  sql: Sql,
  personId: string,
): Promise<OpenedComplaint[]> {
  const rows = await sql.query<ComplaintRow>(
    `select ${columns} from complaints where person_id = $1 order by received_at desc, complaint_id desc limit 200`,
    [personId],
  );
  return opened(installation, sql, rows);
}

/** What waits for an answer, the most urgent first; with `answered` what has been answered, newest first. */
export async function complaintQueue(sql: Sql, options: { answered?: boolean } = {}): Promise<Complaint[]> {
  const rows = await sql.query<ComplaintRow>(
    options.answered === true
      ? `select ${columns} from complaints where answered_at is not null order by answered_at desc limit 500`
      : `select ${columns} from complaints where answered_at is null order by due_at, complaint_id limit 500`,
  );
  return rows.map(toldOf);
}

/** One complaint with all that it is joined to. Refuses with `complaint.unknown`. */
export async function complaintFile(engine: Engine, complaintId: string): Promise<ComplaintFile> {
  const [row] = await engine.database.query<ComplaintRow>(`select ${columns} from complaints where complaint_id = $1`, [
    complaintId,
  ]);
  const [complaint] = row === undefined ? [] : await opened(engine, engine.database, [row]);
  if (complaint === undefined) throw unknownComplaint();
  return {
    ...complaint,
    explanation:
      complaint.decision === null
        ? null
        : await why(engine, complaint.decision).catch((error: unknown) => {
            if (error instanceof Refusal && error.code === 'decision.unknown') return null; // expired or stripped since
            throw error;
          }),
  };
}

/**
 * Answers a complaint, in a person's name; once. With `release` the placement may put something together for the person again. Refuses with `complaint.unknown`
 * and `complaint.answered`.
 */
export async function answerComplaint(
  engine: Engine,
  complaintId: string,
  given: { readonly answer: string; readonly by: string; readonly release: boolean },
): Promise<OpenedComplaint> {
  const row = await engine.database.transaction(async (tx) => {
    const [found] = await tx.query<{ person_id: string }>('select person_id from complaints where complaint_id = $1', [
      complaintId,
    ]);
    // The person first, as everywhere, so that an erasure and an answer wait for each other.
    const [locked] = found === undefined ? [] : await lockPeople(tx, [found.person_id]);
    const [complaint] =
      locked === undefined
        ? []
        : await tx.query<ComplaintRow>(
            `select ${columns} from complaints where person_id = $1 and complaint_id = $2 for update`,
            [locked, complaintId],
          );
    if (complaint === undefined) throw unknownComplaint();
    if (complaint.answered_at !== null)
      throw new Refusal('complaint.answered', 'This complaint has been answered already.', {
        remedy: 'Read what was answered; a new complaint is answered anew.',
      });
    const key = (await personKeys(tx, engine.keys, [complaint.person_id])).get(complaint.person_id);
    if (key === undefined) throw unknownComplaint();
    const answered: ComplaintRow = {
      ...complaint,
      answer: seal(key, tx.world, 'complaint-answer', given.answer),
      answered_at: tx.world.now(),
      answered_by: given.by,
    };
    await tx.query(
      'update complaints set answer = $3, answered_at = $4, answered_by = $5, tag = $6 where person_id = $1 and complaint_id = $2',
      [
        answered.person_id,
        answered.complaint_id,
        answered.answer,
        answered.answered_at,
        answered.answered_by,
        complaintTag(engine, answered),
      ],
    );
    if (given.release && answered.placement !== null)
      await withholdPlacement(engine, tx, {
        personId: answered.person_id,
        placement: answered.placement,
        isWithheld: false,
      });
    return answered;
  });
  const [complaint] = await opened(engine, engine.database, [row]);
  if (complaint === undefined) throw unknownComplaint();
  return complaint;
}

/** How many wait, and how many of them past their day: for `doctor`. */
export async function complaintBacklog(sql: Sql, now: Date): Promise<{ waiting: number; overdue: number }> {
  const [row] = await sql.query<{ waiting: number; overdue: number }>(
    'select count(*)::integer as waiting, (count(*) filter (where due_at < $1))::integer as overdue from complaints where answered_at is null',
    [now],
  );
  return row ?? { waiting: 0, overdue: 0 };
}

/** Deletes what has been answered longer ago than the policy keeps complaints. */
export async function expireComplaints({ database, policy }: Pick<Installation, 'database' | 'policy'>): Promise<void> {
  await database.query('delete from complaints where answered_at < $1', [
    subtractDuration(database.world.now(), retentionOf(policy, 'complaints')),
  ]);
}

/** What this room does when somebody is forgotten: a follower of `people/forget`. */
export function forgetComplaints(installation: Pick<Installation, 'keys'>): Follower {
  return async (tx, { personId, request }) => {
    if (request.kind === 'erase') await tx.query('delete from complaints where person_id = $1', [personId]);
    if (request.kind === 'merge') await moveComplaints(installation, tx, { from: personId, into: request.into });
  };
}

/** Complaints go over with the person, sealed and tagged anew. */
async function moveComplaints(
  installation: Pick<Installation, 'keys'>,
  tx: Transaction,
  move: { from: string; into: string },
): Promise<void> {
  const rows = await tx.query<ComplaintRow>(`select ${columns} from complaints where person_id = $1`, [move.from]);
  if (rows.length === 0) return;
  const keys = await personKeys(tx, installation.keys, [move.from, move.into]);
  const [from, into] = [keys.get(move.from), keys.get(move.into)];
  if (from === undefined || into === undefined) throw new Error('a merge has lost the key of one side');
  const moved = (field: string, sealed: Buffer | null): Buffer | null =>
    sealed === null ? null : seal(into, tx.world, field, unseal(from, field, sealed));
  await tx.query('delete from complaints where person_id = $1', [move.from]);
  for (const row of rows)
    await insert(installation, tx, {
      ...row,
      person_id: move.into,
      words: moved('complaint', row.words),
      answer: moved('complaint-answer', row.answer),
    });
}

async function insert(installation: Pick<Installation, 'keys'>, tx: Transaction, row: ComplaintRow): Promise<void> {
  await tx.query(
    `insert into complaints (${columns}, tag) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [...valuesOf(row), complaintTag(installation, row)],
  );
}

async function opened(
  installation: Pick<Installation, 'keys'>,
  sql: Sql,
  rows: readonly ComplaintRow[],
): Promise<OpenedComplaint[]> {
  const keys = await personKeys(sql, installation.keys, [...new Set(rows.map((row) => row.person_id))]);
  return rows.map((row) => {
    const key = keys.get(row.person_id);
    const open = (field: string, sealed: Buffer | null): string | null =>
      sealed === null || key === undefined ? null : unseal(key, field, sealed);
    return { ...toldOf(row), words: open('complaint', row.words), answer: open('complaint-answer', row.answer) };
  });
}

function toldOf(row: ComplaintRow): Complaint {
  return {
    complaint: row.complaint_id,
    person: row.person_id,
    about: row.about,
    decision: row.decision_id,
    placement: row.placement,
    via: row.via,
    receivedAt: row.received_at.toISOString(),
    dueAt: row.due_at.toISOString(),
    answeredAt: row.answered_at?.toISOString() ?? null,
    answeredBy: row.answered_by,
  };
}

function unknownComplaint(): Refusal {
  return new Refusal('complaint.unknown', 'There is no such complaint.', {
    remedy: 'It goes when the person is erased, and when the policy no longer keeps it.',
  });
}
