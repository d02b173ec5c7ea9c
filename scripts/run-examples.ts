/** Runs every example as its reader would: each `examples/<name>/run.ts` in a process of its own. An example that cannot run here says "skipped: why". */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'examples');
let failed = 0;
for (const name of (await readdir(folder)).toSorted()) {
  const program = join(folder, name, 'run.ts');
  if (!existsSync(program)) continue;
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 600_000,
    env: { ...process.env, FAIRLEAD_DATA: '' },
  });
  const skipped = /^skipped: .*$/m.exec(stdout)?.[0];
  console.log(
    `${name}: ${status === 0 ? (skipped ?? 'ran') : `ended with ${status}`} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`,
  );
  if (status !== 0) {
    failed += 1;
    console.log(`${stdout}${stderr}`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
