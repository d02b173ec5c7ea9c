import { describe, expect, it } from 'vitest';
import { isWithinLimit } from './benchmark.ts';
import { progressBar, tableLines, wrapped } from './terminal.ts';

function screen(isTTY: boolean) {
  let written = '';
  let time = 0;
  return {
    stream: { isTTY, write: (text: string) => (written += text) },
    now: () => time,
    pass: (ms: number) => (time += ms),
    written: () => written,
  };
}

describe('progress', () => {
  it('is a bar that is drawn again on a terminal, and its last state stays', () => {
    const { stream, now, pass, written } = screen(true);
    const bar = progressBar('Importing', stream, now);
    for (const done of [0, 25, 50, 100]) {
      pass(100);
      bar.move(done, 100, `${done} rows`);
    }
    bar.end();
    expect(written().split('\r').at(-1)).toMatch(/^Importing █{28} 100 % {2}100 rows/);
    expect(written().endsWith('\n')).toBe(true);
  });

  it('is a plain line every five seconds elsewhere, and nothing for work of a moment', () => {
    const { stream, now, pass, written } = screen(false);
    const bar = progressBar('Importing', stream, now);
    for (let second = 1; second <= 12; second++) {
      pass(1_000);
      bar.move(second, 12, '');
    }
    bar.end();
    expect(written()).toBe('Importing: 42 %\nImporting: 83 %\n');
  });

  it('never divides by nothing, and never shows more than all', () => {
    const { stream, now, pass, written } = screen(false);
    const bar = progressBar('X', stream, now);
    pass(5_000);
    bar.move(0, 0);
    pass(5_000);
    bar.move(7, 5);
    expect(written()).toBe('X: 100 %\nX: 100 %\n');
  });
});

it('tables align, numbers to the right', () => {
  expect(
    tableLines(
      [
        ['a', '1', 'x'],
        ['longer', '1,000', ''],
      ],
      [1],
    ),
  ).toEqual(['a           1  x', 'longer  1,000']);
  expect(tableLines([])).toEqual([]);
});

it('long text breaks at spaces and loses nothing', () => {
  const text = 'one two three four five six seven eight nine ten';
  for (const width of [1, 5, 12, 100]) expect(wrapped(text, width).join(' ')).toBe(text);
  expect(wrapped('', 10)).toEqual(['']);
  for (const line of wrapped(text, 12, '  ')) expect(line.length).toBeLessThanOrEqual(12);
});

it('a figure keeps its limit or misses it, at the limit it keeps it', () => {
  const figure = { name: 'x', value: 5, unit: 'x' };
  expect(isWithinLimit(figure)).toBe(true);
  expect([4, 5, 6].map((atLeast) => isWithinLimit({ ...figure, limit: { atLeast } }))).toEqual([true, true, false]);
  expect([4, 5, 6].map((atMost) => isWithinLimit({ ...figure, limit: { atMost } }))).toEqual([false, true, true]);
  expect(isWithinLimit({ ...figure, value: Number.NaN, limit: { atLeast: 0 } })).toBe(false);
});
