/**
 * Reads the strings of other consent tools with the libraries of the IAB that define them: TCF (a choice, purpose by purpose) and GPP (opt-outs of the states of
 * the USA). They are read and never written: only a registered tool may write one. A string that cannot be read says nothing.
 */
import { GppModel } from '@iabgpp/cmpapi';
import { TCString } from '@iabtechlabtcf/core';
import { type CountsAs, type Policy, countsAs } from '../policy/policy.ts';

/** What the sections of the states call the three things that an opt-out is about; 1 is "opted out". */
const optOutFields: Readonly<Record<CountsAs, string>> = {
  sale: 'SaleOptOut',
  sharing: 'SharingOptOut',
  'targeted advertising': 'TargetedAdvertisingOptOut',
};
const optedOut = 1;

/** What a GPP string opts out of: the union of its sections, and everything where one of them carries the browser's signal. Undefined when it cannot be read. */
export function gppOptOuts(text: string): CountsAs[] | undefined {
  if (text.length > textMax) return undefined;
  try {
    const sections: Readonly<Record<string, unknown>> = new GppModel(text).toObject();
    const found = new Set<CountsAs>();
    for (const section of Object.values(sections)) {
      for (const kind of countsAs) if (valueOf(section, optOutFields[kind]) === optedOut) found.add(kind);
      // The older string of the US Privacy section knows the sale alone.
      if (valueOf(section, 'OptOutSale') === 'Y') found.add('sale');
      if (valueOf(section, 'Gpc') === true) for (const kind of countsAs) found.add(kind);
    }
    return countsAs.filter((kind) => found.has(kind));
  } catch {
    // The library throws errors of many kinds on what is no GPP string.
    return undefined;
  }
}

/** Whether each purpose that the policy maps is allowed by a TCF string: only where all the TCF purposes that it needs are. Undefined when it cannot be read. */
export function tcfChoices(policy: Policy, text: string): Record<string, boolean> | undefined {
  if (text.length > textMax) return undefined;
  try {
    const { purposeConsents } = TCString.decode(text);
    const choices: Record<string, boolean> = {};
    for (const [number, purposes] of Object.entries(policy.signals?.tcf ?? {}))
      for (const purpose of purposes)
        choices[purpose] = (choices[purpose] ?? true) && purposeConsents.has(Number(number));
    return choices;
  } catch {
    return undefined;
  }
}

/** Longer than any string that a tool has reason to write. */
const textMax = 8_000;

function valueOf(section: unknown, field: string): unknown {
  return typeof section === 'object' && section !== null ? Reflect.get(section, field) : undefined;
}
