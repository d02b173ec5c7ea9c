import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../learning/seeded-random.ts';
import { evaluateInteractions } from './evaluate-interactions.ts';
import { type EvaluateOptions, optionsOf } from './evaluate-options.ts';
import { proposalText, readProposal } from './proposal-file.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-evaluate-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function fileOf(rows: readonly string[], header = 'who,what,when,stars'): string {
  const file = path.join(directory, `${(files += 1)}.csv`);
  writeFileSync(file, [...(header === '' ? [] : [header]), ...rows].join('\n'));
  return file;
}

const given: EvaluateOptions = {
  data: directory,
  header: true,
  atLeast: 1,
  protocol: 'strong',
  minPeople: 1,
  seed: 1,
  folds: 1,
  person: 'who',
  item: 'what',
};

async function evaluated(file: string, settings: Partial<EvaluateOptions> = {}) {
  return evaluateInteractions(file, optionsOf({ ...given, ...settings }), () => undefined);
}

/** Sixty people with one of three tastes, four things each; every row on a day of its own. */
function shop(idOf: (kind: string, number: number) => string = (kind, number) => `${kind}${number}`): string[] {
  const random = seededRandom(5);
  return Array.from({ length: 60 }, (_, person) =>
    [0, 1, 2, 3].map((step) => {
      const item = (person % 3) * 6 + ((person + step * (1 + Math.floor(random() * 2))) % 6);
      return `${idOf('p', person)},${idOf('i', item)},2024-01-${String(step + 1).padStart(2, '0')},${1 + (step % 5)}`;
    }),
  ).flat();
}

describe('a file of interactions', () => {
  it('is measured: models that learn beat popularity, and the same seed gives the same figures', async () => {
    const file = fileOf(shop());
    const { evaluation, rows } = await evaluated(file, { folds: 5 });
    expect(evaluation).toMatchObject({ protocol: 'strong', people: 60, items: 18 });
    expect(evaluation.models.map(({ name }) => name)).toEqual(['popular', 'item-knn', 'ease', 'local-ridge']);
    const ndcg = Object.fromEntries(evaluation.models.map(({ name, ndcg100 }) => [name, ndcg100.mean]));
    expect(ndcg['local-ridge']).toBeGreaterThan((ndcg['popular'] ?? 1) + 0.1);
    expect(rows).toMatchObject({ read: 240, refused: {}, belowRating: 0 });
    const withoutSeconds = ({ models }: typeof evaluation) => models.map((model) => ({ ...model, solveSeconds: 0 }));
    const again = await evaluated(file, { folds: 5 });
    expect(withoutSeconds(again.evaluation)).toEqual(withoutSeconds(evaluation));
  });

  it('gives the same figures compressed, as JSON lines, with another separator, without a header and in any order of its rows', async () => {
    const rows = shop();
    const options = { time: 'when', protocol: 'next' } as const;
    const figures = async (file: string, settings: Partial<EvaluateOptions> = {}) =>
      (await evaluated(file, { ...options, ...settings })).evaluation.models.map(({ name, ndcg100 }) => [
        name,
        ndcg100,
      ]);
    const plain = await figures(fileOf(rows));
    const packed = path.join(directory, 'packed.csv.gz');
    writeFileSync(packed, gzipSync(['who,what,when,stars', ...rows].join('\n')));
    expect(await figures(packed)).toEqual(plain);
    const lines = path.join(directory, 'lines.jsonl');
    writeFileSync(
      lines,
      rows
        .map((row) =>
          JSON.stringify(
            Object.fromEntries(row.split(',').map((cell, at) => [['who', 'what', 'when', 'stars'][at], cell])),
          ),
        )
        .join('\n'),
    );
    expect(await figures(lines)).toEqual(plain);
    const bare = fileOf(
      rows.map((row) => row.replaceAll(',', '::')),
      '',
    );
    expect(await figures(bare, { header: false, separator: '::', person: '1', item: '2', time: '3' })).toEqual(plain);
    // Item numbers follow the order in which items are met, and break ties; so only the number of tested people must agree here.
    const turned = await evaluated(fileOf(rows.toReversed()), options);
    expect(turned.evaluation.interactions).toBe((await evaluated(fileOf(rows), options)).evaluation.interactions);
  });

  it('may have ids of any text, and what cannot be an id is counted and left out', async () => {
    const names = [
      'żółw',
      '🦄'.repeat(20),
      'عميل',
      "Robert'); drop",
      '<b>',
      '__proto__',
      'constructor',
      '\u00e9',
      'e\u0301',
    ];
    const file = fileOf(shop((kind, number) => `"${names[number % names.length]} ${kind} ${number}"`));
    expect((await evaluated(file)).evaluation).toMatchObject({ people: 60, items: 18 });
    const json = path.join(directory, 'odd.jsonl');
    const odd = [
      { who: 'a\u0000b', what: 'x' },
      { who: 'x'.repeat(201), what: 'x' },
      { who: '', what: 'x' },
      { who: 'a' },
    ];
    const fine = shop().map((row) => ({ who: row.split(',')[0], what: row.split(',')[1] }));
    writeFileSync(json, [...fine, ...odd].map((row) => JSON.stringify(row)).join('\n'));
    const { rows, evaluation } = await evaluated(json);
    expect(evaluation.people).toBe(60);
    expect(Object.values(rows.refused).reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  it('counts a repeated row once, a rating below the bound not at all, and refuses ratings that are no numbers', async () => {
    const rows = shop();
    const once = await evaluated(fileOf(rows));
    const noisy = [
      ...rows,
      ...rows,
      'p1,i1,2024-01-01,NaN',
      'p1,i1,2024-01-01,',
      'p1,i1,2024-01-01,Infinity',
      'p1,i999,2024-01-01,-3',
      'p1,i998,2024-01-01,0',
    ];
    const all = await evaluated(fileOf(noisy), { rating: 'stars' });
    expect(all.evaluation.interactions).toBe(once.evaluation.interactions);
    expect(all.evaluation.items).toBe(once.evaluation.items);
    expect(all.rows).toMatchObject({ belowRating: 2, refused: { 'has a rating that is no number': 3 } });
    expect(all.rows.repeated).toBe(once.rows.repeated + once.rows.used + once.rows.repeated);
    const best = await evaluated(fileOf(rows), { rating: 'stars', minRating: 4 }).catch((error: unknown) => error);
    expect(best).toMatchObject({ code: 'evaluate.too-few' });
  });

  it('takes times out of order as they are, those of the future as now, and refuses those that are none', async () => {
    const forged = [...shop(), 'p1,i1,9999-01-01,1', 'p2,i2,tomorrow,1', 'p3,i3,2023-02-30,1'];
    const { rows, evaluation } = await evaluated(fileOf(forged), { time: 'when', protocol: 'next' });
    expect(rows).toMatchObject({ future: 1, refused: { 'has a time that cannot be read': 2 } });
    expect(evaluation.people).toBe(60);
  });

  it('that tells too little is refused in a sentence that quotes nothing of it', async () => {
    const cases: [string[], Partial<EvaluateOptions>, string][] = [
      [[], {}, 'evaluate.too-few'],
      [['a,x,,', 'a,y,,', 'a,z,,'], {}, 'evaluate.too-few'],
      [['a,x,,', 'b,x,,', 'c,x,,'], {}, 'evaluate.too-few'],
      [['a,x,,', 'b,y,,'], {}, 'evaluate.too-few'],
      [[',x,,', ',y,,'], {}, 'evaluate.too-few'],
      [
        shop().map((row) => row.replace(/2024-01-\d\d/, '2024-01-01')),
        { time: 'when', protocol: 'next' },
        'evaluate.too-few',
      ],
      [shop(), { person: 'nobody' }, 'import.column'],
      [shop(), { time: 'when', timeFormat: 'soon' }, 'import.time'],
      [shop(), { atLeast: 500 }, 'evaluate.too-few'],
    ];
    for (const [rows, settings, code] of cases) {
      const refusal: unknown = await evaluated(fileOf(rows), settings).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code, remedy: expect.stringMatching(/\w{4}/) });
      expect(String(refusal)).not.toMatch(/p1|i1|2024/);
    }
    expect(() => optionsOf({ ...given, models: 'oracle' })).toThrow(/no model "oracle"/);
    expect(() => optionsOf({ ...given, minRating: 3 })).toThrow(/no --rating/);
    expect(() => optionsOf({ ...given, lambda: -1 })).toThrow(/lambda/);
  });

  it('never stops evaluate in any other way than by a refusal, whatever its rows', async () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('a', 'b', 'c', '1', '-1', '2024-01-01', 'NaN', '"', ''),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 30 }), async (rows) => {
        const file = fileOf(rows.map((row) => row.join(',')));
        const settings = { rating: 'stars', time: 'when', models: 'popular,item-knn,local-ridge' };
        const result: unknown = await evaluated(file, settings).catch((error: unknown) => error);
        if (result instanceof Error)
          expect(result).toMatchObject({ code: expect.stringMatching(/^(evaluate|import|learning)\./) });
      }),
      { numRuns: 60 },
    );
  });
});

it('a proposal is written to a file as it is read from it, and anything else is no proposal', async () => {
  const file = path.join(directory, 'recipe.json');
  const { proposal } = await evaluated(fileOf(shop()), { propose: file, k: 5, lambda: 2, models: 'popular' });
  if (proposal === undefined) throw new Error('there is a proposal');
  writeFileSync(file, proposalText(proposal));
  expect(await readProposal(file)).toEqual({ recipe: proposal.recipe, people: 60 });
  for (const text of ['', '{}', 'null', proposalText(proposal).replace('"lambda": 2', '"lambda": -2')]) {
    writeFileSync(file, text);
    await expect(readProposal(file)).rejects.toMatchObject({ code: 'proposal.unreadable' });
  }
});
