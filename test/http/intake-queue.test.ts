import { expect, test } from 'vitest';
import { IntakeQueue } from '../../src/http/internal/intake-queue.ts';
import type { Message } from '../../src/people/intake.ts';
import { allow, stock, testEngine, viewed } from '../support/engine.ts';

const engine = await testEngine();
await stock(engine, 4);
const people = Array.from({ length: 40 }, (_, index) => `person-${index}`);
await allow(engine, people);
const lane = { source: 'key', mayGrant: false };

/** Rows carry the transaction that wrote them. */
async function transactionsOf(item: string): Promise<number> {
  const [row] = await engine.database.query<{ count: number }>(
    'select count(distinct xmin::text)::integer as count from events where item_ids = $1',
    [[item]],
  );
  return row?.count ?? 0;
}

test('requests that come while others are under way share a transaction, and each gets its own outcomes', async () => {
  const queue = new IntakeQueue(engine);
  const outcomes = await Promise.all(
    people.map(async (person, index) =>
      queue.take(
        Array.from({ length: 1 + (index % 3) }, () => viewed(person, 'item-1')),
        lane,
      ),
    ),
  );
  expect(outcomes.map((one) => one.length)).toEqual(people.map((_, index) => 1 + (index % 3)));
  expect(new Set(outcomes.flat())).toEqual(new Set(['stored']));
  expect(await transactionsOf('item-1')).toBeLessThanOrEqual(4);
  expect(queue.waiting).toBe(0);
});

test('what one request brings does not cost the others theirs', async () => {
  const queue = new IntakeQueue(engine);
  const poison: Message = {
    ...viewed('person-0', 'item-2'),
    properties: {
      get product_id(): string {
        throw new RangeError('poison');
      },
    },
  };
  const taken = await Promise.allSettled(
    [
      viewed('person-1', 'item-2'),
      viewed('person-2', 'item-2'),
      poison,
      viewed('person-3', 'item-2'),
      viewed('person-4', 'item-2'),
    ].map(async (message) => queue.take([message], lane)),
  );
  expect(taken.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

test('lanes do not mix: one message id under two keys is two messages', async () => {
  const queue = new IntakeQueue(engine);
  const message = viewed('person-5', 'item-3');
  const taken = await Promise.all(
    ['one key', 'another key', 'one key'].map(async (source) => queue.take([message], { ...lane, source })),
  );
  expect(taken.flat().toSorted()).toEqual(['duplicate', 'stored', 'stored']);
});

test('a full queue refuses and says when to come again, and goes on afterwards', async () => {
  const queue = new IntakeQueue(engine);
  const many = Array.from({ length: 50_001 }, () => viewed('person-6', 'item-0'));
  await expect(queue.take(many, lane)).rejects.toMatchObject({ code: 'intake.busy', seconds: 1 });
  expect(await queue.take([viewed('person-6', 'item-0')], lane)).toEqual(['stored']);
});
