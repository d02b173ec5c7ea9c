/**
 * Tells what a demo came to, for a person at a terminal: plain sentences, one thing a line, numbers set under one another. Pure; colours are left to the
 * `Ink` that the caller gives.
 */
import type { KeptItem } from '../../catalogue/items.ts';
import { shownMoves } from '../../http/pages/shown-moves.ts';
import { shownPoints } from '../../http/pages/shown-points.ts';
import type { Policy } from '../../policy/policy.ts';
import type { DemoRun } from './play-demo.ts';
import type { Story } from './stories.ts';

/** How to set a word off; each may do nothing. */
export interface Ink {
  strong(text: string): string;
  soft(text: string): string;
  good(text: string): string;
}

export interface Telling {
  readonly run: DemoRun;
  readonly story: Story;
  readonly policy: Policy;
  readonly itemOf: (itemId: string) => KeptItem | undefined;
  readonly ink: Ink;
  /** Columns of the terminal. */
  readonly width: number;
}

/** The account, line by line. */
export function tellDemo(telling: Telling): string[] {
  return [
    ...whatCameIn(telling),
    ...whatIsHeld(telling),
    ...suggestions(telling),
    ...howGood(telling),
    ...withdrawal(telling),
    ...proof(telling),
  ];
}

function whatCameIn({ run: { filling }, ink }: Telling): string[] {
  if (filling === undefined) return [];
  const { outcomes } = filling;
  const kept = [`${count(outcomes.stored)} calls were kept.`];
  if (outcomes['without basis'] > 0)
    kept.push(`${count(outcomes['without basis'])} were not, because their people do not allow it.`);
  if (outcomes.undeclared > 0)
    kept.push(
      `${count(outcomes.undeclared)} were not, because the policy does not ask for them (what people searched for).`,
    );
  return [
    '',
    ink.strong('What came in'),
    `  ${count(filling.people)} people were asked, ${count(filling.answered)} answered, ${count(filling.allowing)} allow suggestions.`,
    ...kept.map((line) => `  ${line}`),
  ];
}

function whatIsHeld({ run: { held }, story, policy, itemOf, ink }: Telling): string[] {
  const bought = new Set(
    held.events.filter((event) => event.name === 'Order Completed').flatMap((event) => event.items),
  );
  const purposes = Object.entries(policy.purposes).map(([purpose, { title, keepFor }]) => {
    const last = held.consents.findLast((entry) => entry.purpose === purpose);
    const events = held.events.filter((event) => event.purposes.includes(purpose)).length;
    return held.standing.includes(purpose)
      ? `  ${title.padEnd(40)} ${ink.good('allowed')} ${last === undefined ? '' : day(last.at)}; ${events} ${events === 1 ? 'event' : 'events'}, for ${keepFor}`
      : `  ${title.padEnd(40)} ${ink.soft('not allowed; nothing is kept for it')}`;
  });
  const fields = Object.entries(held.fields).map(
    ([field, value]) => `${field} ${String(value)}${isSealed(policy, field) ? ' (sealed)' : ''}`,
  );
  const things = [
    ...new Map(held.events.toReversed().flatMap((event) => event.items.map((item) => [item, event] as const))),
  ];
  return [
    '',
    `${ink.strong(story.name)}  ${ink.soft(story.about)}`,
    ...purposes,
    `  ${ink.soft('Known:')} ${fields.join(', ')}.`,
    `  ${ink.soft('Looked at, newest first:')}`,
    ...things.toReversed().map(([itemId, event]) => {
      const item = itemOf(itemId);
      const topic = item?.topics[0];
      const did = bought.has(itemId) ? 'bought' : 'viewed';
      return `    ${(item?.title ?? itemId).padEnd(30)} ${did} ${day(new Date(event.at))}${topic === undefined ? '' : ink.soft(`; ${topic}, so nothing is learned from it`)}`;
    }),
  ];
}

function suggestions({ run: { before, model, held }, story, itemOf, ink, width }: Telling): string[] {
  const bought = new Set(
    held.events.filter((event) => event.name === 'Order Completed').flatMap((event) => event.items),
  );
  const title = (itemId: string): string => itemOf(itemId)?.title ?? itemId;
  const heading = before.personal
    ? `${before.items.length} suggestions for ${story.name}, from the model of ${count(model.people)} people`
    : `No suggestions for ${story.name}: what ${count(model.people)} people did is too little to learn from`;
  return [
    '',
    ink.strong(heading),
    ...before.items.flatMap((item, at) => {
      const { score, terms } = shownPoints(item);
      // Whoever is moved down makes room for others; those tell why.
      const moved = (item.moves[0]?.from ?? 0) > at + 1 ? shownMoves(item) : undefined;
      const first = `  ${String(at + 1).padStart(2)}  ${title(item.item).padEnd(30)} ${before.personal ? `${ink.strong(String(score).padStart(4))} points` : ''}${moved === undefined ? '' : ink.soft(`  (${moved})`)}`;
      if (terms.length === 0) return [first];
      const own = terms.filter(({ of }) => of !== 'everyone');
      const rest = own.slice(3).reduce((sum, term) => sum + term.points, 0);
      const everyone = terms.find(({ of }) => of === 'everyone');
      const parts = [
        ...own
          .slice(0, 3)
          .map(({ of, points }) => `${signed(points)} for ${bought.has(of) ? 'buying' : 'viewing'} ${title(of)}`),
        ...(own.length > 3 ? [`${signed(rest)} for ${own.length - 3} more`] : []),
        ...(everyone === undefined ? [] : [`${signed(everyone.points)} where everybody starts`]),
      ];
      return [first, ...wrapped(parts, { indent: 6, width, joint: '  ' }).map((line) => ink.soft(line))];
    }),
  ];
}

function howGood({ run: { hitRate, before }, ink }: Telling): string[] {
  if (hitRate.people === 0) return [];
  const line = (name: string, hits: number): string => {
    const share = hits / hitRate.people;
    return `  ${name.padEnd(24)} ${'█'.repeat(Math.max(1, Math.round(share * 60)))} ${(share * 100).toFixed(1)} %`;
  };
  return [
    '',
    ink.strong('Is it any good?'),
    `  ${count(hitRate.people)} people later bought something that the model never saw. Shown ${before.items.length} things, so many find it:`,
    line('made for each person', hitRate.hits),
    line('popular, for everybody', hitRate.popularHits),
  ];
}

function withdrawal({ run: { after, receipt, model, modelAfter }, story, itemOf, ink, width }: Telling): string[] {
  const titles = after.items.map(({ item }) => itemOf(item)?.title ?? item);
  return [
    '',
    ink.strong(`${story.name} switches suggestions off`),
    `  Receipt ${receipt.receipt}`,
    `    fingerprint before  ${fingers(receipt.sumDigestBefore)}   ${count(model.people)} people`,
    `    fingerprint after   ${fingers(receipt.sumDigestAfter)}   ${count(modelAfter.people)} people`,
    `  The same call now answers ${after.personal ? 'personally' : 'what it answers everybody'}:`,
    ...wrapped(titles, { indent: 4, width, joint: ', ' }).map((line) => ink.soft(line)),
  ];
}

function proof({ run: { modelAfter, retrained, isEqual }, story, ink }: Telling): string[] {
  return [
    '',
    ink.strong('Is she really gone?'),
    `  The model, ${story.name} subtracted         ${fingers(modelAfter.parameterDigest)}`,
    `  Trained from nothing without her  ${fingers(retrained.parameterDigest)}`,
    isEqual
      ? `  ${ink.good('The same, byte for byte.')} ${ink.soft(`(${count(retrained.people)} people, ${(retrained.milliseconds / 1_000).toFixed(2)} s; all 64 digits compared)`)}`
      : '  They differ. This must not happen: please report it.',
  ];
}

function isSealed(policy: Policy, field: string): boolean {
  const declared = policy.people[field];
  return declared !== undefined && declared.kind !== 'attribute';
}

/** Joins parts into lines that fit. */
function wrapped(parts: readonly string[], options: { indent: number; width: number; joint: string }): string[] {
  const lines: string[] = [];
  let line = '';
  parts.forEach((part, at) => {
    const piece = part + (at < parts.length - 1 ? options.joint : '');
    if (line !== '' && options.indent + line.length + piece.trimEnd().length > options.width) {
      lines.push(line);
      line = '';
    }
    line += piece;
  });
  if (line !== '') lines.push(line);
  return lines.map((text) => ' '.repeat(options.indent) + text.trimEnd());
}

/** The first 24 digits of a digest, in groups. */
function fingers(digest: string | null): string {
  return (digest?.slice(0, 24).match(/.{4}/g) ?? []).join(' ');
}

function count(number: number): string {
  return new Intl.NumberFormat('en-GB').format(number);
}

function signed(points: number): string {
  return points < 0 ? `−${-points}` : `+${points}`;
}

function day(date: Date): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' }).format(date);
}
