/**
 * A year of real orders, from the file to a decision that is taken back: 541,909 lines of a British gift shop (UCI Online Retail; D. Chen, 2015;
 * doi 10.24432/C5BW33; CC BY 4.0). Run it with `node examples/online-retail/run.ts`; the commands that it prints work at any terminal.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const orders = path.resolve(import.meta.dirname, '../../../shared/data/online-retail.csv.gz');
const program = path.resolve(import.meta.dirname, '../../bin/fairlead.js');

if (existsSync(orders)) play();
else console.log(`skipped: there is no ${path.relative(process.cwd(), orders)}`);

function play(): void {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-online-retail-'));
  // Where a root process runs this, its database runs as another user, who has to get through.
  chmodSync(directory, 0o755);
  const data = path.join(directory, 'data');
  const place = ['--data', data, '--policy', path.join(import.meta.dirname, 'fairlead.policy.ts')];
  try {
    const imported = fairlead<Imported>(
      'import',
      orders,
      '--map',
      path.join(import.meta.dirname, 'mapping.json'),
      '--items-from-rows',
      '--rejects',
      path.join(directory, 'rejects'),
      '--consent',
      'suggestions',
      '--evidence',
      'made up for this example: the file says nothing about consent',
      ...place,
    );
    expect(imported, {
      read: 541_909,
      stored: 397_924,
      anonymous: 135_080,
      withoutBasis: 0,
      rejected: 8_905,
      duplicates: 0,
    });

    const learned = fairlead<{ versions: { people: number; items: number }[] }>('learn', ...place);
    expect(learned.versions[0]?.people, 4_339);

    const customer = ['--user', '17850'];
    const personal = fairlead<Decided>('decide', ...customer, '--placement', 'home', ...place);
    expect([personal.personal, personal.items.length], [true, 12]);
    for (const item of personal.items)
      expect(
        item.terms.reduce((sum, { points }) => sum + points, 0),
        item.score,
      );

    const explained = fairlead<{ items: { title: string; because: string }[] }>('why', personal.decision, ...place);
    for (const { title, because } of explained.items.slice(0, 3)) console.log(`    ${title}: ${because}`);
    expect(fairlead<{ result: string }>('why', personal.decision, '--replay', ...place).result, 'same');

    const receipt = fairlead<{ sumDigestBefore: string; sumDigestAfter: string }>(
      'forget',
      ...customer,
      '--withdraw',
      'suggestions',
      ...place,
    );
    expect(receipt.sumDigestBefore === receipt.sumDigestAfter, false);
    expect(fairlead<Decided>('decide', ...customer, '--placement', 'home', ...place).personal, false);
    expect(fairlead<{ versions: { people: number }[] }>('learn', ...place).versions[0]?.people, 4_338);

    const verified = fairlead<{ ok: boolean; checks: { name: string; finding: string | null }[] }>('verify', ...place);
    expect(
      verified.checks.filter(({ finding }) => finding !== null),
      [],
    );
    console.log('Imported, learned, decided, explained, withdrawn and verified.');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Imported {
  read: number;
  stored: number;
}

interface Decided {
  decision: string;
  personal: boolean;
  items: { score: number; terms: { points: number }[] }[];
}

/** Runs a command as at a terminal and reads what it prints. */
function fairlead<Printed>(command: string, ...words: string[]): Printed {
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, command, ...words, '--json'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`fairlead ${command} ended with ${status}: ${stdout}${stderr}`);
  console.log(`fairlead ${command}  (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
  return JSON.parse(stdout) as Printed; // the shapes are those of docs/reference/cli.md
}

function expect(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`found ${JSON.stringify(found)} in the place of ${JSON.stringify(wanted)}`);
}
