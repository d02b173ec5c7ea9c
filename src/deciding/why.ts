/**
 * Why somebody saw what they saw: the record in words and numbers, and the replay, which computes the answer again from what was used and the model
 * version, without looking at the stored answer, and compares.
 */
import { Refusal } from '../database/refusal.ts';
import { entryOf } from '../policy/policy.ts';
import { type Basis, type DecidedItem, type DecisionRecord } from './decision-record.ts';
import type { Engine } from './engine.ts';
import { balancedList } from './internal/balanced-list.ts';
import { findDecision } from './find-decision.ts';

export interface ExplainedItem extends DecidedItem {
  readonly title: string;
  /** One sentence for a customer. */
  readonly because: string;
}

export interface Explanation {
  readonly decision: string;
  readonly placement: string;
  readonly at: string;
  readonly personal: boolean;
  /** The kinds of forgetting that have stripped it, or null. */
  readonly redacted: readonly string[] | null;
  readonly basis: readonly (Basis & { readonly title: string; readonly notice: number })[];
  readonly model: string | null;
  readonly items: readonly ExplainedItem[];
  /** What was used, in words. */
  readonly used: readonly string[];
  readonly notUsed: readonly { readonly what: string; readonly why: string }[];
}

/** The explanation of a decision. Refuses with `decision.unknown`. */
export async function why(engine: Engine, decisionId: string): Promise<Explanation> {
  await engine.nonpersonal.flush();
  const found = await findDecision(engine.database, decisionId);
  if (found.about === 'nobody') {
    return {
      decision: decisionId,
      placement: found.placement,
      at: found.at.toISOString(),
      personal: false,
      redacted: null,
      basis: [],
      model: null,
      items: found.items.map((item) => ({
        item,
        title: titleOf(engine, item),
        score: 0,
        terms: [],
        moves: [],
        because: becauseForEverybody,
      })),
      used: ['the catalogue'],
      notUsed: [],
    };
  }
  const { record } = found;
  return {
    decision: decisionId,
    placement: record.placement,
    at: record.at,
    personal: true,
    redacted: record.redacted ?? null,
    basis: record.basis.map((basis) => ({
      ...basis,
      title: entryOf(engine.policy.purposes, basis.purpose)?.title ?? basis.purpose,
    })),
    model: record.model,
    items: record.items.map((item) => ({
      ...item,
      title: titleOf(engine, item.item),
      because: becauseOf(engine, item),
    })),
    used: record.used.history.map((entry) => titleOf(engine, entry.item)),
    notUsed: record.notUsed,
  };
}

const becauseForEverybody = 'Everybody sees this here.';

/** One sentence that names the items which added most. Shares of the score are in the terms. */
export function becauseOf(engine: Pick<Engine, 'items'>, item: DecidedItem): string {
  const reasons = item.terms
    .filter((term) => term.of !== 'everyone' && term.points > 0)
    .toSorted((a, b) => b.points - a.points || (a.of < b.of ? -1 : 1))
    .slice(0, 2)
    .map((term) => titleOf(engine, term.of));
  if (reasons.length === 0) return item.terms.length === 0 ? becauseForEverybody : 'Many people choose this.';
  return `Because you looked at or bought ${reasons.join(' and ')}.`;
}

function titleOf(engine: Pick<Engine, 'items'>, itemId: string): string {
  return engine.items.byId(itemId)?.title ?? 'an item that is no longer in the catalogue';
}

export interface Replay {
  readonly result: 'same' | 'different' | 'redacted' | 'version retired' | 'not personal';
  /** What differs, each in a sentence that names the item and the term. */
  readonly differences: readonly string[];
}

/** Computes a decision again from what it used, and compares with what was recorded. Refuses with `decision.unknown`. */
export async function replay(engine: Engine, decisionId: string): Promise<Replay> {
  await engine.nonpersonal.flush();
  const found = await findDecision(engine.database, decisionId);
  if (found.about === 'nobody') return { result: 'not personal', differences: [] };
  return replayRecord(engine, found.record);
}

/** The same for a record that has been read already. */
export async function replayRecord(engine: Pick<Engine, 'items' | 'models'>, record: DecisionRecord): Promise<Replay> {
  if (record.redacted !== undefined) return { result: 'redacted', differences: [] };
  const live = await engine.models.version(record.model);
  if (live === undefined) return { result: 'version retired', differences: [] };
  const numberOf = (itemId: string): number => {
    const item = engine.items.byId(itemId);
    if (item === undefined)
      throw new Refusal('item.unknown', `The catalogue no longer has ${itemId}, which this decision names.`);
    return item.itemNumber;
  };
  const idOf = (itemNumber: number): string => engine.items.item(itemNumber)?.itemId ?? `#${itemNumber}`;
  const used = record.used.history
    .map(({ item, factor }) => ({ item: numberOf(item), factor }))
    .toSorted((a, b) => a.item - b.item);
  const history = Int32Array.from(used, ({ item }) => item);
  const factors = used.map(({ factor }) => factor);
  const passedOver = new Set(record.used.passedOver.flatMap((itemId) => engine.items.byId(itemId)?.itemNumber ?? []));
  const { show, balance } = record.used;
  const limit = balance?.facts?.groups.length ?? show;
  const ranked = live.scorer.best(history, { limit, factors, exclude: (item) => passedOver.has(item) });
  const again = balancedList(ranked, { show, balance }, idOf, (shown) => live.scorer.explain(history, shown, factors));
  const differences = [...differencesOf(again.items, record.items), ...costDifferences(again.costs, record.costs)];
  return { result: differences.length === 0 ? 'same' : 'different', differences };
}

function costDifferences(again: DecisionRecord['costs'] = [], recorded: DecisionRecord['costs'] = []): string[] {
  const told = (costs: typeof again): string => costs.map(({ cause, points }) => `${cause} ${points}`).join(', ');
  return told(again) === told(recorded)
    ? []
    : [`the cost of balance: recorded ${told(recorded) || 'none'}, computed ${told(again) || 'none'}`];
}

function differencesOf(again: readonly DecidedItem[], recorded: readonly DecidedItem[]): string[] {
  const differences: string[] = [];
  for (let rank = 0; rank < Math.max(again.length, recorded.length); rank += 1) {
    const [now, then] = [again[rank], recorded[rank]];
    if (now === undefined || then === undefined || now.item !== then.item) {
      differences.push(`rank ${rank + 1}: recorded ${then?.item ?? 'nothing'}, computed ${now?.item ?? 'nothing'}`);
      continue;
    }
    const sum = then.terms.reduce((total, term) => total + term.points, 0);
    if (sum !== then.score)
      differences.push(`${then.item}: its terms add up to ${sum}, its recorded score is ${then.score}`);
    if (now.score !== then.score) differences.push(`${then.item}: recorded score ${then.score}, computed ${now.score}`);
    if (movesText(now) !== movesText(then))
      differences.push(`${then.item}: recorded as ${movesText(then)}, computed as ${movesText(now)}`);
    const computed = new Map(now.terms.map((term) => [term.of, term.points]));
    const stored = new Map(then.terms.map((term) => [term.of, term.points]));
    for (const of of new Set([...computed.keys(), ...stored.keys()])) {
      if (computed.get(of) !== stored.get(of))
        differences.push(
          `${then.item}: the term of ${of} is recorded as ${stored.get(of) ?? 'absent'}, computed as ${computed.get(of) ?? 'absent'}`,
        );
    }
  }
  return differences;
}

function movesText({ moves }: DecidedItem): string {
  if (moves.length === 0) return 'not moved';
  return `moved ${moves.map(({ from, to, cause, cost }) => `from ${from} to ${to} by ${cause} for ${cost}`).join(', ')}`;
}
