/**
 * Reads the abuse report that a mailbox provider sends when somebody presses "this is spam" (ARF, RFC 5965): whom it is about stands in the unsubscribing link of
 * the message that it quotes, which nobody but us can make (RFC 8058). What else it holds, addresses among it, is not kept.
 */
import type { Installation } from '../consent/installation.ts';
import { Refusal } from '../database/refusal.ts';
import { type Linked, linkedOf } from '../sending/link-token.ts';

/** Most reports quote headers alone; a whole quoted message with pictures is no reason to refuse one. */
const reportCharactersMax = 256 * 1024;

/** Whom and which placement a report is about. Refuses with `report.unreadable` for what is no such report, and for one that quotes no link of ours. */
export function readAbuseReport(installation: Pick<Installation, 'keys'>, report: string): Linked {
  if (report.length > reportCharactersMax) throw unreadable('it is too long');
  const head = unfolded(report.slice(0, headEnd(report)));
  const type = /^content-type:\s*multipart\/report\b.*$/im.exec(head)?.[0] ?? '';
  if (!/report-type="?feedback-report"?/i.test(type)) throw unreadable('it is no abuse report (RFC 5965)');
  const body = unfolded(report.slice(headEnd(report)));
  if (!/^content-type:\s*message\/feedback-report\b/im.test(body)) throw unreadable('its feedback part is missing');
  // Only what the report quotes is looked at: what stands around it is the reporter's own text.
  const from = body.search(/^content-type:\s*(?:message\/(?:rfc822|global)|text\/rfc822-headers)\b/im);
  const quoted = from < 0 ? '' : body.slice(from);
  // Quoted-printable writes `=` at the end of a line that goes on, and `=3D` for the sign itself.
  for (const text of [quoted, quoted.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=')])
    for (const [, token = ''] of text.matchAll(/^list-unsubscribe:[^\n]*\/u\/([\w-]+)>/gim)) {
      const linked = linkedOf(installation, 'unsubscribe', token);
      if (linked !== undefined) return linked;
    }
  throw unreadable('it quotes no message of ours');
}

function headEnd(report: string): number {
  const end = /\r?\n\r?\n/.exec(report)?.index;
  return end ?? report.length;
}

/** RFC 5322, section 2.2.3: a line that begins with a blank goes on from the one before. */
function unfolded(text: string): string {
  return text.replaceAll(/\r?\n[ \t]+/g, ' ');
}

function unreadable(why: string): Refusal {
  return new Refusal('report.unreadable', `The report cannot be used: ${why}.`, {
    remedy: 'Send the whole report as the mailbox provider sent it, headers included.',
  });
}
