import { describe, expect, test } from 'vitest';
import { client } from '../../src/http/client.ts';
import type { Endpoint } from '../../src/http/contract/endpoint.ts';
import { endpointNames, endpoints } from '../../src/http/contract/endpoints.ts';
import { allow, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const shop = 'https://shop.example';
const engine = await testEngine();
const server = await testHttp({ engine, origins: [shop] });

async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${server.url}${path}`, { method, headers });
}

describe('every answer, whatever it is', () => {
  const paths = [
    '/docs',
    '/openapi.json',
    '/healthz',
    '/v1/models',
    '/nowhere',
    '/assets/layout.css',
    '/metrics',
    '/v1/people/x/../../..%2f',
  ];
  test.each(paths)('%s says that nothing foreign may be loaded, framed, guessed or referred to', async (path) => {
    const { headers } = await get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  test('is stored by nobody in between, unless it is about nobody', async () => {
    for (const name of endpointNames) {
      const declared: Endpoint = endpoints[name];
      if (declared.cacheSeconds !== undefined) continue;
      const { headers } = await fetch(`${server.url}${declared.path.replaceAll(/\{\w+\}/g, 'x')}`, {
        method: declared.method,
      });
      expect(headers.get('cache-control'), name).toBe('no-store');
    }
  });

  test('is a problem of one shape wherever there is nothing, or something that may not be', async () => {
    for (const [path, method] of [
      ['/nowhere', 'GET'],
      ['/v1/track', 'GET'],
      ['/v1/decisions', 'DELETE'],
      ['/v1/people/%00', 'GET'],
      ['/v1/items/%zz', 'DELETE'],
      [`/v1/items/${'x'.repeat(5_000)}`, 'DELETE'],
    ] as const) {
      const response = await get(path, { authorization: `Bearer ${server.serverKey}` }, method);
      expect(response.headers.get('content-type'), path).toMatch(/^application\/problem\+json/);
      expect(Object.keys((await response.json()) as object)).toEqual(
        expect.arrayContaining(['type', 'title', 'status', 'code', 'request']),
      );
      expect(response.status).toBeLessThan(500);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

test('over https, as a proxy that is trusted says or the public address, transport security is demanded', async () => {
  const proxied = await testHttp({ engine, trustedProxies: ['127.0.0.1'] });
  const behind = await fetch(`${proxied.url}/healthz`, { headers: { 'x-forwarded-proto': 'https' } });
  expect(behind.headers.get('strict-transport-security')).toBe('max-age=31536000');
  const forged = await get('/healthz', { 'x-forwarded-proto': 'https' });
  expect(forged.headers.get('strict-transport-security')).toBeNull();
  const open = await testHttp({ engine, publicUrl: 'https://fairlead.shop.example' });
  expect((await fetch(`${open.url}/healthz`)).headers.get('strict-transport-security')).toBe('max-age=31536000');
});

describe('pages of other origins', () => {
  const call = async (path: string, origin: string, key: string): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { origin, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ person: { anonymousId: 'v' } }),
    });

  test('may call with a public key when the origin is allowed, and are told so', async () => {
    const response = await call('/v1/consents/lookup', shop, server.publicKey);
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(shop);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toBe('origin');
  });

  test.each([
    'https://evil.example',
    'null',
    'https://shop.example.evil.example',
    'http://shop.example',
    'https://shop.example:444',
  ])('%s may not, not even unread', async (origin) => {
    const response = await call('/v1/consents/lookup', origin, server.publicKey);
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await response.json()).toMatchObject({ code: 'request.origin' });
    const asked = await get('/v1/consents/lookup', { origin, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(asked.status).toBe(403);
  });

  test('are answered before they call, for what browsers may call and for nothing else', async () => {
    const asked = await get('/v1/decisions', { origin: shop, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-methods')).toBe('POST');
    expect(asked.headers.get('access-control-allow-origin')).toBe(shop);
    expect((await get('/v1/items', { origin: shop, 'access-control-request-method': 'GET' }, 'OPTIONS')).status).toBe(
      404,
    );
  });

  test('of the server itself may always call', async () => {
    expect((await call('/v1/consents/lookup', server.url, server.publicKey)).status).toBe(200);
  });
});

describe('/metrics', () => {
  test('is open to this machine and to server keys, and to nobody behind a proxy or under another name', async () => {
    expect((await get('/metrics')).status).toBe(200);
    expect((await get('/metrics', { authorization: `Bearer ${server.serverKey}` })).status).toBe(200);
    expect((await get('/metrics', { authorization: `Bearer ${server.publicKey}` })).status).toBe(403);
    expect((await get('/metrics', { 'x-forwarded-for': '127.0.0.1' })).status).toBe(401);
    expect((await get('/metrics', { forwarded: 'for=127.0.0.1' })).status).toBe(401);
  });

  test('has names of the contract and the policy alone', async () => {
    await server.asServer.track({ body: { userId: 'ada-lovelace', event: 'Secret Event', properties: { note: 'x' } } });
    await get('/v1/people/ada-lovelace');
    await get('/nowhere/ada-lovelace?email=ada@example.org');
    const text = await (await get('/metrics')).text();
    expect(text).not.toMatch(/ada|Secret|note|nowhere|example\.org/);
    expect(text).toMatch(/fairlead_http_requests_total\{route="\/v1\/track",method="POST",status="200"\} \d/);
    expect(text).toMatch(/fairlead_intake_messages_total\{outcome="undeclared"\} 1/);
    const routes = new Set([...text.matchAll(/route="([^"]*)"/g)].map((match) => match[1]));
    const known = new Set([
      ...endpointNames.map((name) => endpoints[name].path.replaceAll(/\{(\w+)\}/g, ':$1')),
      'none',
      '/docs',
      '/assets/layout.css',
    ]);
    expect([...routes].filter((route) => !known.has(route ?? ''))).toEqual([]);
  });
});

test('an answer that does not fit its schema does not leave: it is a fault of ours, and says nothing', async () => {
  const [person = ''] = await allow(engine, ['edsger']);
  await server.asServer.excludeFromPerson({ params: { person }, body: { item: 'item-1' } });
  await engine.database.query(`update receipts set record = '{"secret": "never to leave"}' where person_id = $1`, [
    person,
  ]);
  const response = await get(`/v1/people/${person}/receipts`, { authorization: `Bearer ${server.serverKey}` });
  expect(response.status).toBe(500);
  const problem = await response.text();
  expect(JSON.parse(problem)).toEqual({
    type: '/docs#internal',
    title: 'Something is wrong here',
    status: 500,
    code: 'internal',
    request: expect.any(String),
  });
  const line = server.logged.find((one) => 'fault' in one);
  expect(line).toMatchObject({
    route: '/v1/people/:person/receipts',
    fault: expect.any(String),
    at: expect.arrayContaining([expect.stringMatching(/^at /)]),
  });
  expect(JSON.stringify(server.logged)).not.toContain('never to leave');
});

test('the reference shows every endpoint and every problem, and loads nothing foreign', async () => {
  const html = await (await get('/docs')).text();
  for (const name of endpointNames) expect(html).toContain(`id="${name}"`);
  expect(html).toContain('id="decision.unknown"');
  expect(
    [...html.matchAll(/(?:href|src)="([^"]+)"/g)]
      .map((match) => match[1])
      .filter((link) => !/^(\/|#)/.test(link ?? '')),
  ).toEqual([]);
  expect(html).not.toMatch(/<script(?! type="module" src)|\sstyle="|\son\w+="/);
});

test('the files that the web expects are there', async () => {
  const anybody = client({ url: server.url });
  expect((await anybody.globalPrivacyControl()).body.gpc).toBe(true);
  const { body } = await anybody.securityContact();
  expect(body).toMatch(/^Contact: mailto:privacy@shop\.example\nExpires: \d{4}-\d{2}-\d{2}T/);
  expect(Date.parse(/Expires: (\S+)/.exec(body)?.[1] ?? '')).toBeGreaterThan(Date.now() + 90 * 86_400_000);
});
