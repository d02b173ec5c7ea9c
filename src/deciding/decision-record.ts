/**
 * The record of a personal decision: everything that it was made from and all that left, as canonical JSON, committed to in the transparency log. From
 * the first half (`used`) the second (`items`) can be computed again; `why` and `verify` do so.
 */
import type { BalanceWeights } from './balance.ts';
import { canonicalJson } from '../policy/canonical.ts';

/** The purpose that allowed something, and on what it stands. */
export interface Basis {
  readonly purpose: string;
  /** The id of the consent entry; null where the policy names a law in its place. */
  readonly consent: string | null;
  /** The version of the notice that the person agreed to. */
  readonly notice: number;
}

/** One reason for a score: an item of the history, or everyone. Points are whole; `pointScale` of them make one. */
export interface Term {
  readonly of: string;
  readonly points: number;
}

/** A later change of rank, with what caused it. */
export interface Move {
  /** Counted from 1: the place by score, or after the move before. */
  readonly from: number;
  readonly to: number;
  readonly cause: string;
  /** In points: how much more the item had that stood at `to` until then. */
  readonly cost: number;
}

/** What a list was balanced by. */
export interface BalanceUsed {
  /** The item field whose mix was followed. */
  readonly by: string;
  /** Where the person's dial stood, within the bounds of the placement. */
  readonly dial: number;
  readonly weights: BalanceWeights;
  /** What was known of the candidates; gone once the record is stripped. */
  readonly facts?: BalanceFacts;
}

/** What was known of the candidates, best first, as numbers: the catalogue may say something else by the time of a replay. */
export interface BalanceFacts {
  readonly groups: readonly number[];
  readonly suppliers: readonly number[];
  /** How often each had been shown: one hexadecimal digit each. */
  readonly exposures: string;
  /** The groups of the history's items, by item number. */
  readonly history: readonly number[];
  readonly heldBack: readonly number[];
}

export interface DecidedItem {
  readonly item: string;
  readonly score: number;
  readonly terms: readonly Term[];
  readonly moves: readonly Move[];
}

export interface DecisionRecord {
  readonly record: 'decision';
  readonly decision: string;
  readonly person: string;
  readonly placement: string;
  readonly at: string;
  readonly policyVersion: number;
  readonly basis: readonly Basis[];
  readonly model: string;
  readonly used: {
    /** The history that was scored: item id and factor in 256ths, by item number. */
    readonly history: readonly { readonly item: string; readonly factor: number }[];
    /** How many items the placement shows. */
    readonly show: number;
    /** Items that scored high enough and were passed over because they were not available or may not be shown. */
    readonly passedOver: readonly string[];
    /** Absent where the placement declares no variety. */
    readonly balance?: BalanceUsed;
  };
  /** What was there and was not used, and why: in words of the policy. */
  readonly notUsed: readonly { readonly what: string; readonly why: string }[];
  readonly items: readonly DecidedItem[];
  /** What each part of the balance cost the whole list, in points. */
  readonly costs?: readonly { readonly cause: string; readonly points: number }[] | undefined;
  /** The kinds of forgetting that have stripped this record since; then it no longer opens its commitment. */
  readonly redacted?: readonly string[];
}

export function recordText(record: DecisionRecord): string {
  return canonicalJson(record);
}

/** The record again from its stored text. */
export function recordFrom(text: string): DecisionRecord {
  return JSON.parse(text) as DecisionRecord; // written by `recordText`; `verify` compares it with its commitment
}

/** The record without whatever names an item that is gone, or without everything. The ids of the decision and the model stay. */
export function stripped(
  record: DecisionRecord,
  strip: { kind: string; keep: (itemId: string) => boolean } | { kind: string; keep: 'nothing' },
): DecisionRecord {
  const redacted = [...new Set([...(record.redacted ?? []), strip.kind])];
  if (strip.keep === 'nothing') {
    const { costs: _, ...rest } = record;
    return {
      ...rest,
      used: { show: record.used.show, history: [], passedOver: [] },
      notUsed: [],
      items: [],
      basis: [],
      redacted,
    };
  }
  const { keep } = strip;
  const history = record.used.history.filter((entry) => keep(entry.item));
  if (history.length === record.used.history.length) return record;
  return {
    ...record,
    used: { ...record.used, history, ...withoutFacts(record.used.balance) },
    items: record.items.map((item) => ({
      ...item,
      terms: item.terms.filter((term) => term.of === 'everyone' || keep(term.of)),
    })),
    redacted,
  };
}

/** The mix of the history tells what was in it; and without the whole history there is no replay that would need it. */
function withoutFacts(balance: BalanceUsed | undefined): { balance?: BalanceUsed } {
  if (balance === undefined) return {};
  const { facts: _, ...kept } = balance;
  return { balance: kept };
}
