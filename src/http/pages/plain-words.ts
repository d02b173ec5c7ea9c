/** Times, counts and lists as a page says them. Times are in UTC, because whoever reads may be anywhere. */

/** For example "3 March 2026". */
export function dayInWords(at: Date): string {
  return day.format(at);
}

/** For example "3 March 2026, 09:05 UTC". */
export function momentInWords(at: Date): string {
  return `${day.format(at)}, ${at.toISOString().slice(11, 16)} UTC`;
}

/** For example "12,345". */
export function countInWords(count: number): string {
  return grouped.format(count);
}

/** A count that tells nobody whether one person was added: its first two digits, and below a hundred no digit at all. */
export function roughlyInWords(count: number): string {
  if (count < 100) return 'fewer than a hundred';
  const step = 10 ** (String(count).length - 2);
  return `more than ${grouped.format(Math.floor((count - 1) / step) * step)}`;
}

/** A name of the policy as words: `ageBand` is "age band", `isMinor` is "minor". */
export function nameInWords(name: string): string {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) return name;
  return name
    .replace(/^(is|has)(?=[A-Z])/, '')
    .replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const grouped = new Intl.NumberFormat('en-GB');
