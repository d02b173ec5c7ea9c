/**
 * Who meets the rule of a segment: as SQL over one person, for a statement that tests consent and reads in one. Attributes are those that people stated;
 * what is built in follows from the events that are kept for the segment's purpose. What is excluded or has expired does not count.
 */
import type { PermittedRead } from '../consent/permit.ts';
import { Refusal } from '../database/refusal.ts';
import { subtractDuration } from '../policy/durations.ts';
import { type Condition, type Policy, builtInFeatures, entryOf } from '../policy/policy.ts';
import { purposesOfEvent, purposesOfField } from '../policy/views.ts';

const dayMs = 86_400_000;

/**
 * A read (for `readPermitted`) that answers a row for whoever meets the rule, and none for anybody else. The row says whether a safeguard is stored, which
 * has to be opened before the person counts as a member.
 *
 * - an attribute meets a list by being one of it, and a range by lying in it, both ends included; who has not stated it meets neither;
 * - `recency`: whole days since the last event; nobody without an event meets a condition on it;
 * - `frequency`: how many events; none is 0;
 * - `value`: the sum of the first property of type money that each event declares; none is 0.
 */
export function segmentRead(policy: Policy, name: string, now: Date): PermittedRead {
  const segment = entryOf(policy.segments, name);
  const purpose = entryOf(policy.purposes, segment?.for ?? '');
  if (segment === undefined || purpose === undefined)
    throw new Refusal('segment.unknown', `The policy has no segment named "${name}".`, {
      remedy: `Its segments are: ${Object.keys(policy.segments ?? {}).join(', ')}.`,
    });
  const values: unknown[] = [];
  const bound = (value: unknown, type: string): string => {
    values.push(value);
    return `$${values.length + 3}::${type}`;
  };
  const safeguards = Object.entries(policy.people).flatMap(([field, { kind }]) =>
    kind === 'safeguard' ? [field] : [],
  );
  const guarded = `exists (select 1 from profile_fields f where f.person_id = permitted.person_id and f.field = any(${bound(safeguards, 'text[]')}))`;
  const conditions = Object.entries(segment.where);
  const tests = conditions.map(([feature, condition]) =>
    builtInFeatures.includes(feature)
      ? builtInTest(feature, condition, bound)
      : attributeTest(policy, { feature, purpose: segment.for }, condition, bound),
  );
  const needsEvents = conditions.some(([feature]) => builtInFeatures.includes(feature));
  const source = needsEvents ? ` from (${doneSql(policy, { purpose: segment.for, now }, bound)}) as done` : '';
  return { select: `select ${guarded} as guarded${source} where ${tests.join(' and ')}`, values };
}

type Bind = (value: unknown, type: string) => string;

function attributeTest(
  policy: Policy,
  { feature, purpose }: { feature: string; purpose: string },
  condition: Condition,
  bound: Bind,
): string {
  const field = entryOf(policy.people, feature);
  // The checker refuses such a policy; a rule that slipped past it finds nobody.
  if (field?.kind !== 'attribute' || !purposesOfField(policy, feature).includes(purpose)) return 'false';
  const isMet = isListOfCodes(condition)
    ? `f.value = any(${bound([...condition], 'text[]')})`
    : rangeTest('f.value::numeric', condition, bound);
  return `exists (select 1 from profile_fields f where f.person_id = permitted.person_id and f.field = ${bound(feature, 'text')} and f.value is not null and ${isMet})`;
}

function builtInTest(feature: string, condition: Condition, bound: Bind): string {
  if (isListOfCodes(condition)) return 'false';
  return rangeTest(`done.${feature}`, condition, bound);
}

function rangeTest(what: string, range: { atLeast?: number; atMost?: number }, bound: Bind): string {
  const ends = [
    ...(range.atLeast === undefined ? [] : [`${what} >= ${bound(range.atLeast, 'numeric')}`]),
    ...(range.atMost === undefined ? [] : [`${what} <= ${bound(range.atMost, 'numeric')}`]),
  ];
  return ends.length === 0 ? 'false' : ends.join(' and ');
}

/** What somebody did, as the built-in features see it. An event that is about excluded items alone, or lies in an excluded period, was not done. */
function doneSql(policy: Policy, ask: { purpose: string; now: Date }, bound: Bind): string {
  const keepFor = entryOf(policy.purposes, ask.purpose)?.keepFor ?? '1 minute';
  const now = bound(ask.now, 'timestamptz');
  const paid = Object.entries(policy.events).flatMap(([event, { properties }]) => {
    const [property] = Object.entries(properties ?? {}).find(([, type]) => type === 'money') ?? [];
    return property === undefined || !purposesOfEvent(policy, event).includes(ask.purpose) ? [] : [{ event, property }];
  });
  return `select floor(extract(epoch from ${now} - max(e.at)) * 1000 / ${dayMs}) as recency, count(*) as frequency,
            coalesce(sum((e.properties ->> paid.property)::numeric), 0) as value
     from events e left join unnest(${bound(
       paid.map(({ event }) => event),
       'text[]',
     )}, ${bound(
       paid.map(({ property }) => property),
       'text[]',
     )}) as paid (event, property) on paid.event = e.name
     where e.person_id = permitted.person_id and ${bound(ask.purpose, 'text')} = any(e.purposes) and e.at >= ${bound(subtractDuration(ask.now, keepFor), 'timestamptz')} and e.at <= ${now}
       and not exists (select 1 from exclusions x where x.person_id = e.person_id and x.item_id is null and e.at >= x.from_at and e.at < x.until_at)
       and (cardinality(e.item_ids) = 0 or exists (
         select 1 from unnest(e.item_ids) as mentioned (item_id)
         where not exists (select 1 from exclusions x where x.person_id = e.person_id and x.item_id = mentioned.item_id)
       ))`;
}

function isListOfCodes(condition: Condition): condition is readonly string[] {
  return Array.isArray(condition);
}
