/**
 * `fairlead check`: everything in a policy that is not allowed, in the words of the person who wrote it, with file, line and remedy. First
 * the shape; then, on a policy that can be read, every rule of the packs in `rules/`. Never throws, whatever it is given. The command line
 * prints its findings, the server refuses to start on an error, and the adoption of a policy version asks it first.
 */
import type { RuleCard, Severity, Violation } from './internal/rule.ts';
import { placesOf } from './internal/source-places.ts';
import type { PlacementRule, Policy, Purpose } from './policy.ts';
import { rules } from './rules/rules.ts';
import { shapeCards, shapeViolations } from './rules/shape.ts';

export interface Finding {
  /** An error keeps the server from starting; a warning does not. */
  readonly severity: Severity;
  /** Dotted and stable; `docs/reference/policy-rules.md` lists all. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** Keys from the top of the policy; positions in a list as text. */
  readonly path: readonly string[];
  readonly file?: string;
  /** Counted from 1, where the text of the file was given. */
  readonly line?: number;
  readonly column?: number;
}

/** The file that a policy was read from, to say where in it a finding is. */
export interface PolicySource {
  readonly file: string;
  readonly text: string;
}

/** All findings, in the order of the file where its text is given; an empty list for a policy that may run as it is. */
export function checkPolicy(policy: unknown, source?: PolicySource): Finding[] {
  const shape = shapeViolations(policy);
  const findings = shape.map((violation) => findingOf(shapeCards[violation.code], violation));
  if (!shape.some((violation) => violation.blocks)) {
    const readable = completed(policy as Policy); // the shape pack has found nothing else missing or of the wrong kind
    for (const rule of rules) {
      for (const violation of rule.violations(readable)) findings.push(findingOf(rule, violation));
    }
  }
  return source === undefined ? findings : locateFindings(findings, source);
}

/** Whether a policy with these findings may run: warnings alone do not stop it. */
export function mayRun(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity !== 'error');
}

/** One finding as the command line prints it: `file:line:column error code: message. remedy`. */
export function findingText(finding: Finding): string {
  const position = finding.line === undefined ? '' : `:${finding.line}:${finding.column}`;
  const place = finding.file === undefined ? '' : `${finding.file}${position} `;
  return `${place}${finding.severity} ${finding.code}: ${finding.message}. ${finding.remedy}`;
}

/** The same findings with file, line and column, in the order of the file. */
export function locateFindings(findings: readonly Finding[], source: PolicySource): Finding[] {
  const placeOf = placesOf(source.text);
  return findings
    .map((finding) => ({ ...finding, file: source.file, ...placeOf(finding.path) }))
    .sort((left, right) => (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0));
}

/** What rules of their own ask for, with the law that they stand for, may be missing: they find it empty. */
function completed(policy: Policy): Policy {
  const purposes = Object.entries(policy.purposes).map(([name, purpose]) => {
    const { notice, keepFor }: Partial<Purpose> = purpose;
    return [name, { ...purpose, notice: notice ?? '', keepFor: keepFor ?? '' }] as const;
  });
  const placements = Object.entries(policy.placements).map(([name, placement]) => {
    const { purposes }: Partial<PlacementRule> = placement;
    return [name, { ...placement, purposes: purposes ?? [] }] as const;
  });
  return { ...policy, purposes: Object.fromEntries(purposes), placements: Object.fromEntries(placements) };
}

function findingOf(card: RuleCard, violation: Violation): Finding {
  return {
    severity: card.severity,
    code: card.code,
    message: violation.message,
    remedy: violation.remedy ?? card.remedy,
    path: violation.path,
  };
}
