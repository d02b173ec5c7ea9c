import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAccessKeys, disableAccessKey, listAccessKeys } from '../../src/http/access-keys.ts';
import { ProblemError, client } from '../../src/http/client.ts';
import type { CallerKind, Endpoint } from '../../src/http/contract/endpoint.ts';
import { endpointNames, endpoints } from '../../src/http/contract/endpoints.ts';
import { learn } from '../../src/models/learn.ts';
import { type TestEngine, allow, crowd, send, stock, testEngine, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const signer = generateKeyPairSync('ed25519');
const audience = 'https://fairlead.shop.example';
const engine: TestEngine = await testEngine();
const server = await testHttp({
  engine,
  personTokens: {
    audience,
    keys: [{ algorithm: 'EdDSA', publicKey: signer.publicKey.export({ type: 'spki', format: 'pem' }).toString() }],
  },
});
await stock(engine, 24);
await crowd(engine, 60, 24);
const [adaId = '', benId = ''] = await allow(engine, ['ada', 'ben']);
await send(engine, [viewed('ada', 'item-2'), viewed('ben', 'item-3')]);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');

async function token(
  userId: string,
  change: { audience?: string; expires?: string; key?: typeof signer.privateKey } = {},
): Promise<string> {
  return new SignJWT({ sub: userId })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setAudience(change.audience ?? audience)
    .setExpirationTime(change.expires ?? '5 minutes')
    .sign(change.key ?? signer.privateKey);
}

const asAda = client({ url: server.url, key: await token('ada') });

async function status(name: keyof typeof endpoints, authorization: string | undefined): Promise<number> {
  const declared: Endpoint = endpoints[name];
  const { params, body } = declared.example;
  const path = declared.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => params?.[key] ?? '');
  const response = await fetch(`${server.url}${path}`, {
    method: declared.method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}

describe('every endpoint is open to those it names and to nobody else', () => {
  const kinds: readonly CallerKind[] = ['server', 'public', 'person'];
  const keys = new Map<CallerKind, string>();
  beforeAll(async () => {
    keys
      .set('server', server.serverKey)
      .set('public', server.publicKey)
      .set('person', await token('ada'));
  });

  test.each(endpointNames)('%s', async (name) => {
    const { callers } = endpoints[name] as Endpoint; // the widened type, whose callers can be asked for any kind
    if (callers.includes('anybody')) {
      // Where a token in the address takes the place of a key, one that nobody made leads nowhere.
      const isByToken = endpoints[name].path.includes('{token}');
      expect(await status(name, undefined)).toBe(isByToken ? 404 : 200);
      return;
    }
    for (const kind of kinds) {
      if (callers.includes(kind)) continue;
      expect(await status(name, `Bearer ${keys.get(kind)}`), kind).toBe(403);
    }
    if (!callers.includes('loopback')) expect(await status(name, undefined)).toBe(401);
    expect(await status(name, 'Bearer fairlead_server_0000000000000000000000000000000X')).toBe(401);
    expect(await status(name, 'Digest username="x"')).toBe(401);
  });
});

describe('a public key', () => {
  const refused: [string, string, object][] = [
    ['a message about a user', '/v1/track', { userId: 'ada', event: 'Product Viewed' }],
    [
      'a batch with one message about a user',
      '/v1/batch',
      {
        batch: [
          { type: 'track', anonymousId: 'v', event: 'Product Viewed' },
          { type: 'track', userId: 'ada', event: 'Product Viewed' },
        ],
      },
    ],
    ['an alias in a batch', '/v1/batch', { batch: [{ type: 'alias', anonymousId: 'v', previousId: 'ada' }] }],
    ['a decision for a user', '/v1/decisions', { person: { userId: 'ada' }, placement: 'home' }],
    ['a decision for both', '/v1/decisions', { person: { userId: 'ada', anonymousId: 'v' }, placement: 'home' }],
    ['a choice for a user', '/v1/consents', { person: { userId: 'ada' }, purposes: { suggestions: false } }],
    ['a look at what a user allows', '/v1/consents/lookup', { person: { userId: 'ada' } }],
  ];
  test.each(refused)('is refused %s', async (_name, path, body) => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.publicKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'key.public' });
  });
});

describe('a person token', () => {
  test('reaches its own person', async () => {
    expect((await asAda.lookUpPerson({ body: { userId: 'ada' } })).body.person).toBe(adaId);
    expect((await asAda.viewPerson({ params: { person: adaId } })).body.events).toBe(1);
    const decided = await asAda.decide({ body: { person: { userId: 'ada' }, placement: 'home' } });
    const id = decided.headers.get('fairlead-decision') ?? '';
    expect((await asAda.readWhy({ params: { id } })).body.used).toEqual(['Item 2']);
    expect((await asAda.excludeFromPerson({ params: { person: adaId }, body: { item: 'item-2' } })).body.kind).toBe(
      'exclude',
    );
    expect((await asAda.listReceipts({ params: { person: adaId } })).body.receipts).toHaveLength(1);
  });

  test('reaches nobody else: others do not exist for it', async () => {
    const params = { person: benId };
    const unknown = { params: { person: '01980000-0000-7000-8000-000000000004' } };
    const problemOf = async (call: Promise<unknown>): Promise<object> => {
      const error: unknown = await call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof ProblemError)) throw new Error('there was no problem');
      return { ...error.problem, request: '' };
    };
    const nobody = await problemOf(asAda.viewPerson(unknown));
    expect(nobody).toMatchObject({ code: 'person.unknown' });
    expect(await problemOf(asAda.viewPerson({ params }))).toEqual(nobody);
    expect(await problemOf(asAda.exportPerson({ params }))).toEqual(nobody);
    expect(await problemOf(asAda.listReceipts({ params }))).toEqual(nobody);
    expect(await problemOf(asAda.excludeFromPerson({ params, body: { item: 'item-3' } }))).toEqual(nobody);
    expect(await problemOf(asAda.forgetPerson({ params, body: { kind: 'erase' } }))).toEqual(nobody);
    const his = await server.asServer.decide({ body: { person: { userId: 'ben' }, placement: 'home' } });
    const id = his.headers.get('fairlead-decision') ?? '';
    const noDecision = await problemOf(asAda.readWhy({ params: { id: '01980000-0000-7000-8000-000000000004' } }));
    expect(await problemOf(asAda.readWhy({ params: { id } }))).toEqual(noDecision);
    expect(await problemOf(asAda.reportClicked({ params: { id }, body: { item: 'item-1' } }))).toEqual(noDecision);
    expect(await problemOf(asAda.lookUpPerson({ body: { userId: 'ben' } }))).toMatchObject({
      code: 'token.other-person',
    });
    expect(await problemOf(asAda.track({ body: { userId: 'ben', event: 'Product Viewed' } }))).toMatchObject({
      code: 'token.other-person',
    });
    expect(
      await problemOf(asAda.recordConsents({ body: { person: { userId: 'ben' }, purposes: { suggestions: false } } })),
    ).toMatchObject({ code: 'token.other-person' });
  });

  test('is refused unless its algorithm, signature, audience and end are right, always in the same words', async () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const [head = '', body = '', signature = ''] = (await token('ada')).split('.');
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hs256 = `${encode({ alg: 'HS256' })}.${body}`;
    const bad = {
      expired: await token('ada', { expires: '-1 minute' }),
      'of another audience': await token('ada', { audience: 'https://elsewhere.example' }),
      'of another key': await token('ada', { key: other }),
      'that lives too long': await token('ada', { expires: '25 hours' }),
      'for nobody': await token(''),
      unsigned:
        new UnsecuredJWT({ sub: 'ada', aud: audience, exp: Math.floor(Date.now() / 1_000) + 60 }).encode() + 'x',
      'with an altered body': `${head}.${encode({ sub: 'ben', aud: audience, exp: Math.floor(Date.now() / 1_000) + 60 })}.${signature}`,
      // The classic confusion: the public key, which everybody has, as the secret of an HMAC.
      'signed with the public key as a secret': `${hs256}.${createHmac(
        'sha256',
        signer.publicKey.export({ type: 'spki', format: 'pem' }),
      )
        .update(hs256)
        .digest('base64url')}`,
      'without an end': await new SignJWT({ sub: 'ada' })
        .setProtectedHeader({ alg: 'EdDSA' })
        .setAudience(audience)
        .sign(signer.privateKey),
    };
    const problems = new Set<string>();
    for (const [name, key] of Object.entries(bad)) {
      const response = await fetch(`${server.url}/v1/people/${adaId}`, { headers: { authorization: `Bearer ${key}` } });
      expect(response.status, name).toBe(401);
      const { request: _request, ...problem } = (await response.json()) as Record<string, unknown>; // a problem is an object
      problems.add(JSON.stringify(problem));
    }
    expect(problems.size).toBe(1);
  });
});

describe('an access key', () => {
  test('is not in the database, in no form that it could be read from', async () => {
    const rows = await engine.database.query<{ row: string }>('select row_to_json(k)::text as row from access_keys k');
    for (const { row } of rows)
      for (const key of [server.serverKey, server.publicKey]) expect(row).not.toContain(key.slice(16));
    expect(server.serverKey).toMatch(/^fairlead_server_[\w-]{32}$/);
    expect(JSON.stringify(await listAccessKeys(engine.database))).not.toContain(server.serverKey.slice(16));
  });

  test('ends within seconds of being disabled', async () => {
    const { makeKey, ends } = { makeKey: async () => (await testHttp({ engine })).serverKey, ends: 8_000 };
    const key = await makeKey();
    const keyed = client({ url: server.url, key });
    await keyed.listModels();
    const [newest] = await listAccessKeys(engine.database).then((keys) =>
      keys.filter(({ kind, label }) => kind === 'server' && label === 'test server'),
    );
    await disableAccessKey(engine, newest?.accessKeyId ?? '');
    await expect
      .poll(
        async () =>
          keyed.listModels().then(
            () => 200,
            (error: ProblemError) => error.status,
          ),
        { timeout: ends, interval: 500 },
      )
      .toBe(401);
  }, 20_000);

  test('that was changed by other means opens nothing and is found', async () => {
    expect((await checkAccessKeys(engine)).findings).toEqual([]);
    const { publicKey } = await testHttp({ engine });
    await engine.database.query(
      "update access_keys set kind = 'server' where access_key_id = (select access_key_id from access_keys where kind = 'public' order by created_at desc limit 1)",
    );
    await expect(client({ url: server.url, key: publicKey }).listModels()).rejects.toMatchObject({
      code: 'key.unknown',
    });
    expect((await checkAccessKeys(engine)).findings).toHaveLength(1);
  });
});
