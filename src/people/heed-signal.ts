/**
 * A privacy signal of somebody's browser is obeyed: what it covers is switched off, and what was learned for it is subtracted, through `forget` like every
 * withdrawal. Seen again, or where the person has agreed at a notice of the conflict since, it changes nothing.
 */
import { consentHistory } from '../consent/ledger.ts';
import { purposesCovered, signalMethod, takesSignal } from '../consent/signals.ts';
import type { CountsAs } from '../policy/policy.ts';
import { type ForgettingInstallation, forgetWithin } from './forget.ts';
import { lockPeople } from './persons.ts';
import type { Receipt } from './receipts.ts';

export interface Heeded {
  /** What was switched off now. */
  readonly purposes: readonly string[];
  readonly receipt: Receipt | undefined;
}

/** Obeys. `source` names the signal, `about` what it speaks of. Refuses with `person.unknown`. */
export async function heedSignal(
  installation: ForgettingInstallation,
  personId: string,
  signal: { readonly source: string; readonly about?: readonly CountsAs[] },
): Promise<Heeded> {
  const covered = purposesCovered(installation.policy, signal.about);
  if (covered.length === 0) return { purposes: [], receipt: undefined };
  return installation.database.transaction(async (tx) => {
    await lockPeople(tx, [personId]);
    const spoken = await consentHistory(tx, personId);
    const purposes = covered.filter((purpose) => takesSignal(spoken, purpose));
    if (purposes.length === 0) return { purposes, receipt: undefined };
    const receipt = await forgetWithin(installation, tx, personId, {
      kind: 'withdraw',
      purposes,
      method: signalMethod,
      source: signal.source,
    });
    return { purposes, receipt };
  });
}
