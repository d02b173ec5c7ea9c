/**
 * The record of a personal decision: everything that it was made from and all that left, as canonical JSON, committed to in the transparency log. From
 * the first half (`used`) the second (`items`) can be computed again; `why` and `verify` do so.
 */
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
  readonly from: number;
  readonly to: number;
  readonly cause: string;
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
  };
  /** What was there and was not used, and why: in words of the policy. */
  readonly notUsed: readonly { readonly what: string; readonly why: string }[];
  readonly items: readonly DecidedItem[];
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
    return {
      ...record,
      used: { ...record.used, history: [], passedOver: [] },
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
    used: { ...record.used, history },
    items: record.items.map((item) => ({
      ...item,
      terms: item.terms.filter((term) => term.of === 'everyone' || keep(term.of)),
    })),
    redacted,
  };
}
