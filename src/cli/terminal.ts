/**
 * What commands print with: lines, numbers, tables, and progress of long work. Results go to the output stream; everything that is said on the way goes
 * to the error stream, so that a result can be piped.
 */
import { styleText } from 'node:util';

/** A line of the result. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** A line said on the way. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The result as JSON, the only thing on the output stream. */
export function sayJson(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

export function strong(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

export function soft(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}

export function good(text: string): string {
  return styleText('green', text, { stream: process.stdout });
}

export function bad(text: string): string {
  return styleText('red', text, { stream: process.stdout });
}

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** `397,924` */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** Columns of a table, each as wide as its widest cell; numbers stand right. */
export function tableLines(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Long text in lines of at most `width` characters, broken at spaces. */
export function wrapped(text: string, width = 96, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

export interface ProgressBar {
  /** How far it is, in any unit, and what to say beside the bar. */
  move(done: number, total: number, beside?: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

const barWidth = 28;
const redrawMs = 80;
const plainEveryMs = 5_000;

/** Progress on the error stream: a bar that is drawn again on a terminal, a plain line every five seconds elsewhere; nothing for work of a moment. */
export function progressBar(
  label: string,
  stream: { write(text: string): unknown; readonly isTTY?: boolean } = process.stderr,
  now: () => number = () => performance.now(),
): ProgressBar {
  let saidAt = now();
  let last: string | undefined;
  const line = (done: number, total: number, beside: string): string => {
    const share = total <= 0 ? 1 : Math.min(1, done / total);
    const filled = Math.round(share * barWidth);
    return `${label} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${String(Math.round(share * 100)).padStart(3)} %${beside === '' ? '' : `  ${beside}`}`;
  };
  return {
    move(done, total, beside = '') {
      const isTerminal = stream.isTTY === true;
      if (now() - saidAt < (isTerminal ? redrawMs : plainEveryMs)) {
        if (isTerminal && last !== undefined) last = line(done, total, beside);
        return;
      }
      saidAt = now();
      if (isTerminal) {
        last = line(done, total, beside);
        stream.write(`\r${last}\u001b[K`);
      } else {
        const share = total <= 0 ? 100 : Math.min(100, Math.round((done / total) * 100));
        stream.write(`${label}: ${share} %${beside === '' ? '' : `, ${beside}`}\n`);
      }
    },
    end() {
      if (last !== undefined) stream.write(`\r${last}\u001b[K\n`);
      last = undefined;
    },
  };
}
