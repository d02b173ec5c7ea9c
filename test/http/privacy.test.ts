/** The door of the privacy centre and what can be done behind it: only by the person, once by each link, and obeyed by the next decision. */
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { systemWorld, worldOf } from '../../src/database/world.ts';
import { decide } from '../../src/deciding/decide.ts';
import { learn } from '../../src/models/learn.ts';
import { forget } from '../../src/people/forget.ts';
import { linkToken, startSession } from '../../src/people/person-sessions.ts';
import { deleteTakenOut, putBack } from '../../src/people/put-back.ts';
import { allow, crowd, send, stock, testEngine, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

let now = Date.now();
const engine = await testEngine({
  world: worldOf({ now: () => new Date(now), randomBytes: (count) => systemWorld.randomBytes(count) }),
});
await stock(engine, 24);
await crowd(engine, 40, 24);
const [ada = '', ben = ''] = await allow(engine, ['ada', 'ben']);
await send(engine, [viewed('ada', 'item-2'), viewed('ada', 'item-4'), viewed('ben', 'item-6')]);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');

const secret = 'a secret that is long enough for a test of tokens';
const { url, asServer } = await testHttp({
  engine,
  origins: ['https://shop.example'],
  personTokens: { audience: 'fairlead', keys: [{ algorithm: 'HS256', secret }] },
});

interface Sent {
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
}

async function post(path: string, fields: Record<string, string>, { cookie, headers }: Sent = {}): Promise<Response> {
  return fetch(`${url}/privacy/${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', ...(cookie === undefined ? {} : { cookie }), ...headers },
    body: new URLSearchParams(fields),
  });
}

async function get(path: string, cookie?: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${url}${path}`, { headers: { ...(cookie === undefined ? {} : { cookie }), ...headers } });
  return answer.text();
}

async function cookieFor(personId: string): Promise<string> {
  return `fairlead-person=${await startSession(engine, personId)}`;
}

const isOpen = (html: string): boolean => html.includes('id="allow"');

describe('a link', () => {
  test('lets in once: what only looks at it uses nothing up, and of two who press at once one comes in', async () => {
    const { body } = await asServer.linkToPrivacyCentre({ params: { person: ada } });
    expect(isOpen(await get(body.link))).toBe(false);
    expect(await get(body.link)).toContain('method="post"');
    const token = body.link.slice('/privacy/enter/'.length);
    const answers = await Promise.all([post('enter', { token }), post('enter', { token })]);
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 403]);
    expect((await post('enter', { token })).status).toBe(403);
    const cookie = answers.find(({ status }) => status === 200)?.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax; Max-Age=3600$/);
    expect(isOpen(await get('/privacy', cookie.split(';')[0]))).toBe(true);
  });

  test('that was forged, is too old, of somebody who is gone, or in another spelling is answered with one page', async () => {
    const good = linkToken(engine, ada, 60);
    const late = linkToken(engine, ada, 60);
    const elsewhere = linkToken({ ...engine, keys: { ...engine.keys, derived: () => Buffer.alloc(32, 1) } }, ada, 60);
    const [gone = ''] = await allow(engine, ['gone']);
    const ofGone = linkToken(engine, gone, 600);
    await forget(engine, gone, { kind: 'erase' });
    const bad = [
      '',
      'nothing',
      `${good.slice(0, -1)}${good.endsWith('A') ? 'Q' : 'A'}`,
      `${good}=`,
      good.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
      elsewhere,
      ofGone,
      await startSession(engine, ada),
      'x'.repeat(8_000),
      `${good}\u0000`,
    ];
    now += 61_000;
    bad.push(late);
    const pages = new Set<string>();
    for (const token of bad) {
      const answer = await post('enter', { token });
      expect(answer.status, token).toBe(403);
      expect(answer.headers.get('set-cookie')).toBeNull();
      pages.add(await answer.text());
    }
    expect(pages.size).toBe(1);
  });

  test('of a stranger’s page lets nobody in', async () => {
    const sent = { 'sec-fetch-site': 'cross-site', origin: 'https://stranger.example' };
    expect((await post('enter', { token: linkToken(engine, ada, 60) }, { headers: sent })).status).toBe(403);
  });
});

describe('the operator’s hand-over', () => {
  const handOver = async (claims: {
    sub?: string;
    aud?: string;
    jti?: string;
    seconds?: number;
    key?: string;
    alg?: string;
  }) => {
    const token = new SignJWT(claims.jti === undefined ? {} : { jti: claims.jti })
      .setProtectedHeader({ alg: claims.alg ?? 'HS256' })
      .setAudience(claims.aud ?? 'fairlead/privacy')
      .setExpirationTime(Math.floor(now / 1_000) + (claims.seconds ?? 120));
    if (claims.sub !== undefined) token.setSubject(claims.sub);
    return token.sign(new TextEncoder().encode(claims.key ?? secret));
  };
  const fromShop = { headers: { 'sec-fetch-site': 'cross-site', origin: 'https://shop.example' } };

  test('brings a signed-in customer in, once', async () => {
    const token = await handOver({ sub: 'ada', jti: 'one' });
    const answer = await post('enter', { token }, fromShop);
    expect(answer.status).toBe(200);
    expect(isOpen(await answer.text())).toBe(true);
    expect((await post('enter', { token }, fromShop)).status).toBe(403);
    // Another token with the same id is a replay too.
    expect(
      (await post('enter', { token: await handOver({ sub: 'ada', jti: 'one', seconds: 60 }) }, fromShop)).status,
    ).toBe(403);
  });

  test.each([
    ['for another audience, such as a person token', { sub: 'ada', jti: 'a', aud: 'fairlead' }],
    ['without an id', { sub: 'ada' }],
    ['that lasts too long', { sub: 'ada', jti: 'b', seconds: 301 }],
    ['that has ended', { sub: 'ada', jti: 'c', seconds: -5 }],
    ['without a person', { jti: 'd' }],
    ['for somebody unknown', { sub: 'nobody we know', jti: 'e' }],
    ['by another key', { sub: 'ada', jti: 'f', key: 'another secret that is long enough for a test' }],
    ['by another algorithm', { sub: 'ada', jti: 'g', alg: 'HS384' }],
  ])('%s is refused', async (_, claims) => {
    expect((await post('enter', { token: await handOver(claims) }, fromShop)).status).toBe(403);
  });

  test('with no signature at all is refused', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { sub: 'ada', jti: 'h', aud: 'fairlead/privacy', exp: Math.floor(now / 1_000) + 60 };
    expect((await post('enter', { token: `${part({ alg: 'none' })}.${part(claims)}.` }, fromShop)).status).toBe(403);
  });
});

describe('a stay', () => {
  test('is nobody’s without its secret, ends with its hour, with signing out and with the person', async () => {
    const [eve = ''] = await allow(engine, ['eve']);
    expect(isOpen(await get('/privacy', `fairlead-person=${'A'.repeat(64)}`))).toBe(false);
    const [old, out, erased] = [await cookieFor(eve), await cookieFor(eve), await cookieFor(eve)];
    expect(isOpen(await get('/privacy', out))).toBe(true);
    await post('leave', {}, { cookie: out });
    expect(isOpen(await get('/privacy', out))).toBe(false);
    expect(isOpen(await get('/privacy', old))).toBe(true);
    now += 3_600_001;
    expect(isOpen(await get('/privacy', old))).toBe(false);
    const last = await cookieFor(eve);
    expect((await post('erase', {}, { cookie: last })).status).toBe(200);
    expect(isOpen(await get('/privacy', last))).toBe(false);
    expect(isOpen(await get('/privacy', erased))).toBe(false);
    expect(await engine.database.query('select 1 from person_sessions where person_id = $1', [eve])).toEqual([]);
  });

  test('goes on without cookies, from form to form, and no secret stands in an address', async () => {
    const [fay = ''] = await allow(engine, ['fay']);
    const first = await (await post('enter', { token: linkToken(engine, fay, 60) })).text();
    const session = /name="session" value="([^"]+)"/.exec(first)?.[1] ?? '';
    expect(session).not.toBe('');
    expect(first).not.toMatch(/(?:href|action)="[^"]*[\w-]{60}/);
    const second = await post('choose', { session, purpose: 'email', allowed: 'yes' });
    expect(second.status).toBe(200);
    const html = await second.text();
    expect(html).toMatch(/id="switch-email" role="switch" aria-checked="true"/);
    expect(html).toContain(`value="${session}"`);
    const file = await post('export.json', { session });
    expect(await file.json()).toMatchObject({ personId: fay });
  });

  test('obeys no other page', async () => {
    const cookie = await cookieFor(ada);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'https://shop.example' },
    ] as Record<string, string>[])
      expect((await post('choose-all', { allowed: 'no' }, { cookie, headers })).status).toBe(403);
    const bare = await fetch(`${url}/privacy/choose-all`, {
      method: 'POST',
      headers: { cookie, origin: 'null' },
      body: new URLSearchParams({ allowed: 'no' }),
    });
    expect(bare.status).toBe(403);
  });
});

describe('what is done here', () => {
  test('is obeyed by the next decision, and “refuse all” and “allow all” reach every purpose', async () => {
    const cookie = await cookieFor(ada);
    const before = await decide(engine, { person: { userId: 'ada' }, placement: 'home' });
    expect(before.personal).toBe(true);
    expect(await get('/privacy', cookie)).toContain(before.why);
    const answer = await post('choose', { purpose: 'suggestions', allowed: 'no' }, { cookie });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/privacy?said=off#purpose-suggestions']);
    expect((await decide(engine, { person: { userId: 'ada' }, placement: 'home' })).personal).toBe(false);
    await post('choose-all', { allowed: 'yes' }, { cookie });
    expect((await get('/privacy', cookie)).match(/aria-checked="true"/g)).toHaveLength(3);
    await post('choose-all', { allowed: 'no' }, { cookie });
    expect((await get('/privacy', cookie)).match(/aria-checked="false"/g)).toHaveLength(3);
  });

  test('takes a thing out at once, puts it back within the hour as it was, and deletes it afterwards', async () => {
    const [gil = ''] = await allow(engine, ['gil']);
    await send(engine, [viewed('gil', 'item-2'), viewed('gil', 'item-4')]);
    const cookie = await cookieFor(gil);
    const contributionOf = async (): Promise<unknown> =>
      engine.database.query('select items from contributions where person_id = $1', [gil]);
    await post('choose', { purpose: 'email', allowed: 'no' }, { cookie });
    const whole = await contributionOf();
    const page = await (await post('preview', { item: 'item-2' }, { cookie })).text();
    expect(page).toContain('Item 2');
    expect(await contributionOf()).toEqual(whole);
    await post('take-out', { item: 'item-2' }, { cookie });
    expect(await contributionOf()).not.toEqual(whole);
    const html = await get('/privacy', cookie);
    const exclusion = /name="exclusion" value="([^"]+)"/.exec(html)?.[1] ?? '';
    await deleteTakenOut(engine);
    expect((await post('put-back', { exclusion }, { cookie })).headers.get('location')).toContain('said=putBack');
    expect(await contributionOf()).toEqual(whole);

    await post('take-out', { item: 'item-2' }, { cookie });
    now += 3_600_000;
    expect(await deleteTakenOut(engine)).toBe(1);
    expect(await deleteTakenOut(engine)).toBe(0);
    const events = await engine.database.query<{ item_ids: string[] }>(
      'select item_ids from events where person_id = $1',
      [gil],
    );
    expect(events).toEqual([{ item_ids: ['item-4'] }]);
    // The rule stays: what comes anew is not used until the person says so.
    await send(engine, [viewed('gil', 'item-2')]);
    const later = await cookieFor(gil);
    const again = /name="exclusion" value="([^"]+)"/.exec(await get('/privacy', later))?.[1] ?? '';
    expect((await post('put-back', { exclusion: again }, { cookie: later })).headers.get('location')).toContain(
      'said=usedAgain',
    );
    expect(await contributionOf()).toEqual(whole);
  });

  test('cannot touch what is somebody else’s', async () => {
    await forget(engine, ben, { kind: 'exclude', itemId: 'item-6' });
    const [row] = await engine.database.query<{ exclusion_id: string }>(
      'select exclusion_id from exclusions where person_id = $1',
      [ben],
    );
    const cookie = await cookieFor(ada);
    const [foreign, nowhere] = await Promise.all([
      post('put-back', { exclusion: row?.exclusion_id ?? '' }, { cookie }),
      post('put-back', { exclusion: engine.database.world.uuid() }, { cookie }),
    ]);
    expect(foreign.headers.get('location')).toBe(nowhere.headers.get('location'));
    await expect(putBack(engine, ada, row?.exclusion_id ?? '')).rejects.toMatchObject({ code: 'exclusion.unknown' });
    expect(await engine.database.query('select 1 from exclusions where person_id = $1', [ben])).toHaveLength(1);
    const html = await get('/privacy', cookie);
    expect(html).not.toContain(ben);
    expect(html).not.toContain('Item 6');
  });

  test.each([
    ['choose', { purpose: 'constructor', allowed: 'yes' }],
    ['choose', { purpose: 'suggestions', allowed: 'maybe' }],
    ['choose-all', {}],
    ['take-out', { item: '' }],
    ['take-out', { item: 'x'.repeat(201) }],
    ['take-out', { item: 'a\u0000b' }],
    ['preview', { at: 'never' }],
    ['put-back', { exclusion: "' or 1=1 --" }],
    ['remove', { field: '__proto__' }],
    ['dial', { dial: '3' }],
  ])('%s with %j changes nothing and leads back', async (path, fields) => {
    const cookie = await cookieFor(ada);
    const answer = await post(path, fields, { cookie });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/privacy?said=gone#main']);
  });

  test('shows who else looked and why, and never the person’s own look', async () => {
    const [hal = ''] = await allow(engine, ['hal']);
    const cookie = await cookieFor(hal);
    expect(await get('/privacy', cookie)).toContain('Nobody but you.');
    await asServer.viewPerson({ params: { person: hal } });
    expect(await get('/privacy', cookie)).toContain('asked for with the key “test server”');
    const { body } = await asServer.exportPerson({ params: { person: hal } });
    expect(body.looks).toHaveLength(2);
  });

  test('sees a signal of the browser', async () => {
    const cookie = await cookieFor(ada);
    expect(await get('/privacy', cookie, { 'sec-gpc': '1' })).toContain('Global Privacy Control');
    expect(await get('/privacy', cookie)).not.toContain('Global Privacy Control');
  });
});
