/** Runs bench/peers/ease.py over the same sums, where Python has numpy: the yardstick for solve times on the same machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { CoOccurrence } from '../../src/learning/co-occurrence.ts';

const run = promisify(execFile);
const script = path.join(import.meta.dirname, '../peers/ease.py');

/** Seconds of full EASE in double precision, or why there are none. */
export async function numpyEaseSeconds(sums: CoOccurrence, lambda: number): Promise<number | string> {
  const items = sums.itemNumbers();
  const bytesNeeded = items.length ** 2 * 8 * 3.5;
  if (freemem() < bytesNeeded) return `numpy needs ${(bytesNeeded / 1e9).toFixed(0)} GB for ${items.length} items`;
  try {
    await run('python3', ['-c', 'import numpy']);
  } catch {
    return 'python3 with numpy is not installed (Debian: python3-numpy)';
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'ease-'));
  try {
    const file = path.join(folder, 'gram.int32');
    const writer = await open(file, 'w');
    const row = new Int32Array(items.length);
    for (const target of items) {
      items.forEach((other, at) => (row[at] = sums.pair(target, other)));
      await writer.write(new Uint8Array(row.buffer));
    }
    await writer.close();
    const { stdout } = await run('python3', [script, file, String(items.length), String(lambda)]);
    return (JSON.parse(stdout) as { seconds: number }).seconds; // What the script prints.
  } finally {
    await rm(folder, { recursive: true });
  }
}
