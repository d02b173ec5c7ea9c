/** From the bodies of the intake endpoints to the messages that `people/intake` takes: times corrected, consent read, authority checked. */
import type { Static } from 'typebox';
import type { World } from '../../database/world.ts';
import { Refusal } from '../../database/refusal.ts';
import type { Message as Taken } from '../../people/intake.ts';
import type { Batch, Message } from '../contract/intake.ts';
import { type Caller, otherPerson } from './caller.ts';

type Said = Static<typeof Message>;
type SaidBatch = Static<typeof Batch>;
type Context = Said['context'];

const aheadMsMax = 24 * 3_600_000;
const earliestMs = Date.UTC(2000, 0, 1);

/** The messages of a batch. What stands beside `batch` counts for each message that does not say otherwise. */
export function messagesOf(batch: SaidBatch, caller: Caller, world: World): Taken[] {
  const receivedMs = world.now().getTime();
  return batch.batch.map((said) => messageOf(said, batch, { caller, world, receivedMs }));
}

/** One message. Refuses with `key.public`, `token.other-person` and `intake.time`. */
export function messageOf(
  said: Said,
  beside: Omit<SaidBatch, 'batch'>,
  at: { caller: Caller; world: World; receivedMs: number },
): Taken {
  const userId = said.userId || undefined;
  refuseOthers(at.caller, said.type, userId);
  return {
    type: said.type,
    messageId: said.messageId ?? at.world.uuid(),
    userId,
    anonymousId: said.anonymousId || undefined,
    previousId: said.previousId || undefined,
    event: said.event ?? undefined,
    properties: said.properties ?? undefined,
    traits: said.traits ?? undefined,
    consent: consentOf(said.context) ?? consentOf(beside.context),
    at: momentOf(said.timestamp ?? beside.timestamp, said.sentAt ?? beside.sentAt, at.receivedMs),
  };
}

function refuseOthers(caller: Caller, type: Said['type'], userId: string | undefined): void {
  if (caller.kind === 'server') return;
  if (type === 'alias' || (caller.kind === 'public' && userId !== undefined)) {
    throw new Refusal('key.public', 'A user id and an alias may only come with a server key or a person token.', {
      remedy: 'Send `anonymousId` alone, or send this message from your server.',
    });
  }
  if (caller.kind === 'person' && userId !== undefined && userId !== caller.userId) throw otherPerson();
}

/**
 * Category or purpose → allowed, in Segment's form or in RudderStack's. The latter's `resolutionStrategy: or` is not followed: a purpose that several
 * categories stand for needs all of them, which is never less than was asked for.
 */
function consentOf(context: Context): Readonly<Record<string, boolean>> | undefined {
  if (context === undefined || context === null) return undefined;
  const preferences = context.consent?.categoryPreferences;
  if (preferences !== undefined) return preferences;
  const management = context.consentManagement;
  if (management === undefined) return undefined;
  return Object.fromEntries([
    ...(management.allowedConsentIds ?? []).map((id) => [id, true] as const),
    ...(management.deniedConsentIds ?? []).map((id) => [id, false] as const),
  ]);
}

/** The sender's time, put right by as much as its clock lay off when it sent: received − (sent − happened). */
function momentOf(
  timestamp: string | null | undefined,
  sentAt: string | null | undefined,
  receivedMs: number,
): Date | undefined {
  if (timestamp === undefined || timestamp === null) return undefined;
  const happenedMs = Date.parse(timestamp);
  const sentMs = sentAt === undefined || sentAt === null ? undefined : Date.parse(sentAt);
  const atMs = sentMs === undefined ? happenedMs : receivedMs - (sentMs - happenedMs);
  // A time that is no number fails both comparisons.
  if (!(atMs >= earliestMs && atMs <= receivedMs + aheadMsMax)) {
    throw new Refusal('intake.time', 'A message has a time that cannot be right.', {
      remedy: 'Set the clock of the sender, or send `sentAt` too, by the same clock, so that it can be corrected.',
    });
  }
  return new Date(atMs);
}

/** A time that stands for itself, as in a consent. Refuses with `intake.time`. */
export function timeOf(text: string, world: World): Date {
  const receivedMs = world.now().getTime();
  const moment = momentOf(text, undefined, receivedMs);
  return moment ?? new Date(receivedMs);
}
