/** Privacy signals over HTTP: the header of a browser, what a server passes on, and the notice of the conflict in the privacy centre. */
import { expect, test } from 'vitest';
import { startSession } from '../../src/people/person-sessions.ts';
import { type Policy, policy } from '../../src/policy/policy.ts';
import { allow, shopPolicy, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const adsPolicy: Policy = policy({
  ...shopPolicy,
  purposes: {
    ...shopPolicy.purposes,
    ads: {
      basis: 'consent',
      title: 'Ads elsewhere',
      notice: 'We show you ads elsewhere.',
      keepFor: '6 months',
      countsAs: ['targeted advertising'],
    },
  },
});
const engine = await testEngine({ policy: adsPolicy });
const { url, asServer, publicKey } = await testHttp({ engine });

test('the header of a browser counts by itself, beats the yes that comes with it, and is told', async () => {
  const answer = await fetch(`${url}/v1/consents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${publicKey}`, 'content-type': 'application/json', 'sec-gpc': '1' },
    body: JSON.stringify({ person: { anonymousId: 'a visitor' }, purposes: { ads: true, suggestions: true } }),
  });
  expect(await answer.json()).toMatchObject({
    standing: { ads: false, suggestions: true },
    signalled: ['ads'],
    ask: ['email', 'fairness'],
  });
});

test('a server passes on what it was told, and its own headers say nothing', async () => {
  const person = { userId: 'ada' };
  const { body } = await asServer.recordConsents({ body: { person, purposes: { ads: true } } });
  expect(body.standing['ads']).toBe(true);
  const told = await asServer.recordConsents({
    body: { person, purposes: {}, signals: { gpp: 'DBABTA~1YYN', gpc: false } },
  });
  // A sale alone, which this policy has no purpose for.
  expect(told.body.standing['ads']).toBe(true);
  const heeded = await asServer.recordConsents({ body: { person, purposes: {}, signals: { gpc: true } } });
  expect([heeded.body.standing['ads'], heeded.body.receipt?.kind]).toEqual([false, 'withdraw']);
  await expect(asServer.recordConsents({ body: { person, purposes: {} } })).rejects.toMatchObject({
    code: 'request.invalid',
  });
});

test('in the privacy centre a yes against the signal is asked about once more, and then counts', async () => {
  const [eve = ''] = await allow(engine, ['eve'], ['ads']);
  const cookie = `fairlead-person=${await startSession(engine, eve)}`;
  const headers = { cookie, 'sec-gpc': '1', 'sec-fetch-site': 'same-origin' };
  const open = async (): Promise<string> => (await fetch(`${url}/privacy`, { headers })).text();
  const isOn = (html: string): boolean => /id="switch-ads" role="switch" aria-checked="true"/.test(html);
  const post = async (fields: Record<string, string>, path = 'choose'): Promise<Response> =>
    fetch(`${url}/privacy/${path}`, { method: 'POST', headers, body: new URLSearchParams(fields) });
  expect(isOn(await open())).toBe(false);
  const asked = await (await post({ purpose: 'ads', allowed: 'yes' })).text();
  expect(asked).toContain('Your browser says no to this');
  expect(isOn(await open())).toBe(false);
  const all = await (await post({ allowed: 'yes' }, 'choose-all')).text();
  expect(all).toContain('but for what your browser’s signal keeps off');
  expect(isOn(all)).toBe(false);
  await post({ purpose: 'ads', allowed: 'all the same' });
  expect(isOn(await open())).toBe(true);
  await post({ purpose: 'ads', allowed: 'no' });
  expect(isOn(await open())).toBe(false);
});
