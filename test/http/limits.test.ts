import { expect, test } from 'vitest';
import { stock, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const engine = await testEngine();
await stock(engine, 4);
const small = { perSecond: 1, burst: 3 };
const ample = { perSecond: 1e6, burst: 1e6 };

test('a key that asks too much is told when to come again, and others are not slowed by it', async () => {
  const server = await testHttp({
    engine,
    rates: { serverKey: small, publicKey: ample, address: ample, failures: ample },
  });
  const ask = async (key: string): Promise<Response> =>
    fetch(`${server.url}/v1/consents`, { headers: { authorization: `Bearer ${key}` } });
  const statuses = [];
  for (let time = 0; time < 4; time += 1) statuses.push((await ask(server.serverKey)).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const refused = await ask(server.serverKey);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('x-ratelimit-reset')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'rate.exceeded', status: 429 });
  expect((await ask(server.publicKey)).status).toBe(200);
});

test('an address that tries keys out is stopped, whatever it claims to be, and good server keys go on working from there', async () => {
  const server = await testHttp({
    engine,
    rates: { serverKey: ample, publicKey: ample, address: ample, failures: small },
  });
  const tryKey = async (number: number): Promise<number> => {
    const key = `fairlead_server_${String(number).padStart(32, '0')}`;
    const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': `203.0.113.${number}` };
    return (await fetch(`${server.url}/v1/models`, { headers })).status;
  };
  const statuses = [];
  for (let number = 0; number < 5; number += 1) statuses.push(await tryKey(number));
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  const inBody = await fetch(`${server.url}/v1/track`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ writeKey: `fairlead_server_${'9'.repeat(32)}`, userId: 'ada', event: 'x' }),
  });
  expect(inBody.status).toBe(429);
  expect(
    (await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${server.serverKey}` } })).status,
  ).toBe(200);
});

test('behind a proxy that is trusted, each client has a limit of its own', async () => {
  const server = await testHttp({
    engine,
    trustedProxies: ['127.0.0.1'],
    rates: { serverKey: ample, publicKey: ample, address: small, failures: ample },
  });
  const ask = async (address: string): Promise<number> =>
    (
      await fetch(`${server.url}/v1/consents`, {
        headers: { authorization: `Bearer ${server.publicKey}`, 'x-forwarded-for': address },
      })
    ).status;
  const statuses = [];
  for (let time = 0; time < 4; time += 1) statuses.push(await ask('203.0.113.1'));
  expect(statuses).toEqual([200, 200, 200, 429]);
  expect(await ask('203.0.113.2')).toBe(200);
});
