/**
 * `prepack`: what goes into the npm package, because Node strips no types below `node_modules`. Compiles `src/` to `dist/` and copies what is not
 * TypeScript (templates, styles, scripts of pages, kernels) beside it.
 */
import { spawnSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

await rm(join(root, 'dist'), { recursive: true, force: true });
const compiled = spawnSync('tsc', ['-p', 'tsconfig.package.json'], { cwd: root, stdio: 'inherit' });
if (compiled.status !== 0) process.exit(1);
await cp(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (source) => !source.endsWith('.ts') && !source.includes('/assembly'),
});
