/** Receipts of consent: complete by the fields of ISO/IEC TS 27560, true to the policy of their time, and verified offline with the public key alone. */
import { compactVerify, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { choose } from '../../src/people/choose.ts';
import { startSession } from '../../src/people/person-sessions.ts';
import { allow, shopPolicy, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const engine = await testEngine();
const { url, asServer, asPage } = await testHttp({ engine });

/** As a verifier does who has nothing but the receipt and the key. */
async function verified(jws: string, jwk: Record<string, string>): Promise<Record<string, unknown>> {
  const { payload, protectedHeader } = await compactVerify(jws, await importJWK(jwk, 'EdDSA'), {
    algorithms: ['EdDSA'],
  });
  expect(protectedHeader).toMatchObject({ alg: 'EdDSA', kid: jwk['kid'], typ: 'consent-receipt+json' });
  return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>; // an object, which the test then compares
}

test('every yes and no has one, with the notice as it was, and a changed letter or another key is found', async () => {
  const [ada = ''] = await allow(engine, ['ada']);
  await choose(engine, [
    { who: { personId: ada }, choices: { purposes: { suggestions: false }, method: 'switch', source: 'test' } },
  ]);
  const { body: key } = await asServer.consentReceiptKey();
  const { body } = await asServer.listConsentReceipts({ params: { person: ada } });
  expect(body.receipts.map(({ action }) => action)).toEqual(['grant', 'withdraw']);
  const [given, taken] = await Promise.all(body.receipts.map(({ jws }) => verified(jws, key)));
  expect(given).toMatchObject({
    '@type': 'dpv:ConsentReceipt',
    'dct:conformsTo': 'https://w3id.org/dpv/schema/iso-27560#receipt-full',
    'dct:identifier': body.receipts[0]?.entry,
    'dpv:hasDataSubject': ada,
    'dpv:hasNotice': {
      'dct:hasVersion': 1,
      'dct:language': 'en',
      'dct:description': shopPolicy.purposes.suggestions.notice,
    },
    'dpv:hasProcess': {
      'dpv:hasPurpose': { '@id': 'suggestions' },
      'dpv:hasLegalBasis': 'dpv:ExpressedConsent',
      'dpv:hasPersonalData': ['Order Completed', 'Product Viewed', 'ageBand'],
      'dpv:hasDataController': { 'dpv:hasName': 'Test Shop', 'dpv:hasContact': 'privacy@shop.example' },
      'dpv:hasStorageCondition': { 'dpv:hasDuration': '13 months' },
      'dpv:hasJurisdiction': ['EU'],
    },
    'dpv:hasConsentStatus': 'dpv:ConsentGiven',
    'dpv:hasIndicationMethod': 'form',
  });
  expect(taken).toMatchObject({ 'dpv:hasConsentStatus': 'dpv:ConsentWithdrawn', 'dpv:hasIndicationMethod': 'switch' });
  const jws = body.receipts[0]?.jws ?? '';
  const [head, payload = '', signature] = jws.split('.');
  const changed = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('13 months', '23 months')).toString(
    'base64url',
  );
  await expect(verified(`${head}.${changed}.${signature}`, key)).rejects.toThrow('signature verification failed');
  const other = { ...key, x: Buffer.alloc(32, 3).toString('base64url') };
  await expect(verified(jws, other)).rejects.toThrow();
});

test('the person takes them along from the privacy centre, with the key', async () => {
  const [ben = ''] = await allow(engine, ['ben']);
  const cookie = `fairlead-person=${await startSession(engine, ben)}`;
  const answer = await fetch(`${url}/privacy/consents.json`, { headers: { cookie } });
  const file = (await answer.json()) as { key: Record<string, string>; receipts: string[] }; // what the line below checks
  expect(await verified(file.receipts[0] ?? '', file.key)).toMatchObject({ 'dpv:hasDataSubject': ben });
  expect((await fetch(`${url}/privacy/consents.json`, { redirect: 'manual' })).status).toBe(303);
});

test('a yes to an earlier notice counts as that, and is asked about again; nobody agrees to one that there is not yet', async () => {
  const raised = await testEngine({
    policy: {
      ...shopPolicy,
      purposes: { ...shopPolicy.purposes, email: { ...shopPolicy.purposes.email, noticeVersion: 3 } },
    },
  });
  const server = await testHttp({ engine: raised });
  const say = async (version: number, visitor: string) =>
    server.asPage.recordConsents({
      body: {
        person: { anonymousId: visitor },
        purposes: { email: true },
        notices: { email: version },
        method: 'banner',
      },
    });
  expect((await say(2, 'one')).body.ask).toContain('email');
  expect((await say(3, 'one')).body.ask).not.toContain('email');
  const history = await raised.database.query<{ notice_version: number }>(
    "select notice_version from consent_entries where purpose = 'email' order by entry_number",
  );
  expect(history.map((row) => row.notice_version)).toEqual([2, 3]);
  await say(9, 'two');
  const [last] = await raised.database.query<{ version: number }>(
    "select max(notice_version) as version from consent_entries where purpose = 'email'",
  );
  expect(last?.version).toBe(3);
});

test('purposes are told in the language that is asked for, or in the policy’s own', async () => {
  const words = { title: 'Vorschläge', notice: 'Wir schlagen etwas vor.' };
  const german = await testEngine({
    policy: {
      ...shopPolicy,
      purposes: {
        ...shopPolicy.purposes,
        suggestions: { ...shopPolicy.purposes.suggestions, languages: { de: words } },
      },
    },
  });
  const server = await testHttp({ engine: german });
  const told = await server.asPage.listPurposes({ query: { language: 'de' } });
  expect(told.body.purposes.slice(0, 2)).toMatchObject([{ ...words, noticeLanguage: 'de' }, { noticeLanguage: 'en' }]);
  expect((await asPage.listPurposes({ query: { language: 'xx' } })).body.purposes[0]?.noticeLanguage).toBe('en');
});
