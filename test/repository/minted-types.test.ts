/** The minted types have one mint each: nowhere else is anything cast to them, and every cast in the code says why it is true. */
import { describe, expect, it } from 'vitest';
import { filesUnder, textOf, withoutComments, withoutStrings } from './source-files.ts';

const mints: Readonly<Record<string, string>> = {
  Permit: 'src/consent/permit.ts',
  SafeText: 'src/copy/safe-text.ts',
  Released: 'src/privacy/internal/mint.ts',
  Payment: 'src/privacy/budget.ts',
  ApprovedCopy: 'src/copy/approved-copy.ts',
};
const sources = filesUnder('src', ['.ts']).filter((path) => !path.endsWith('.test.ts'));

describe('minted types', () => {
  it.each(Object.entries(mints))('nothing is cast to %s outside its mint', (type, mint) => {
    const cast = new RegExp(`\\bas (?:unknown as )?(?:readonly )?${type}\\b|<${type}(?:<[^>]*>)?>\\s*[({]`);
    const wrong = [...sources, ...filesUnder('test', ['.ts']), ...filesUnder('examples', ['.ts'])]
      .filter((path) => path !== mint && path !== 'test/repository/minted-types.test.ts')
      .flatMap((path) =>
        withoutComments(textOf(path))
          .split('\n')
          .flatMap((line, index) =>
            cast.test(line) && !/^\s*(?:export )?(?:async )?function|Promise</.test(line)
              ? [`${path}:${index + 1}`]
              : [],
          ),
      );
    expect(wrong).toEqual([]);
  });

  it('a withdrawal is written by people/forget and by merging alone', () => {
    const callers = sources.filter((path) => /\bappendEntries\(/.test(withoutComments(textOf(path))));
    expect(callers.toSorted()).toEqual(['src/consent/ledger.ts', 'src/people/forget.ts', 'src/people/merge.ts']);
  });
});

describe('assertions', () => {
  it('every `as`, `!`, lint exception and ignored error carries its reason on its line or the one above', () => {
    const wrong = sources.flatMap((path) => {
      const lines = withoutStrings(textOf(path)).split('\n');
      return lines.flatMap((line, index) => {
        const code = line.replace(/\/\/.*$/, '');
        if (/^\s*(?:\*|\/\*|import|export \{|type )/.test(line)) return [];
        const asserts =
          /[)\]\w'`}] as (?!const\b)[A-Za-z{([]/.test(code) ||
          /[\w)\]]!(?:[.;,)\][]|$)/.test(code) ||
          /oxlint-disable|eslint-disable|@ts-/.test(line) ||
          /catch\(\(\) =>|catch \{\s*\}/.test(code);
        if (!asserts) return [];
        const near = [lines[index - 1], line, lines[index + 1], lines[index + 2]].join('\n');
        return near.includes('//') || near.includes('*/') ? [] : [`${path}:${index + 1} ${line.trim()}`];
      });
    });
    expect(wrong).toEqual([]);
  });
});
