import { Analytics } from '@segment/analytics-node';
import { expect, test } from 'vitest';
import { allow, stock } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const server = await testHttp();
await stock(server.engine, 10);
await allow(server.engine, ['ada']);

function analytics(options: { httpRequestTimeout?: number } = {}): Analytics {
  return new Analytics({
    writeKey: server.serverKey,
    host: server.url,
    flushAt: 5,
    flushInterval: 50,
    maxRetries: 1,
    ...options,
  });
}

test('the client library of Segment, pointed here, delivers every kind of call', async () => {
  const sender = analytics();
  const errors: unknown[] = [];
  sender.on('error', (error) => errors.push(error));
  sender.identify({ userId: 'ada', traits: { ageBand: '25-34', shoeSize: 44 } });
  sender.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'item-1' } });
  sender.track({
    userId: 'ada',
    event: 'Order Completed',
    properties: { total: 12.5, products: [{ product_id: 'item-2' }, { product_id: 'item-3' }] },
    timestamp: new Date(Date.now() - 3_600_000),
  });
  sender.track({ userId: 'ada', event: 'Never Declared', properties: { secret: 'value' } });
  sender.page({ userId: 'ada', name: 'Home' });
  sender.screen({ userId: 'ada', name: 'Cart' });
  sender.group({ userId: 'ada', groupId: 'g-1' });
  sender.alias({ userId: 'ada', previousId: 'before' });
  sender.track({ anonymousId: 'stranger', event: 'Product Viewed', properties: { product_id: 'item-4' } });
  await sender.closeAndFlush({ timeout: 10_000 });
  expect(errors).toEqual([]);

  const { person } = (await server.asServer.lookUpPerson({ body: { userId: 'ada' } })).body;
  const { body } = await server.asServer.exportPerson({ params: { person } });
  expect(body.events.map(({ name, items, properties }) => ({ name, items, properties }))).toEqual([
    { name: 'Product Viewed', items: ['item-1'], properties: {} },
    { name: 'Order Completed', items: ['item-2', 'item-3'], properties: { total: 12.5 } },
  ]);
  expect(body.fields).toEqual({ ageBand: '25-34' });
  const hourAgo = Date.parse(body.events[1]?.at ?? '');
  expect(Math.abs(Date.now() - 3_600_000 - hourAgo)).toBeLessThan(30_000);
  await expect(server.asServer.lookUpPerson({ body: { anonymousId: 'stranger' } })).rejects.toMatchObject({
    code: 'person.unknown',
  });
});

test('a wrong key reaches the client as an error and stores nothing', async () => {
  const sender = new Analytics({
    writeKey: 'fairlead_server_0000000000000000000000000000000X',
    host: server.url,
    flushAt: 1,
    maxRetries: 0,
  });
  const errors: unknown[] = [];
  sender.on('error', (error) => errors.push(error));
  sender.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'item-9' } });
  await sender.closeAndFlush({ timeout: 10_000 });
  expect(errors).toHaveLength(1);
  expect(await server.engine.database.query("select 1 from events where item_ids = array['item-9']")).toEqual([]);
});

const view = (messageId: string, more: object = {}): object => ({
  type: 'track',
  userId: 'ada',
  event: 'Product Viewed',
  properties: { product_id: `item-of-${messageId}` },
  messageId,
  ...more,
});

async function kept(messageId: string): Promise<{ purposes: string[]; at: Date }[]> {
  return server.engine.database.query('select purposes, at from events where item_ids = $1', [
    [`item-of-${messageId}`],
  ]);
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${server.serverKey}:`)}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

test('the same message counts once, however often and beside whatever it is sent', async () => {
  for (let time = 0; time < 3; time += 1)
    expect(await post('/v1/batch', { batch: [view('m-once'), view('m-once'), view(`m-${time}`)] })).toBe(200);
  await Promise.all(
    Array.from({ length: 20 }, async () => post('/v1/batch', { batch: [view('m-once'), view('m-storm')] })),
  );
  expect(await kept('m-once')).toHaveLength(1);
  expect(await kept('m-storm')).toHaveLength(1);
});

test('a clock that lies off is corrected by what sentAt lies off', async () => {
  const sentAt = new Date(Date.now() + 40 * 24 * 3_600_000);
  const timestamp = new Date(sentAt.getTime() - 90_000);
  expect(await post('/v1/batch', { batch: [view('m-clock', { timestamp })], sentAt })).toBe(200);
  const [row] = await kept('m-clock');
  expect(Math.abs((row?.at.getTime() ?? 0) - (Date.now() - 90_000))).toBeLessThan(10_000);
});

test('the key may stand in the body, and a context beside the batch counts for each message that has none of its own', async () => {
  const body = {
    writeKey: server.serverKey,
    context: { consent: { categoryPreferences: { Functional: true, Advertising: false } } },
    batch: [
      { ...view('m-beside'), userId: 'grace' },
      { ...view('m-own', { context: { consent: { categoryPreferences: { Functional: false } } } }), userId: 'hedy' },
    ],
  };
  const response = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  expect(await kept('m-beside')).toMatchObject([{ purposes: ['suggestions'] }]);
  expect(await kept('m-own')).toEqual([]);
});

test('consent in the form of RudderStack is read too', async () => {
  const consentManagement = {
    provider: 'custom',
    allowedConsentIds: ['Functional'],
    deniedConsentIds: ['Advertising'],
    resolutionStrategy: 'or',
  };
  expect(await post('/v1/track', { ...view('m-rudder'), userId: 'joan', context: { consentManagement } })).toBe(200);
  expect(await kept('m-rudder')).toMatchObject([{ purposes: ['suggestions'] }]);
});

test('with a public key consent on a message restricts it, and grants nothing', async () => {
  await server.asPage.recordConsents({ body: { person: { anonymousId: 'v-1' }, purposes: { suggestions: true } } });
  const authorization = `Bearer ${server.publicKey}`;
  const said = (messageId: string, categoryPreferences: object): object => ({
    ...view(messageId),
    userId: null,
    anonymousId: 'v-1',
    context: { consent: { categoryPreferences } },
  });
  expect(await post('/v1/track', said('m-restricted', { Functional: false }), { authorization })).toBe(200);
  expect(await post('/v1/track', said('m-granted', { Functional: true, Advertising: true }), { authorization })).toBe(
    200,
  );
  expect(await kept('m-restricted')).toEqual([]);
  expect(await kept('m-granted')).toMatchObject([{ purposes: ['suggestions'] }]);
  expect((await server.asPage.lookUpConsents({ body: { person: { anonymousId: 'v-1' } } })).body.standing).toEqual({
    suggestions: true,
    email: false,
    fairness: false,
  });
});

test('a purpose that no category stands for is refused by its own name', async () => {
  const person = { anonymousId: 'v-2' };
  await server.asPage.recordConsents({ body: { person, purposes: { suggestions: true, fairness: true } } });
  const tell = async (messageId: string, categoryPreferences: Record<string, boolean>): Promise<string[]> => {
    const context = { consent: { categoryPreferences: { Functional: true, ...categoryPreferences } } };
    await server.asPage.identify({ body: { ...person, traits: { gender: 'female' }, messageId, context } });
    const found = (await server.asServer.lookUpPerson({ body: person })).body;
    return (await server.asServer.viewPerson({ params: found })).body.fields;
  };
  expect(await tell('m-refused', { fairness: false })).toEqual([]);
  expect(await tell('m-allowed', {})).toEqual(['gender']);
});
