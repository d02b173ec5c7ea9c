/** Which word counts when a privacy signal and a person's choices differ: the declared precedence as properties, on the real ledger and against an oracle. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gppOptOuts, tcfChoices } from '../../src/consent/decode-signals.ts';
import { consentHistory } from '../../src/consent/ledger.ts';
import { standingPurposes } from '../../src/consent/permit.ts';
import { purposesCovered, purposesToAsk } from '../../src/consent/signals.ts';
import { choose } from '../../src/people/choose.ts';
import { foldAll } from '../../src/people/fold.ts';
import { heedSignal } from '../../src/people/heed-signal.ts';
import { takeIn } from '../../src/people/intake.ts';
import { type Policy, policy } from '../../src/policy/policy.ts';
import { allow, send, shopPolicy, stock, testEngine, viewed } from '../support/engine.ts';

const adsPolicy: Policy = policy({
  ...shopPolicy,
  purposes: {
    ...shopPolicy.purposes,
    ads: {
      basis: 'consent',
      title: 'Ads elsewhere',
      notice: 'We show you ads elsewhere.',
      keepFor: '6 months',
      countsAs: ['sharing', 'targeted advertising'],
    },
    list: { basis: 'consent', title: 'A list', notice: 'We sell a list.', keepFor: '6 months', countsAs: ['sale'] },
  },
  signals: { tcf: { '3': ['ads'], '4': ['ads', 'list'] } },
});
const adsPurpose = adsPolicy.purposes['ads'];
if (adsPurpose === undefined) throw new Error('the policy of this test has ads');
const engine = await testEngine({ policy: adsPolicy });
await stock(engine, 8);

type Step = 'signal' | 'yes' | 'yes all the same' | 'no';
const step: fc.Arbitrary<Step> = fc.constantFrom('signal', 'yes', 'yes all the same', 'no');

async function take(personId: string, purpose: string, said: Step): Promise<void> {
  if (said === 'signal') {
    await heedSignal(engine, personId, { source: 'Sec-GPC' });
    return;
  }
  const method = said === 'yes all the same' ? 'conflict notice' : 'switch';
  await choose(engine, [
    { who: { personId }, choices: { purposes: { [purpose]: said !== 'no' }, method, source: 'test' } },
  ]);
}

async function stands(personId: string, purpose: string): Promise<boolean> {
  return (await standingPurposes(engine.database, engine.policy, [personId])).get(personId)?.has(purpose) === true;
}

let made = 0;
async function newcomer(): Promise<string> {
  const [personId = ''] = await allow(engine, [`newcomer-${made++}`]);
  return personId;
}

test('for what a signal covers it beats every earlier choice, and only consent at a notice of the conflict beats it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const personId = await newcomer();
      let [isOn, isSignalled, isOnDespite] = [false, false, false];
      for (const said of steps) {
        await take(personId, 'ads', said);
        if (said === 'no') [isOn, isOnDespite] = [false, false];
        if (said === 'yes' && !isSignalled && !isOn) isOn = true;
        if (said === 'yes all the same' && !isOn) [isOn, isSignalled, isOnDespite] = [true, false, true];
        if (said === 'signal' && !isOnDespite) [isOn, isSignalled] = [false, true];
        expect(await stands(personId, 'ads'), steps.join(', ')).toBe(isOn);
      }
    }),
    { numRuns: 60 },
  );
});

test('elsewhere the latest explicit choice wins, and a signal changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const personId = await newcomer();
      let isOn = true;
      for (const said of steps) {
        await take(personId, 'suggestions', said);
        if (said !== 'signal') isOn = said !== 'no';
        expect(await stands(personId, 'suggestions'), steps.join(', ')).toBe(isOn);
      }
    }),
    { numRuns: 20 },
  );
});

test('a signal subtracts what was learned for what it covers, once; the policy can make it cover more', async () => {
  const strict = await testEngine({ policy: { ...adsPolicy, signals: { gpc: ['suggestions'] } } });
  await stock(strict, 8);
  const [ada = ''] = await allow(strict, ['ada']);
  await send(strict, [viewed('ada', 'item-1'), viewed('ada', 'item-2')]);
  await foldAll(strict);
  expect(await strict.database.query('select 1 from contributions where person_id = $1', [ada])).toHaveLength(1);
  const heeded = await heedSignal(strict, ada, { source: 'Sec-GPC' });
  expect(heeded.purposes).toEqual(['suggestions', 'ads', 'list']);
  expect(heeded.receipt?.sumDigestBefore).not.toBe(heeded.receipt?.sumDigestAfter);
  expect(await strict.database.query('select 1 from contributions where person_id = $1', [ada])).toEqual([]);
  expect(await heedSignal(strict, ada, { source: 'Sec-GPC' })).toEqual({ purposes: [], receipt: undefined });
});

test('a server’s or an import’s ordinary yes does not count against a signal, and a merge forgets no signal', async () => {
  const visitor = { kind: 'anonymousId', value: 'a browser with a signal' };
  const [made] = await choose(engine, [
    { who: visitor, choices: { purposes: { suggestions: true }, method: 'banner', source: 'test' } },
  ]);
  await heedSignal(engine, made?.personId ?? '', { source: 'Sec-GPC' });
  await take(made?.personId ?? '', 'ads', 'no');
  const [gil = ''] = await allow(engine, ['gil'], ['suggestions', 'ads']);
  expect(await stands(gil, 'ads')).toBe(true);
  await takeIn(engine, [{ type: 'identify', messageId: 'join', userId: 'gil', anonymousId: visitor.value }], {
    source: 'test',
    mayGrant: true,
    counts: engine.counts,
  });
  expect(await stands(gil, 'ads')).toBe(false);
  await takeIn(engine, [{ ...viewed('gil', 'item-1'), consent: { ads: true, suggestions: true } }], {
    source: 'test',
    mayGrant: true,
    counts: engine.counts,
  });
  expect(await stands(gil, 'ads')).toBe(false);
  const [said] = await choose(engine, [
    { who: { personId: gil }, choices: { purposes: { ads: true }, method: 'form', source: 'test' } },
  ]);
  expect(said?.standing['ads']).toBe(false);
  await take(gil, 'ads', 'yes all the same');
  expect(await stands(gil, 'ads')).toBe(true);
});

test('nobody is asked again within twelve months of a no, and a changed notice asks those alone who agreed to an earlier one', async () => {
  const now = new Date('2026-06-01T00:00:00Z');
  const twelveMonthsAgo = new Date('2025-06-01T00:00:00Z');
  fc.assert(
    fc.property(
      fc.record({
        action: fc.constantFrom('grant' as const, 'withdraw' as const),
        method: fc.constantFrom('switch', 'signal', 'conflict notice'),
        noticeVersion: fc.integer({ min: 1, max: 3 }),
        at: fc.date({ min: new Date('2023-01-01'), max: now, noInvalidDate: true }),
      }),
      fc.integer({ min: 1, max: 3 }),
      (entry, noticeVersion) => {
        const changed: Policy = {
          ...adsPolicy,
          purposes: { ads: { ...adsPurpose, noticeVersion } },
        };
        const isAsked = purposesToAsk(changed, [{ purpose: 'ads', ...entry }], now).includes('ads');
        expect(isAsked).toBe(
          entry.action === 'grant' ? entry.noticeVersion < noticeVersion : entry.at <= twelveMonthsAgo,
        );
      },
    ),
  );
  expect(purposesToAsk(adsPolicy, [], now)).toEqual(Object.keys(adsPolicy.purposes));
  const personId = await newcomer();
  await heedSignal(engine, personId, { source: 'Sec-GPC' });
  const spoken = await consentHistory(engine.database, personId);
  expect(purposesToAsk(engine.policy, spoken, engine.database.world.now())).toEqual(['email', 'fairness']);
});

test('the strings of the specifications are read, and mapped by the policy; what is none says nothing', () => {
  // The samples of the TCF and GPP specifications; in the latter nothing is opted out of.
  const tcf =
    'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw';
  expect(tcfChoices(adsPolicy, tcf)).toEqual({ ads: false, list: false });
  expect(tcfChoices({ ...adsPolicy, signals: { tcf: { '1': ['ads'], '3': ['ads'] } } }, tcf)).toEqual({ ads: true });
  expect(gppOptOuts('DBABLA~BVAoAAAAAABk.QA')).toEqual([]);
  expect(gppOptOuts('DBABBg~BUoAAABg.Q')).toEqual([]);
  // The older US Privacy string, in its section: the sale is opted out of.
  expect(gppOptOuts('DBABTA~1YYN')).toEqual(['sale']);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect([undefined, 'object']).toContain(gppOptOuts(text) === undefined ? undefined : 'object');
      expect([undefined, 'object']).toContain(tcfChoices(adsPolicy, text) === undefined ? undefined : 'object');
    }),
  );
  expect(purposesCovered(adsPolicy, ['sale'])).toEqual(['list']);
});
