/**
 * An audience: a segment at a placement, as a query that is tested whenever it is used. No list of its people is kept anywhere: who withdraws, is erased or no
 * longer meets the rule is not in the next page of it.
 */
import { readPermitted } from '../consent/permit.ts';
import type { Installation } from '../consent/installation.ts';
import { Refusal } from '../database/refusal.ts';
import { safeguardsOf } from '../people/profile.ts';
import { segmentRead } from '../people/segments.ts';
import { type PlacementRule, entryOf } from '../policy/policy.ts';

export interface Audience {
  readonly name: string;
  readonly segment: string;
  readonly placement: string;
  readonly rule: PlacementRule;
  /** All that must stand before somebody is in it: the purposes of the placement, and that of the segment. */
  readonly purposes: readonly string[];
}

/**
 * Below this many people an audience is neither counted aloud nor used: a rule that one person meets would tell about that person. As many as share an item
 * before a model knows it.
 */
export const audienceMin = 5;

/** What leaves as an advertising audience has to hold this many: its recipient sees who is in it, and may know some of them. */
export const adsAudienceMin = 50;

/** The audiences of the policy. */
export function audiencesOf(policy: Installation['policy']): Audience[] {
  return Object.keys(policy.audiences ?? {}).map((name) => audienceOf(policy, name));
}

/** One audience. Refuses with `audience.unknown`. */
export function audienceOf(policy: Installation['policy'], name: string): Audience {
  const declared = entryOf(policy.audiences, name);
  const rule = entryOf(policy.placements, declared?.placement ?? '');
  const segment = entryOf(policy.segments, declared?.segment ?? '');
  if (declared === undefined || rule === undefined || segment === undefined)
    throw new Refusal('audience.unknown', `The policy has no audience named "${name}".`, {
      remedy: `Its audiences are: ${Object.keys(policy.audiences ?? {}).join(', ') || 'none; declare one under audiences'}.`,
    });
  return { name, ...declared, rule, purposes: [...new Set([...rule.purposes, segment.for])] };
}

/** The people of an audience as of now, page by page in the order of their random ids; pages hold as many members as there are among `page` people. */
export async function* membersOf(
  installation: Installation,
  audience: Audience,
  options: { readonly page: number; readonly after?: string | undefined },
): AsyncGenerator<{ readonly personIds: readonly string[]; readonly last: string }> {
  let after = options.after;
  for (;;) {
    const people = await installation.database.query<{ person_id: string }>(
      'select person_id from persons where $1::uuid is null or person_id > $1 order by person_id limit $2',
      [after ?? null, options.page],
    );
    const last = people.at(-1)?.person_id;
    if (last === undefined) return;
    yield {
      personIds: await membersAmong(
        installation,
        audience,
        people.map((row) => row.person_id),
      ),
      last,
    };
    if (people.length < options.page) return;
    after = last;
  }
}

/** Who of these people is in the audience now. Whom a safeguard protects is in none: a rule over what somebody did is personal, and theirs is the answer for everybody. */
export async function membersAmong(
  installation: Installation,
  audience: Audience,
  personIds: readonly string[],
): Promise<string[]> {
  const { database, policy } = installation;
  const found = await readPermitted<string, { guarded: boolean }>(
    database,
    policy,
    audience.purposes,
    { personIds },
    segmentRead(policy, audience.segment, database.world.now()),
  );
  const members = new Set(found.map(({ personId }) => personId));
  for (const { personId, row } of found)
    if (row.guarded && (await safeguardsOf(installation, database, personId)).length > 0) members.delete(personId);
  return personIds.filter((personId) => members.has(personId));
}

/** How many people are in it now; undefined when they are fewer than `audienceMin`. */
export async function countAudience(installation: Installation, audience: Audience): Promise<number | undefined> {
  let people = 0;
  for await (const { personIds } of membersOf(installation, audience, { page: 2_000 })) people += personIds.length;
  return people < audienceMin ? undefined : people;
}
