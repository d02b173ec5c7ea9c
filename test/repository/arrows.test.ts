/** Which room may know which: imports and SQL alike. The table is the design's; an arrow that it does not draw fails here. */
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tables } from '../../src/database/tables.ts';
import { filesUnder, textOf, withoutComments } from './source-files.ts';

const ground = ['database'];
const arrows: Readonly<Record<string, readonly string[] | 'all'>> = {
  policy: [],
  privacy: [],
  learning: [],
  database: [],
  vault: ground,
  transparency: ground,
  catalogue: ['policy', 'database'],
  consent: ['policy', 'vault', 'database', 'transparency'],
  people: ['policy', 'privacy', 'learning', 'vault', 'consent', 'catalogue', 'database', 'transparency'],
  // Beyond the design's row: an installation (policy, keys, database) is defined in the consent room, and learning is done for one.
  models: ['policy', 'privacy', 'learning', 'consent', 'people', 'catalogue', 'database', 'transparency'],
  copy: ['policy', 'privacy', 'people', 'catalogue', 'database', 'transparency'],
  deciding: ['policy', 'learning', 'consent', 'people', 'models', 'copy', 'catalogue', 'database', 'transparency'],
  // Beyond the design's row: the pseudonyms that a recipient gets are made in the privacy room.
  sending: ['policy', 'privacy', 'consent', 'people', 'vault', 'deciding', 'copy', 'database', 'transparency'],
  rights: [
    'policy',
    'privacy',
    'learning',
    'database',
    'vault',
    'transparency',
    'catalogue',
    'consent',
    'people',
    'models',
    'copy',
    'deciding',
    'sending',
  ],
  auditing: [
    'policy',
    'privacy',
    'learning',
    'database',
    'vault',
    'transparency',
    'catalogue',
    'consent',
    'people',
    'models',
    'copy',
    'deciding',
    'sending',
    'rights',
  ],
  http: [
    'policy',
    'privacy',
    'learning',
    'database',
    'vault',
    'transparency',
    'catalogue',
    'consent',
    'people',
    'models',
    'copy',
    'deciding',
    'sending',
    'rights',
    'auditing',
  ],
  cli: 'all',
  web: ['policy', 'http'],
};

const sources = filesUnder('src', ['.ts']).filter((path) => !path.endsWith('.test.ts'));

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function mayKnow(room: string, other: string): boolean {
  const row = arrows[room];
  return room === other || row === 'all' || (row?.includes(other) ?? false);
}

/** Every import, export-from and dynamic import with a relative address. */
function importsOf(path: string): string[] {
  const code = withoutComments(textOf(path));
  return [...code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, address]) =>
    normalize(join(dirname(path), address ?? '')),
  );
}

/** Table names that a statement in this file reads or writes. */
function tablesIn(code: string): string[] {
  const names = new Set<string>();
  for (const [, name] of code.matchAll(/\b(?:from|join|into|update|table)\s+([a-z_]+)\b/g))
    if (name !== undefined && Object.hasOwn(tables, name)) names.add(name);
  return [...names];
}

describe('the arrows between rooms', () => {
  it('every folder of src is a room with a row', () => {
    expect([...new Set(sources.map(roomOf))].filter((room) => !Object.hasOwn(arrows, room))).toEqual([]);
  });

  it('imports point only where the row of their room allows', () => {
    const wrong = sources.flatMap((path) =>
      importsOf(path)
        .filter((target) => target.startsWith('src/') && !mayKnow(roomOf(path), roomOf(target)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("what lies in a room's internal folder is imported by that room alone", () => {
    const wrong = sources.flatMap((path) =>
      importsOf(path)
        .filter((target) => target.includes('/internal/') && roomOf(target) !== roomOf(path))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('SQL touches only tables of rooms that the row allows, and the pure rooms none', () => {
    const wrong = sources.flatMap((path) =>
      tablesIn(withoutComments(textOf(path)))
        .filter((table) => !mayKnow(roomOf(path), tables[table as keyof typeof tables].room)) // `tablesIn` returns names of the catalogue alone
        .map((table) => `${path} uses ${table}`),
    );
    expect(wrong).toEqual([]);
  });

  it('finds a wrong arrow when there is one', () => {
    expect(mayKnow('consent', 'people')).toBe(false);
    expect(tablesIn('select 1 from events e join decisions d')).toEqual(['events', 'decisions']);
    expect(importsOf('src/people/merge.ts')).toContain('src/consent/ledger.ts');
  });
});

describe('the pure rooms', () => {
  const pure = sources.filter(
    (path) => ['policy', 'privacy', 'learning'].includes(roomOf(path)) && !path.includes('/kernels/'),
  );

  it('have no clock, no randomness, no input and output of their own', () => {
    const forbidden =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.|\bfetch\(|from 'node:(?!crypto')|\brandomBytes\(\d|\brandomUUID\(/;
    const wrong = pure.flatMap((path) =>
      withoutComments(textOf(path))
        .split('\n')
        .flatMap((line, index) => (forbidden.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
    expect(wrong).toEqual([]);
  });
});
