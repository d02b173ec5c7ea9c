/**
 * Short stays of people in their privacy centre, and links that let in once. A stay is a secret that the browser keeps and whose hash is kept here; a link
 * names the person, its end and what it is for under a keyed tag. Whatever does not fit, for whatever reason, is answered with undefined.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { keyedHash } from '../database/keyed-hash.ts';
import { sessionTag, usedLinkTag } from './tags.ts';

/** How long a stay lasts. */
export const sessionSeconds = 3_600;
/** How long a link that the operator asked for lets in, and one that was mailed because somebody typed an address (OWASP ASVS 5.0, 6.5.5). */
export const linkSeconds = { given: 24 * 3_600, mailed: 600 } as const;

const secretBytes = 32;
const tagBytes = 32;

/** Begins a stay of a person who has just shown who they are. Returns the secret, which nobody else ever has. */
export async function startSession(installation: Installation, personId: string): Promise<string> {
  const { database } = installation;
  const secret = Buffer.from(database.world.randomBytes(secretBytes));
  const now = database.world.now();
  const row = {
    person_id: personId,
    session_hash: hashOf(secret),
    started_at: now,
    ends_at: new Date(now.getTime() + sessionSeconds * 1_000),
  };
  await database.query(
    `with ended as (delete from person_sessions where ends_at < $3)
     insert into person_sessions (person_id, session_hash, started_at, ends_at, tag)
     select person_id, $2, $3, $4, $5 from persons where person_id = $1`,
    [row.person_id, row.session_hash, row.started_at, row.ends_at, sessionTag(installation, row)],
  );
  return Buffer.concat([idBytes(personId), secret]).toString('base64url');
}

/** Whose stay a secret is, or undefined when it is nobody's or has ended. */
export async function personOfSession(installation: Installation, token: string): Promise<string | undefined> {
  const parts = sessionParts(token);
  if (parts === undefined) return undefined;
  const [found] = await installation.database.query<Parameters<typeof sessionTag>[1] & { tag: Buffer }>(
    'select person_id, session_hash, started_at, ends_at, tag from person_sessions where person_id = $1 and session_hash = $2 and ends_at > $3',
    [parts.personId, hashOf(parts.secret), installation.database.world.now()],
  );
  // A stay that somebody wrote in by other means, or prolonged, lets nobody in.
  return found !== undefined && timingSafeEqual(found.tag, sessionTag(installation, found))
    ? found.person_id
    : undefined;
}

export async function endSession(installation: Installation, token: string): Promise<void> {
  const parts = sessionParts(token);
  if (parts === undefined) return;
  await installation.database.query('delete from person_sessions where person_id = $1 and session_hash = $2', [
    parts.personId,
    hashOf(parts.secret),
  ]);
}

/** A link's token for one person: it lets in once, until its time is over. */
export function linkToken(installation: Installation, personId: string, seconds: number): string {
  const { world } = installation.database;
  const body = Buffer.concat([
    idBytes(personId),
    timeBytes(Math.floor(world.now().getTime() / 1_000) + seconds),
    Buffer.from(world.randomBytes(8)),
  ]);
  return Buffer.concat([body, tagOf(installation, body)]).toString('base64url');
}

/** The person whom an unused link that is still good names, and uses it up. */
export async function useLink(installation: Installation, token: string): Promise<string | undefined> {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 16 + 6 + 8 + tagBytes || bytes.toString('base64url') !== token) return undefined;
  const body = bytes.subarray(0, -tagBytes);
  if (!timingSafeEqual(bytes.subarray(-tagBytes), tagOf(installation, body))) return undefined;
  const endsAt = new Date(body.readUIntBE(16, 6) * 1_000);
  if (!(await useOnce(installation, `link ${token}`, endsAt))) return undefined;
  const personId = idText(body.subarray(0, 16));
  const [person] = await installation.database.query('select person_id from persons where person_id = $1', [personId]);
  return person === undefined ? undefined : personId;
}

/** Whether this is the first time that a name is used before its end. Of several who ask at the same moment one is told so. */
export async function useOnce(installation: Installation, name: string, endsAt: Date): Promise<boolean> {
  const now = installation.database.world.now();
  if (endsAt <= now) return false;
  const hash = keyedHash(installation.keys.derived('link')).update('used').update(name).digest();
  const rows = await installation.database.query(
    `with ended as (delete from used_links where ends_at < $3)
     insert into used_links (link_hash, ends_at, tag) values ($1, $2, $4) on conflict (link_hash) do nothing returning link_hash`,
    [hash, endsAt, now, usedLinkTag(installation, { link_hash: hash, ends_at: endsAt })],
  );
  return rows.length === 1;
}

/** Ends every stay of a person: when they are erased, or become part of another. */
export async function endSessionsOf(sql: Sql, personId: string): Promise<void> {
  await sql.query('delete from person_sessions where person_id = $1', [personId]);
}

function sessionParts(token: string): { personId: string; secret: Buffer } | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 16 + secretBytes || bytes.toString('base64url') !== token) return undefined;
  return { personId: idText(bytes.subarray(0, 16)), secret: bytes.subarray(16) };
}

function tagOf(installation: Installation, body: Buffer): Buffer {
  return keyedHash(installation.keys.derived('link')).update('privacy').update(body).digest();
}

/** The secret has 256 random bits, so a plain hash cannot be tried out. */
function hashOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

function idBytes(personId: string): Buffer {
  return Buffer.from(personId.replaceAll('-', ''), 'hex');
}

function idText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function timeBytes(seconds: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  return bytes;
}
