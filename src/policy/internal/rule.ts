/** What a rule of the checker is, for the packs in `rules/` and for the checker that runs them. */
import type { Policy } from '../policy.ts';

/** An error keeps the server from starting; a warning is shown and does not. */
export type Severity = 'error' | 'warning';

/** What stands in the reference about a rule. */
export interface RuleCard {
  /** Dotted and stable, for example `model.purpose`. */
  readonly code: string;
  readonly severity: Severity;
  /** Completes the sentence "refuses …" or "warns about …". */
  readonly about: string;
  /** What to do, in general; a finding may say it more exactly. */
  readonly remedy: string;
  /** The law, regulation or law of this project that the rule stands for. */
  readonly law: string;
  /** Where to read it. */
  readonly source: string;
}

/** A rule over a policy whose shape is readable. What is missing or unknown in it is for other rules: a rule never throws. */
export interface Rule extends RuleCard {
  readonly violations: (policy: Policy) => Iterable<Violation>;
}

export interface Violation {
  /** Keys from the top of the policy; positions in a list as text. */
  readonly path: readonly string[];
  readonly message: string;
  /** Replaces the remedy of the card. */
  readonly remedy?: string;
}
