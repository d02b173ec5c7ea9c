/** The project's own files, as git knows them, for tests that read the code. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** Tracked and new files, less what git ignores, under a folder, with one of these endings. AssemblyScript is another language and left out. */
export function filesUnder(folder: string, endings: readonly string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  return [...new Set(listed.split('\n'))]
    .filter(
      (path) =>
        path !== '' &&
        endings.some((ending) => path.endsWith(ending)) &&
        !path.includes('/assembly/') &&
        existsSync(join(root, path)),
    )
    .toSorted();
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** TypeScript without its comments, line for line. Strings stay: SQL stands in them. */
export function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

/** TypeScript with its comments kept and the contents of its strings blanked, line for line; what stands in `${…}` of a template goes with it. */
export function withoutStrings(text: string): string {
  let out = '';
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (quote === '') {
      if (text.startsWith('//', index) || text.startsWith('/*', index)) {
        const end = text.startsWith('//', index) ? text.indexOf('\n', index) : text.indexOf('*/', index) + 2;
        out += text.slice(index, end < 2 ? text.length : end);
        index = (end < 2 ? text.length : end) - 1;
      } else {
        if (character === "'" || character === '"' || character === '`') quote = character;
        out += character;
      }
    } else if (character === '\\') {
      index += 1;
    } else if (character === quote || (character === '\n' && quote !== '`')) {
      quote = '';
      out += character;
    } else if (character === '\n') {
      out += character;
    }
  }
  return out;
}
