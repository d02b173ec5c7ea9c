import { expect, test } from 'vitest';
import { learn } from '../../src/models/learn.ts';
import { ProblemError } from '../../src/http/client.ts';
import { allow, crowd, stock } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const server = await testHttp();
const { engine, asServer, asPage } = server;
await stock(engine, 24);
await crowd(engine, 60, 24);
const [adaId = ''] = await allow(engine, ['ada']);

test('from an event to a personal decision that is taken back, over HTTP alone', async () => {
  await asServer.batch({
    body: {
      batch: [2, 4, 8].map((item) => ({
        type: 'track',
        userId: 'ada',
        event: 'Product Viewed',
        properties: { product_id: `item-${item}` },
      })),
    },
  });
  await learn(engine, 'alsoLiked');
  await engine.models.refresh('alsoLiked');

  const before = await asServer.decide({ body: { person: { userId: 'ada' }, placement: 'home' } });
  expect(before.body.personal).toBe(true);
  expect(before.body.items).toHaveLength(5);
  const id = before.headers.get('fairlead-decision') ?? '';
  expect(before.headers.get('link')).toMatch(/^<\/why\/[\w-]+>; rel="describedby"$/);

  await asServer.reportClicked({ params: { id }, body: { item: before.body.items[0]?.item ?? '' } });
  const record = await asServer.readDecision({ params: { id } });
  expect(record.body.outcomes).toMatchObject([{ kind: 'clicked' }]);
  for (const item of record.body.items) expect(item.terms.reduce((sum, term) => sum + term.points, 0)).toBe(item.score);
  expect((await asServer.readWhy({ params: { id } })).body.used).toEqual(['Item 2', 'Item 4', 'Item 8']);

  const taken = await asServer.recordConsents({
    body: { person: { userId: 'ada' }, purposes: { suggestions: false } },
  });
  expect(taken.body.standing['suggestions']).toBe(false);
  expect(taken.body.receipt?.sumDigestBefore).not.toBe(taken.body.receipt?.sumDigestAfter);
  expect((await asServer.decide({ body: { person: { userId: 'ada' }, placement: 'home' } })).body.personal).toBe(false);

  const { person } = (await asServer.lookUpPerson({ body: { userId: 'ada' } })).body;
  expect(person).toBe(adaId);
  expect((await asServer.viewPerson({ params: { person } })).body.events).toBe(0);
  const erased = await asServer.forgetPerson({ params: { person }, body: { kind: 'erase' } });
  expect(erased.body.kind).toBe('erase');
  await expect(asServer.viewPerson({ params: { person } })).rejects.toThrow(ProblemError);
});

test('a visitor allows, is kept, and decides with a public key, and gets words in the place of scores', async () => {
  const person = { anonymousId: 'visitor-1' };
  await asPage.recordConsents({ body: { person, purposes: { suggestions: true }, method: 'banner' } });
  await asPage.track({
    body: { anonymousId: 'visitor-1', event: 'Product Viewed', properties: { product_id: 'item-2' } },
  });
  const { body } = await asPage.decide({ body: { person, placement: 'home' } });
  expect(body.personal).toBe(true);
  expect(Object.keys(body)).toEqual(['placement', 'personal', 'items']);
  expect(Object.keys(body.items[0] ?? {})).toEqual(['item', 'because']);
});
