/**
 * Takes messages in. What the policy does not declare, and what no standing purpose covers, is not stored but counted; everything else is durable
 * when this returns, each message exactly once whatever is sent again. Called by the HTTP door and by imports.
 */
import { createCipheriv } from 'node:crypto';
import { recordGrants } from '../consent/ledger.ts';
import { standingPurposes } from '../consent/permit.ts';
import type { Transaction } from '../database/database.ts';
import { keyedHash } from '../database/keyed-hash.ts';
import { type Policy, entryOf } from '../policy/policy.ts';
import { purposesOfField } from '../policy/views.ts';
import { type Identifier, findPeopleByHex, identifierHash, personKeys } from '../vault/identifiers.ts';
import { seal } from '../vault/sealing.ts';
import { type ForgettingInstallation, forgetWithin } from './forget.ts';
import { type Admission, type Message, admit, eventName, isSealed } from './internal/admit.ts';
import type { IntakeCounts } from './intake-counts.ts';
import { mergeByAlias, mergeByIdentify } from './merge.ts';
import { ensurePeople, namingIdentifier } from './persons.ts';
import { eventTag, inboxTags, profileFieldTag, queueTags } from './tags.ts';

export type { Message } from './internal/admit.ts';

/** What became of one message. */
export type Outcome = 'stored' | 'duplicate' | 'undeclared' | 'without basis' | 'unnamed';

export interface IntakeOptions {
  /** Scopes message ids and names the origin in rows: the id of the access key, or the digest of a file. */
  readonly source: string;
  /** A server key may grant and withdraw through `consent` on a message; anybody else can only restrict that message. */
  readonly mayGrant: boolean;
  /** How far back a sender's clock is believed; undefined believes any past (imports). */
  readonly oldestMs?: number;
  readonly counts: IntakeCounts;
}

/** One of the message's purposes stands, or it does not: what is kept of it. */
interface Kept {
  readonly index: number;
  readonly personId: string;
  readonly messageHash: Buffer;
  readonly at: Date;
  readonly purposes: readonly string[];
}

const storedLater: Outcome = 'stored';

/** Takes a batch in, in order. Durable when it resolves. */
export async function takeIn(
  installation: ForgettingInstallation,
  messages: readonly Message[],
  options: IntakeOptions,
): Promise<Outcome[]> {
  const admissions = messages.map((message) => admit(installation.policy, message));
  const outcomes = await installation.database.transaction(async (tx) => {
    const made: Outcome[] = [];
    for (const run of runsOf(messages))
      made.push(
        ...(await takeRun(
          installation,
          tx,
          messages.slice(run.from, run.until),
          admissions.slice(run.from, run.until),
          options,
        )),
      );
    return made;
  });
  countLeftOut(options.counts, messages, admissions, outcomes);
  return outcomes;
}

/** Messages that join two people stand alone; everything between them is taken in as one. */
function runsOf(messages: readonly Message[]): { from: number; until: number }[] {
  const runs: { from: number; until: number }[] = [];
  let from = 0;
  messages.forEach((message, index) => {
    const joins =
      message.type === 'alias' ||
      (message.type === 'identify' && message.userId !== undefined && message.anonymousId !== undefined);
    if (!joins) return;
    if (from < index) runs.push({ from, until: index });
    runs.push({ from: index, until: index + 1 });
    from = index + 1;
  });
  if (from < messages.length) runs.push({ from, until: messages.length });
  return runs;
}

async function takeRun(
  installation: ForgettingInstallation,
  tx: Transaction,
  messages: readonly Message[],
  admissions: readonly Admission[],
  options: IntakeOptions,
): Promise<Outcome[]> {
  const [first] = messages;
  if (messages.length === 1 && first?.type === 'alias') {
    const merged = await mergeByAlias(installation, tx, first);
    return [merged ? 'stored' : 'without basis'];
  }
  if (messages.length === 1 && first?.type === 'identify' && first.anonymousId !== undefined)
    await mergeByIdentify(installation, tx, first);
  const people = await peopleOf(installation, tx, messages, options);
  const outcomes = messages.map((message, index): Outcome => {
    if (namingIdentifier(message) === undefined) return 'unnamed';
    const admission = admissions[index];
    if (admission?.event === undefined && message.type !== 'identify') return 'undeclared';
    return 'without basis';
  });
  const kept: Kept[] = [];
  const now = tx.world.now();
  messages.forEach((message, index) => {
    const person = people[index];
    const admission = admissions[index];
    if (person === undefined || admission === undefined || outcomes[index] !== 'without basis') return;
    const allowed = allowedOf(installation.policy, person.standing, message.consent);
    const purposes =
      admission.event?.purposes.filter((purpose) => allowed.has(purpose)) ?? (allowed.size > 0 ? [...allowed] : []);
    if (purposes.length === 0) return;
    outcomes[index] = storedLater;
    kept.push({
      index,
      personId: person.personId,
      messageHash: message.messageHash ?? messageHash(installation, options.source, message.messageId),
      at: clampedTime(now, message.at, options.oldestMs),
      purposes,
    });
  });
  const fresh = await storeFresh(installation, tx, kept, admissions, options.source);
  for (const [at, one] of kept.entries()) if (!fresh.has(at)) outcomes[one.index] = 'duplicate';
  await storeFields(
    installation,
    tx,
    kept.filter((_, at) => fresh.has(at)),
    admissions,
  );
  return outcomes;
}

interface Present {
  readonly personId: string;
  readonly standing: ReadonlySet<string>;
}

/**
 * The person of each message with what stands for them, locked until the transaction ends so that no withdrawal slips between the test and the
 * write. Consent that came with messages of a server key is recorded first. People of whom nothing may be kept are not made.
 */
async function peopleOf(
  installation: ForgettingInstallation,
  tx: Transaction,
  messages: readonly Message[],
  options: IntakeOptions,
): Promise<(Present | undefined)[]> {
  const identifiers = messages.map(namingIdentifier);
  const hashes = hashesOf(installation, identifiers);
  const choices = options.mayGrant ? messages.map((message) => choicesOf(installation.policy, message.consent)) : [];
  const optOutStands = Object.values(installation.policy.purposes).some((purpose) => purpose.basis === 'opt-out');
  const makes = identifiers.flatMap((identifier, index) =>
    identifier !== undefined && (optOutStands || (choices[index]?.granted.length ?? 0) > 0) ? [identifier] : [],
  );
  const changesConsent = choices.some((choice) => choice.granted.length + choice.withdrawn.length > 0);
  if (makes.length > 0) await ensurePeople(installation, tx, uniqueIdentifiers(makes));
  let known = await lockedPeople(tx, hashes, changesConsent);
  let standing = await standingPurposes(tx, installation.policy, [...new Set(known.values())]);
  if (changesConsent) {
    const changed = await applyChoices(installation, tx, messages, { hashes, known, standing, choices });
    if (changed) {
      known = await lockedPeople(tx, hashes, true);
      standing = await standingPurposes(tx, installation.policy, [...new Set(known.values())]);
    }
  }
  return hashes.map((hash) => {
    const personId = known.get(hash);
    return personId === undefined ? undefined : { personId, standing: standing.get(personId) ?? new Set() };
  });
}

/** Hashes in hex, empty for nobody. A batch is often about few people, so each is hashed once. */
function hashesOf(installation: ForgettingInstallation, identifiers: readonly (Identifier | undefined)[]): string[] {
  const known = new Map<string, string>();
  return identifiers.map((identifier) => {
    if (identifier === undefined) return '';
    const name = `${identifier.kind} ${identifier.value}`;
    const hash = known.get(name) ?? identifierHash(installation.keys, identifier).toString('hex');
    known.set(name, hash);
    return hash;
  });
}

function uniqueIdentifiers(identifiers: readonly Identifier[]): Identifier[] {
  return [
    ...new Map(
      identifiers.map((identifier) => [JSON.stringify([identifier.kind, identifier.value]), identifier]),
    ).values(),
  ];
}

/** Identifier hash (hex) → person, for those who exist, locked in the order of ids. Whoever vanished in between (merged) is looked up again. */
async function lockedPeople(
  tx: Transaction,
  hashes: readonly string[],
  exclusively: boolean,
): Promise<Map<string, string>> {
  const wanted = [...new Set(hashes)].filter((hash) => hash !== '');
  for (let attempt = 0; ; attempt += 1) {
    const known = await findPeopleByHex(tx, wanted);
    const ids = [...new Set(known.values())];
    const rows = exclusively
      ? await tx.query<{ person_id: string }>(
          'select person_id from persons where person_id = any($1::uuid[]) order by person_id for update',
          [ids],
        )
      : await tx.query<{ person_id: string }>(
          'select person_id from persons where person_id = any($1::uuid[]) order by person_id for share',
          [ids],
        );
    const present = new Set(rows.map((row) => row.person_id));
    if (present.size === ids.length || attempt === 3)
      return new Map([...known].filter(([, personId]) => present.has(personId)));
  }
}

/** Which purposes a message's consent grants and withdraws. A purpose that stands for several categories needs all of them. */
export function choicesOf(policy: Policy, consent: Message['consent']): { granted: string[]; withdrawn: string[] } {
  if (consent === undefined) return { granted: [], withdrawn: [] };
  const granted: string[] = [];
  const withdrawn: string[] = [];
  for (const purpose of Object.keys(policy.purposes)) {
    const said = categoriesOf(policy, purpose)
      .map((category) => (Object.hasOwn(consent, category) ? consent[category] : undefined))
      .filter((value) => value !== undefined);
    if (said.length === 0) continue;
    if (said.every(Boolean)) granted.push(purpose);
    else withdrawn.push(purpose);
  }
  return { granted, withdrawn };
}

/** What a message may be kept for: what stands, less what the message itself refuses or does not mention. */
function allowedOf(policy: Policy, standing: ReadonlySet<string>, consent: Message['consent']): Set<string> {
  if (consent === undefined) return new Set(standing);
  const { granted, withdrawn } = choicesOf(policy, consent);
  return new Set(
    [...standing].filter(
      (purpose) => !withdrawn.includes(purpose) && (granted.includes(purpose) || !isCategorised(policy, purpose)),
    ),
  );
}

function categoriesOf(policy: Policy, purpose: string): string[] {
  return [
    purpose,
    ...Object.entries(policy.consentCategories ?? {}).flatMap(([category, purposes]) =>
      purposes.includes(purpose) ? [category] : [],
    ),
  ];
}

function isCategorised(policy: Policy, purpose: string): boolean {
  return Object.values(policy.consentCategories ?? {}).some((purposes) => purposes.includes(purpose));
}

async function applyChoices(
  installation: ForgettingInstallation,
  tx: Transaction,
  messages: readonly Message[],
  found: {
    hashes: readonly string[];
    known: ReadonlyMap<string, string>;
    standing: ReadonlyMap<string, ReadonlySet<string>>;
    choices: readonly { granted: string[]; withdrawn: string[] }[];
  },
): Promise<boolean> {
  // The last word of a person in this run decides; each message is restricted by its own words anyway.
  const last = new Map<string, { purposes: Map<string, boolean>; at: Date | undefined }>();
  found.choices.forEach((choice, index) => {
    const personId = found.known.get(found.hashes[index] ?? '');
    if (personId === undefined) return;
    const words = last.get(personId) ?? { purposes: new Map<string, boolean>(), at: messages[index]?.at };
    for (const purpose of choice.granted) words.purposes.set(purpose, true);
    for (const purpose of choice.withdrawn) words.purposes.set(purpose, false);
    last.set(personId, words);
  });
  const grants: Parameters<typeof recordGrants>[2][number][] = [];
  let changed = false;
  for (const [personId, { purposes, at }] of last) {
    const stands = found.standing.get(personId) ?? new Set();
    const withdrawn = [...purposes]
      .filter(([purpose, allowed]) => !allowed && stands.has(purpose))
      .map(([purpose]) => purpose);
    const granted = [...purposes]
      .filter(([purpose, allowed]) => allowed && !stands.has(purpose))
      .map(([purpose]) => purpose);
    if (withdrawn.length > 0)
      await forgetWithin(installation, tx, personId, {
        kind: 'withdraw',
        purposes: withdrawn,
        method: 'event',
        source: 'server key',
        ...(at === undefined ? {} : { at }),
      });
    grants.push(
      ...granted.map((purpose) => ({
        personId,
        purpose,
        method: 'event',
        source: 'server key',
        ...(at === undefined ? {} : { at }),
      })),
    );
    changed ||= withdrawn.length + granted.length > 0;
  }
  await recordGrants(installation, tx, grants);
  return changed;
}

/** A message id is scoped by its source and kept as a keyed hash, so it may outlive whom it came from. */
export function messageHash(installation: ForgettingInstallation, source: string, messageId: string): Buffer {
  return keyedHash(installation.keys.derived('message'))
    .update(JSON.stringify([source, messageId]))
    .digest()
    .subarray(0, hashBytes);
}

/**
 * The same for messages that are lines of a file: AES-128 (FIPS 197) under a key of the source's own, which for single blocks with a number in each is a
 * keyed permutation: different lines never share a hash. A whole batch costs what two HMACs do.
 */
export function lineHashes(installation: ForgettingInstallation, source: string, lines: readonly number[]): Buffer[] {
  const key = keyedHash(installation.keys.derived('message'))
    .update(JSON.stringify(['lines', source]))
    .digest();
  const blocks = Buffer.alloc(lines.length * hashBytes);
  for (const [at, line] of lines.entries()) blocks.writeBigUInt64BE(BigInt(line), at * hashBytes + 8);
  const hashes = createCipheriv('aes-128-ecb', key.subarray(0, hashBytes), null).update(blocks);
  return lines.map((_, at) => hashes.subarray(at * hashBytes, (at + 1) * hashBytes));
}

/** The first of January of the year 1: no clock is believed that says an earlier time, which ISO 8601 and PostgreSQL would also write differently. */
const firstMs = -62_135_596_800_000;

/** The sender's time, never after the server's and not further back than is believed. */
export function clampedTime(now: Date, at: Date | undefined, oldestMs: number | undefined): Date {
  if (at === undefined || Number.isNaN(at.getTime()) || at > now) return now;
  const oldest = oldestMs === undefined ? firstMs : now.getTime() - oldestMs;
  return at.getTime() < Math.max(oldest, firstMs) ? new Date(Math.max(oldest, firstMs)) : at;
}

/**
 * One statement: takes the message ids, keeps the events of those that are new, and queues their people. Returns the positions of the new ones; of
 * the same message twice the first is new. Hashes and tags travel as one value each and are cut apart in the database, and arrays are written here:
 * both spare the driver an object and a hexadecimal text for each row, a fifth of the time of a batch.
 */
async function storeFresh(
  installation: ForgettingInstallation,
  tx: Transaction,
  kept: readonly Kept[],
  admissions: readonly Admission[],
  source: string,
): Promise<Set<number>> {
  if (kept.length === 0) return new Set();
  const now = tx.world.now();
  const events = kept.map((one) => admissions[one.index]?.event);
  const eventIds = kept.map(() => tx.world.uuid());
  const hashes = Buffer.alloc(kept.length * hashBytes);
  const tags = Buffer.alloc(kept.length * hashBytes);
  for (const [at, one] of kept.entries()) {
    hashes.set(one.messageHash, at * hashBytes);
    const event = events[at];
    if (event === undefined) continue;
    const tag = eventTag(installation, {
      person_id: one.personId,
      event_id: eventIds[at] ?? '',
      name: event.name,
      item_ids: event.itemIds,
      properties: event.properties,
      purposes: one.purposes,
      source,
      at: one.at,
      received_at: now,
    });
    tags.set(tag, at * hashBytes);
  }
  const fresh = await tx.query<{ number: number }>(
    `with incoming as materialized (
       select distinct on (message_hash) substring($1::bytea from (number::integer - 1) * 16 + 1 for 16) as message_hash,
              substring($11::bytea from (number::integer - 1) * 16 + 1 for 16) as tag,
              substring($12::bytea from (number::integer - 1) * 16 + 1 for 16) as inbox_tag,
              substring($13::bytea from (number::integer - 1) * 16 + 1 for 16) as queue_tag, given.*
       from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[]) with ordinality
         as given (person_id, event_id, name, item_ids, properties, purposes, at, number)
       order by message_hash, number
     ), fresh as (
       insert into inbox (message_hash, received_at, tag) select message_hash, $9, inbox_tag from incoming on conflict (message_hash) do nothing returning message_hash
     ), kept as (
       insert into events (person_id, event_id, name, item_ids, properties, purposes, source, at, received_at, tag)
       select person_id, event_id, name, item_ids::text[], properties, purposes::text[], $10, at, $9, tag from incoming join fresh using (message_hash) where name is not null
       returning person_id
     ), queued as (
       insert into fold_queue (person_id, queued_at, tag)
       select distinct on (person_id) person_id, $9::timestamptz, queue_tag from incoming where person_id in (select person_id from kept) order by person_id
       on conflict (person_id) do nothing
     )
     select number from incoming join fresh using (message_hash)`,
    [
      hashes,
      `{${kept.map((one) => one.personId).join(',')}}`,
      `{${eventIds.join(',')}}`,
      textArray(events.map((event) => event?.name ?? null)),
      textArray(events.map((event) => textArray(event?.itemIds ?? []))),
      textArray(events.map((event) => JSON.stringify(event?.properties ?? {}))),
      textArray(kept.map((one) => textArray(one.purposes))),
      `{${kept.map((one) => one.at.toISOString()).join(',')}}`,
      now,
      source,
      tags,
      inboxTags(installation, hashes, now),
      queueTags(
        installation,
        kept.map((one) => one.personId),
        now,
      ),
    ],
  );
  return new Set(fresh.map((row) => row.number - 1));
}

/** Of message hashes and of tags. */
const hashBytes = 16;

/** Profile fields, each only where one of its own purposes stands; the newest value stays. */
async function storeFields(
  installation: ForgettingInstallation,
  tx: Transaction,
  kept: readonly Kept[],
  admissions: readonly Admission[],
): Promise<void> {
  const newest = new Map<string, { personId: string; field: string; value: string; at: Date }>();
  for (const one of kept) {
    for (const [field, value] of Object.entries(admissions[one.index]?.fields ?? {})) {
      const declared = entryOf(installation.policy.people, field);
      if (declared === undefined) continue;
      const founded =
        declared.kind === 'safeguard' ||
        purposesOfField(installation.policy, field).some((purpose) => one.purposes.includes(purpose));
      const key = `${one.personId} ${field}`;
      const before = newest.get(key);
      if (founded && (before === undefined || before.at <= one.at))
        newest.set(key, { personId: one.personId, field, value, at: one.at });
    }
  }
  if (newest.size === 0) return;
  const rows = [...newest.values()];
  const keysOfPeople = await personKeys(tx, installation.keys, [...new Set(rows.map((row) => row.personId))]);
  const stored = rows.map((row) => {
    const declared = entryOf(installation.policy.people, row.field);
    const personKey = keysOfPeople.get(row.personId);
    const sealed =
      declared !== undefined && isSealed(declared) && personKey !== undefined
        ? seal(personKey, tx.world, `field:${row.field}`, row.value)
        : null;
    return { ...row, clear: declared !== undefined && isSealed(declared) ? null : row.value, sealed };
  });
  await tx.query(
    `insert into profile_fields (person_id, field, value, sealed, updated_at, tag)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::bytea[])
     on conflict (person_id, field) do update set value = excluded.value, sealed = excluded.sealed, updated_at = excluded.updated_at, tag = excluded.tag
     where profile_fields.updated_at <= excluded.updated_at`,
    [
      stored.map((row) => row.personId),
      stored.map((row) => row.field),
      stored.map((row) => row.clear),
      stored.map((row) => row.sealed),
      stored.map((row) => row.at),
      stored.map((row) =>
        profileFieldTag(installation, {
          person_id: row.personId,
          field: row.field,
          value: row.clear,
          sealed: row.sealed,
          updated_at: row.at,
        }),
      ),
    ],
  );
}

function countLeftOut(
  counts: IntakeCounts,
  messages: readonly Message[],
  admissions: readonly Admission[],
  outcomes: readonly Outcome[],
): void {
  outcomes.forEach((outcome, index) => {
    const message = messages[index];
    if (message === undefined) return;
    counts.add(
      outcome,
      message.type === 'identify' || message.type === 'alias'
        ? message.type
        : outcome === 'undeclared'
          ? ''
          : eventName(message),
    );
    for (const left of admissions[index]?.undeclared ?? []) counts.add(left.reason, left.name);
  });
}

/** PostgreSQL's text form of a text array (documentation, section 8.15.6); null is its null. */
function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`;
}

/** Most values hold nothing to escape. */
function quoted(value: string): string {
  return value.includes('"') || value.includes('\\')
    ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    : `"${value}"`;
}
