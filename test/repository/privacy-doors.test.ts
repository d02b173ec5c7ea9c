/** Two doors of the privacy room that types cannot close: who may take from a budget, and who may reach the mint of releases. */
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const sources = new Map(
  globSync('src/**/*.ts', { exclude: ['src/**/*.test.ts'] }).map((file) => [file, readFileSync(file, 'utf8')]),
);

/** Which files of `src` import something of a name out of a file of the privacy room. */
function importersOf(name: string, file: string): string[] {
  const statement = new RegExp(`import[^;]*[{,\\s]${name}[,\\s}][^;]*from '[^']*${file.replaceAll('.', '\\.')}'`, 'u');
  return [...sources].filter(([, text]) => statement.test(text)).map(([path]) => path);
}

test('only the privacy ledger takes from a budget, so that nothing is paid for without a debit that has committed', () => {
  expect(importersOf('charged', 'privacy/budget.ts')).toEqual(['src/models/privacy-ledger.ts']);
});

test('only the privacy room reaches its mint, so that a release has no other origin', () => {
  const reaching = [...sources].filter(([, text]) => /from '[^']*\/mint\.ts'/u.test(text)).map(([path]) => path);
  expect(reaching.length).toBeGreaterThan(0);
  expect(reaching.filter((path) => !path.startsWith('src/privacy/'))).toEqual([]);
});
