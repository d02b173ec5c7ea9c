import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../learning/seeded-random.ts';
import { evaluateOutcome } from './evaluate-outcome.ts';
import { optionsOf } from './evaluate-options.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-outcome-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
async function evaluated(text: string, settings: { predict?: string; positive?: string; drop?: string[] } = {}) {
  const file = path.join(directory, `${(files += 1)}.csv`);
  writeFileSync(file, text);
  const options = optionsOf({
    data: directory,
    header: true,
    atLeast: 1,
    protocol: 'strong',
    minPeople: 2,
    seed: 1,
    folds: 1,
    predict: 'bought',
    positive: 'yes',
    ...settings,
  });
  return evaluateOutcome(file, options, () => undefined);
}

/** Bakers buy when young, sailors when old; the leak says it outright. Beside them columns that can help nobody. */
function people(count: number): string {
  const random = seededRandom(3);
  const rows = Array.from({ length: count }, (_, at) => {
    const [age, job] = [20 + Math.floor(random() * 50), random() < 0.5 ? 'baker' : 'sailor'];
    const isBuyer = random() < (age < 45 === (job === 'baker') ? 0.8 : 0.2);
    return `${age},${job},${isBuyer ? 'yes' : 'no'},${isBuyer ? 1 : 0},x,,id-${at},NaN`;
  });
  return ['age,job,bought,leak,constant,empty,id,odd', ...rows].join('\n');
}

describe('what people will do', () => {
  it('is predicted from what differs among them, with the rates of each group, alike for the same seed', async () => {
    const text = people(1500);
    const found = await evaluated(text, { drop: ['leak'] });
    expect(found.auc).toBeGreaterThan(0.72);
    expect(found.auc).toBeLessThan(0.9);
    expect(found.calibrationError).toBeLessThan(0.08);
    expect(found.features).toEqual(['age', 'job']);
    expect(Object.keys(found.leftOut).toSorted()).toEqual(['constant', 'empty', 'id', 'leak', 'odd']);
    expect(found.groups.map(({ column, group }) => [column, group])).toEqual([
      ['job', 'baker'],
      ['job', 'sailor'],
    ]);
    for (const { told, happened } of found.groups) expect(Math.abs(told - happened)).toBeLessThan(0.15);
    expect(await evaluated(text, { drop: ['leak'] })).toEqual(found);
    // Nothing is hidden from it but what is dropped.
    expect((await evaluated(text)).auc).toBeGreaterThan(0.99);
  });

  it('that tells too little is refused with what to do', async () => {
    const head = 'age,bought';
    const all = (outcome: string) =>
      [head, ...Array.from({ length: 90 }, (_, at) => `${at % 9},${outcome}`)].join('\n');
    const mixed = (value: string) =>
      [head, ...Array.from({ length: 90 }, (_, at) => `${value},${at % 2 === 0 ? 'yes' : 'no'}`)].join('\n');
    for (const text of [head, all('yes'), all('no'), all(''), mixed('5'), mixed(''), `${head}\n3,yes\n4,no`])
      await expect(evaluated(text)).rejects.toMatchObject({ code: 'evaluate.too-few', remedy: expect.any(String) });
    await expect(evaluated(all('yes'), { predict: 'sold' })).rejects.toMatchObject({ code: 'import.column' });
    await expect(evaluated(all('yes'), { drop: ['agee'] })).rejects.toMatchObject({ code: 'import.column' });
    const alone = {
      data: directory,
      header: true,
      atLeast: 1,
      protocol: 'strong',
      minPeople: 2,
      seed: 1,
      folds: 1,
    } as const;
    expect(() => optionsOf({ ...alone, predict: 'bought' })).toThrow(/what is to be predicted/);
  });
});

const bank = path.resolve(import.meta.dirname, '../../../../shared/data/bank-marketing.csv.gz');
it.skipIf(!existsSync(bank) || process.env['FAIRLEAD_LONG'] !== '1')(
  'needs shared data and FAIRLEAD_LONG: on the bank file it keeps its word within 2 %',
  { timeout: 120_000 },
  async () => {
    const options = optionsOf({
      data: directory,
      header: true,
      atLeast: 1,
      protocol: 'strong',
      minPeople: 5,
      seed: 1,
      folds: 1,
      predict: 'y',
      positive: 'yes',
      drop: ['duration'],
    });
    const found = await evaluateOutcome(bank, options, () => undefined);
    expect(found.auc).toBeGreaterThan(0.77);
    expect(found.calibrationError).toBeLessThanOrEqual(0.02);
  },
);
