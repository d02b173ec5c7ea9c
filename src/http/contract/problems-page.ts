/** The page `docs/reference/problems.md`, from the table of problems. */
import { problemCodes, problems } from './problems.ts';

export function problemsPage(): string {
  const sections = problemCodes.map((code) => {
    const { status, title, meaning } = problems[code];
    return `## ${code}\n\n**${status} ${title}.** ${meaning}\n`;
  });
  return `# Problems\n\nWhatever goes wrong over HTTP is answered as \`application/problem+json\` (RFC 9457). Its \`type\` is \`/docs#\` and one of the codes below; there are no others. \`detail\` says what happened this time, \`remedy\` what to do, \`errors\` which places do not fit, and \`request\` is the id that the log of the server has too.\n\n${sections.join('\n')}`;
}
