/**
 * What a new policy changes, and whom that concerns: which purposes need a new notice version, and who has to be asked again before they
 * are processed under it. Promises that two policies differ exactly when there is a change to show. Called by `fairlead check --against`
 * and by the adoption of a policy version.
 */
import { canonicalJson } from './canonical.ts';
import { locateFindings } from './check.ts';
import type { Finding, PolicySource } from './check.ts';
import { durationMsMean, parsedDuration } from './durations.ts';
import { quoted } from './internal/shapes.ts';
import { entryOf, noticeLanguages } from './policy.ts';
import type { Policy, Purpose } from './policy.ts';

/** Closed list; the ones that widen what a person agreed to need a new notice. */
export type ChangeKind =
  | 'purpose.added'
  | 'purpose.removed'
  | 'basis.changed'
  | 'notice.changed'
  | 'notice-version.lowered'
  | 'retention.longer'
  | 'retention.shorter'
  | 'recipient.added'
  | 'recipient.removed'
  | 'controller.changed'
  | 'field.added'
  | 'field.removed'
  | 'field.changed'
  | 'event.added'
  | 'event.removed'
  | 'event.property-added'
  | 'event.property-removed'
  | 'model.added'
  | 'model.removed'
  | 'model.source-added'
  | 'model.source-removed'
  | 'model.target-changed'
  | 'other';

export interface Change {
  readonly kind: ChangeKind;
  /** Where: in the new policy, or in the old one for what was removed. */
  readonly path: readonly string[];
  readonly message: string;
  /** The purpose whose people it concerns. */
  readonly purpose?: string;
  /** Whether the new policy has raised the notice version of that purpose, as far as one is needed. */
  readonly isAnnounced: boolean;
  /**
   * Who has to be asked again: those who agreed under an earlier notice version, or nobody. Where the purpose was opt-out, those who have
   * not objected are told, or asked if it is opt-in from now on.
   */
  readonly askAgain: 'who agreed' | 'who has not objected' | 'nobody';
}

/** Every difference between two policies that have passed the checker; empty exactly when they say the same. */
export function diffPolicies(old: Policy, next: Policy): Change[] {
  const found: Difference[] = [
    ...controllerChanges(old, next),
    ...purposeChanges(old, next),
    ...fieldChanges(old, next),
    ...eventChanges(old, next),
    ...modelChanges(old, next),
  ];
  const covered = new Set(found.map((difference) => pathKey(difference.covers ?? difference.path)));
  return [...found, ...otherChanges(old, next, covered)].map((difference) => changeOf(old, next, difference));
}

/** Whether a change widens what people have agreed to, so that its purpose needs a new notice version. */
export function needsNewNotice(change: Change): boolean {
  return change.askAgain !== 'nobody';
}

/** The changes that need a new notice version and do not have one, as findings with file, line and remedy. */
export function findingsAgainst(old: Policy, next: Policy, source?: PolicySource): Finding[] {
  const findings = diffPolicies(old, next)
    .filter((change) => !change.isAnnounced)
    .map((change): Finding => {
      const purpose = change.purpose ?? '';
      const version = noticeVersionOf(entryOf(old.purposes, purpose)) + 1;
      const who =
        change.askAgain === 'who agreed'
          ? 'those who agreed are asked again'
          : entryOf(next.purposes, purpose)?.basis === 'opt-out'
            ? 'those who have not objected are told'
            : 'those who have not objected are asked';
      return {
        severity: 'error',
        code: `against.${change.kind}`,
        message: change.message,
        remedy: `Say so in the notice of ${quoted(purpose)} and write noticeVersion: ${version}; then ${who}.`,
        path: change.path,
      };
    });
  return source === undefined ? findings : locateFindings(findings, source);
}

/** A change before it is known whether it was announced. */
interface Difference {
  readonly kind: ChangeKind;
  readonly path: readonly string[];
  readonly message: string;
  readonly purpose?: string;
  readonly widens?: boolean;
  /** The path that needs no second line under `other`, where it is not `path`. */
  readonly covers?: readonly string[];
}

function changeOf(old: Policy, next: Policy, { kind, path, message, purpose, widens }: Difference): Change {
  const before = entryOf(old.purposes, purpose ?? '');
  const after = entryOf(next.purposes, purpose ?? '');
  // A purpose that is new or gone has nobody to ask again.
  const isNobody = widens !== true || before === undefined || after === undefined;
  const askAgain = isNobody ? 'nobody' : before.basis === 'opt-out' ? 'who has not objected' : 'who agreed';
  const isAnnounced = isNobody || noticeVersionOf(after) > noticeVersionOf(before);
  return { kind, path, message, ...(purpose === undefined ? {} : { purpose }), isAnnounced, askAgain };
}

function noticeVersionOf(purpose: Purpose | undefined): number {
  return purpose?.noticeVersion ?? 1;
}

/** Who is responsible is part of what people were told (GDPR Art. 13(1)(a)), for each purpose. */
function* controllerChanges(old: Policy, next: Policy): Iterable<Difference> {
  if (old.controller.name === next.controller.name) return;
  for (const purpose of Object.keys(next.purposes)) {
    yield {
      kind: 'controller.changed',
      path: ['controller', 'name'],
      purpose,
      widens: true,
      message: `Who is responsible changes from ${quoted(old.controller.name)} to ${quoted(next.controller.name)}`,
    };
  }
}

function* purposeChanges(old: Policy, next: Policy): Iterable<Difference> {
  for (const name of Object.keys(old.purposes)) {
    if (Object.hasOwn(next.purposes, name)) continue;
    yield {
      kind: 'purpose.removed',
      path: ['purposes', name],
      purpose: name,
      message: `The purpose ${quoted(name)} is gone`,
    };
  }
  for (const [name, after] of Object.entries(next.purposes)) {
    const before = entryOf(old.purposes, name);
    const at = (key: string) => ({ path: ['purposes', name, key], purpose: name });
    if (before === undefined) {
      yield {
        kind: 'purpose.added',
        path: ['purposes', name],
        purpose: name,
        message: `The purpose ${quoted(name)} is new`,
      };
      continue;
    }
    if (before.basis !== after.basis) {
      const message = `The purpose ${quoted(name)} no longer rests on ${before.basis} but on ${after.basis}`;
      yield { kind: 'basis.changed', ...at('basis'), widens: true, message };
    }
    for (const key of ['title', 'notice'] as const) {
      if (before[key] === after[key]) continue;
      const message = `The ${key} of the purpose ${quoted(name)} has another text`;
      yield { kind: 'notice.changed', ...at(key), widens: true, message };
    }
    for (const language of noticeLanguages) {
      const [was, is] = [before.languages?.[language], after.languages?.[language]];
      // A translation that is new says what was said before; one that has another text, or is gone, does not.
      if (was === undefined || (was.title === is?.title && was.notice === is.notice)) continue;
      const message = `The words of the purpose ${quoted(name)} in the language ${quoted(language)} are others`;
      yield { kind: 'notice.changed', ...at('languages'), widens: true, message };
    }
    if (noticeVersionOf(after) < noticeVersionOf(before)) {
      const message = `The notice version of ${quoted(name)} goes back from ${noticeVersionOf(before)} to ${noticeVersionOf(after)}`;
      yield { kind: 'notice-version.lowered', ...at('noticeVersion'), widens: true, message };
    }
    if (lengthOf(before.keepFor) !== lengthOf(after.keepFor)) {
      const isLonger = lengthOf(after.keepFor) > lengthOf(before.keepFor);
      const message = `Data for ${quoted(name)} is kept for ${after.keepFor} and no longer for ${before.keepFor}`;
      yield { kind: isLonger ? 'retention.longer' : 'retention.shorter', ...at('keepFor'), widens: isLonger, message };
    }
    yield* recipientChanges(name, before, after);
  }
}

function* recipientChanges(purpose: string, before: Purpose, after: Purpose): Iterable<Difference> {
  const { added, removed } = listChanges(before.recipients ?? [], after.recipients ?? []);
  const covers = ['purposes', purpose, 'recipients'];
  for (const [index, recipient] of added) {
    const path = [...covers, String(index)];
    const message = `${quoted(recipient)} receives what is kept for ${quoted(purpose)}`;
    yield { kind: 'recipient.added', path, purpose, widens: true, covers, message };
  }
  for (const [index, recipient] of removed) {
    const path = [...covers, String(index)];
    const message = `${quoted(recipient)} no longer receives what is kept for ${quoted(purpose)}`;
    yield { kind: 'recipient.removed', path, purpose, covers, message };
  }
}

function* fieldChanges(old: Policy, next: Policy): Iterable<Difference> {
  yield* useChanges('field', 'people', old.people, next.people);
  for (const [name, after] of Object.entries(next.people)) {
    const before = entryOf(old.people, name);
    if (before === undefined) continue;
    const was = { ...before, for: [] };
    const is = { ...after, for: [] };
    if (canonicalJson(was) === canonicalJson(is)) continue;
    // Another kind or another type of value is another field; a code more or less is new only where the field is sensitive.
    const isStillPlain = before.kind === 'attribute' && after.kind === 'attribute' && before.type === after.type;
    for (const purpose of after.for ?? []) {
      const message = `The field ${quoted(name)} is not what it was when people agreed to ${quoted(purpose)}`;
      yield { kind: 'field.changed', path: ['people', name], purpose, widens: !isStillPlain, message };
    }
  }
}

function* eventChanges(old: Policy, next: Policy): Iterable<Difference> {
  yield* useChanges('event', 'events', old.events, next.events);
  for (const [name, after] of Object.entries(next.events)) {
    const before = entryOf(old.events, name);
    if (before === undefined) continue;
    const covers = ['events', name, 'properties'];
    const { added, removed } = listChanges(propertiesOf(before.properties), propertiesOf(after.properties));
    for (const [, property] of added) {
      for (const purpose of after.for) {
        const message = `The event ${quoted(name)}, kept for ${quoted(purpose)}, now keeps ${property}`;
        yield {
          kind: 'event.property-added',
          path: [...covers, property.split(': ')[0] ?? ''],
          purpose,
          widens: true,
          covers,
          message,
        };
      }
    }
    for (const [, property] of removed) {
      const message = `The event ${quoted(name)} no longer keeps ${property}`;
      yield { kind: 'event.property-removed', path: [...covers, property.split(': ')[0] ?? ''], covers, message };
    }
  }
}

function* modelChanges(old: Policy, next: Policy): Iterable<Difference> {
  for (const [name, before] of Object.entries(old.models)) {
    const after = entryOf(next.models, name);
    if (after?.kind === before.kind && after.for === before.for) continue;
    const message = `The model ${quoted(name)} for ${quoted(before.for)} is gone`;
    yield { kind: 'model.removed', path: ['models', name], purpose: before.for, message };
  }
  for (const [name, after] of Object.entries(next.models)) {
    const before = entryOf(old.models, name);
    const purpose = after.for;
    if (before?.kind !== after.kind || before.for !== after.for) {
      const message = `The model ${quoted(name)} is new for ${quoted(purpose)}`;
      yield { kind: 'model.added', path: ['models', name], purpose, widens: true, message };
      continue;
    }
    const key = after.kind === 'recommender' ? 'from' : 'using';
    const covers = ['models', name, key];
    const { added, removed } = listChanges(sourcesOf(before), sourcesOf(after));
    for (const [index, source] of added) {
      const message = `The model ${quoted(name)}, for ${quoted(purpose)}, now learns from ${quoted(source)}`;
      yield { kind: 'model.source-added', path: [...covers, String(index)], purpose, widens: true, covers, message };
    }
    for (const [index, source] of removed) {
      const message = `The model ${quoted(name)} no longer learns from ${quoted(source)}`;
      yield { kind: 'model.source-removed', path: [...covers, String(index)], purpose, covers, message };
    }
    if (before.kind === 'propensity' && after.kind === 'propensity' && before.predicts !== after.predicts) {
      const message = `The model ${quoted(name)}, for ${quoted(purpose)}, predicts ${quoted(after.predicts)} and no longer ${quoted(before.predicts)}`;
      yield { kind: 'model.target-changed', path: ['models', name, 'predicts'], purpose, widens: true, message };
    }
  }
}

type Used = { readonly for?: readonly string[] };

/** What became or stopped being used for a purpose, among fields or events. */
function* useChanges(
  what: 'field' | 'event',
  section: 'people' | 'events',
  old: Readonly<Record<string, Used>>,
  next: Readonly<Record<string, Used>>,
): Iterable<Difference> {
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const before = entryOf(old, name);
    const after = entryOf(next, name);
    const covers = before === undefined || after === undefined ? [section, name] : [section, name, 'for'];
    const { added, removed } = listChanges(before?.for ?? [], after?.for ?? []);
    for (const [index, purpose] of added) {
      const message = `The ${what} ${quoted(name)} is now used for ${quoted(purpose)}`;
      yield {
        kind: `${what}.added`,
        path: [section, name, 'for', String(index)],
        purpose,
        widens: true,
        covers,
        message,
      };
    }
    for (const [index, purpose] of removed) {
      const message = `The ${what} ${quoted(name)} is no longer used for ${quoted(purpose)}`;
      yield { kind: `${what}.removed`, path: [section, name, 'for', String(index)], purpose, covers, message };
    }
  }
}

/** Whatever differs and is on no line above: it concerns how things work, and not what people agreed to. */
function* otherChanges(
  old: unknown,
  next: unknown,
  covered: ReadonlySet<string>,
  path: readonly string[] = [],
): Iterable<Difference> {
  if (covered.has(pathKey(path)) || canonicalJson({ value: old }) === canonicalJson({ value: next })) return;
  if (isObject(old) && isObject(next)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
      yield* otherChanges(ownMember(old, key), ownMember(next, key), covered, [...path, key]);
    }
    return;
  }
  const verb = old === undefined ? 'is new' : next === undefined ? 'is gone' : 'has another value';
  yield { kind: 'other', path, message: `${path.join('.')} ${verb}` };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownMember(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function listChanges(before: readonly string[], after: readonly string[]) {
  return {
    added: [...after.entries()].filter(([, entry]) => !before.includes(entry)),
    removed: [...before.entries()].filter(([, entry]) => !after.includes(entry)),
  };
}

function propertiesOf(properties: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(properties ?? {}).map(([name, type]) => `${name}: ${type}`);
}

function sourcesOf(model: Policy['models'][string]): readonly string[] {
  return model.kind === 'recommender' ? model.from : model.using;
}

function lengthOf(keepFor: string): number {
  const duration = parsedDuration(keepFor);
  return duration === undefined ? 0 : durationMsMean(duration);
}

function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}
