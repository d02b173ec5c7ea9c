import { expect, test } from 'vitest';
import { putItems } from '../../src/catalogue/items.ts';
import { systemWorld } from '../../src/database/world.ts';
import { decodeParameters } from '../../src/learning/local-ridge.ts';
import { scorer } from '../../src/learning/scoring.ts';
import {
  budgetStanding,
  latestRelease,
  ledgerFindings,
  openPeriod,
  verifyRelease,
} from '../../src/models/privacy-ledger.ts';
import { releasePopularity, releaseRecommender } from '../../src/models/release-recommender.ts';
import { Rational } from '../../src/privacy/rational.ts';
import { signerOf, verifierOf } from '../../src/transparency/note.ts';
import { testDatabase } from '../support/database.ts';
import { scriptedBytes } from '../support/scripted-bytes.ts';

const itemCount = 200;
const random = scriptedBytes('release');
const database = await testDatabase({
  world: { ...systemWorld, now: () => new Date('2027-02-03T10:00:00Z'), randomBytes: random },
});
const signer = signerOf({ name: 'shop.example/releases', seed: new Uint8Array(32).fill(7) });
const request = { model: 'alsoLiked', share: 'general', signer };

await openPeriod(database, {
  period: '2027-Q1',
  startsAt: new Date('2027-01-01T00:00:00Z'),
  endsAt: new Date('2027-04-01T00:00:00Z'),
  microRho: 10_000_000n,
  delta: Rational.parse('1e-6'),
  openedBy: 'Priya Nair',
});
await putItems(
  database,
  Array.from({ length: itemCount }, (_, item) => ({ itemId: `item-${item}`, title: `Item ${item}` })),
);

/** People of two tastes, twenty things each; low numbers are liked more. */
async function insertPeople(count: number): Promise<void> {
  const bytes = scriptedBytes('people')(count * 40);
  const rows = Array.from({ length: count }, (_, person) => {
    const items = new Set<number>();
    for (let at = 0; at < 20; at++) {
      const [one = 0, other = 0] = bytes.subarray(person * 40 + at * 2);
      items.add((Math.min(one, other) % (itemCount / 2)) * 2 + (person % 2));
    }
    return `{${[...items].sort((a, b) => a - b).join(',')}}`;
  });
  await database.query(
    `insert into contributions (person_id, model, items)
     select ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, 'alsoLiked', items::integer[]
     from unnest($1::text[]) with ordinality as row (items, number)`,
    [rows],
  );
}

test('without a catalogue or people there is nothing that stands out, and what was paid stays paid', async () => {
  await expect(releaseRecommender(database, { ...request, microRho: 24_000n })).rejects.toMatchObject({
    code: 'budget.too-few',
  });
  const [general] = await budgetStanding(database);
  expect(general?.spentMicroRho).toBe('24000');
});

test('the popularity of items leaves as a signed ranking: both tastes, the liked things first, no counts', async () => {
  await insertPeople(4000);
  const published = await releasePopularity(database, { ...request, microRho: 10_000n, top: 20 });
  const record = JSON.parse(published.record);
  expect(record).toMatchObject({ unit: 'person', delta: '0.000001', share: 'general', period: '2027-Q1' });
  expect(record.value).toHaveLength(20);
  const numbers: number[] = record.value.map(Number);
  expect(numbers.filter((item) => item < 60).length).toBeGreaterThan(15);
  expect(new Set(numbers.map((item) => item % 2)).size).toBe(2);
  expect(verifyRelease(published, [verifierOf(signer.verifierKey)])).toBe(true);
  expect(await latestRelease(database, 'popularity of alsoLiked')).toEqual(published);
});

test('a recommender leaves as parameters that know both tastes', async () => {
  const published = await releaseRecommender(database, { ...request, microRho: 500_000n });
  const parameters = decodeParameters(Buffer.from(JSON.parse(published.record).value, 'base64'));
  expect(parameters.items.length).toBeGreaterThanOrEqual(100);
  const { score } = scorer(parameters);
  for (const taste of [0, 1]) {
    const history = Int32Array.from({ length: 8 }, (_, at) => at * 10 + taste);
    const suggested = score(history, { limit: 20 }).map(({ item }) => item);
    expect(suggested.filter((item) => item % 2 === taste).length).toBeGreaterThanOrEqual(18);
  }
  expect(await ledgerFindings(database, [verifierOf(signer.verifierKey)])).toEqual([]);
});
