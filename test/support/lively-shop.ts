/** A small shop where something of every common kind has happened: what the tests of `verify` start from. All of it came through the doors. */
import { decide } from '../../src/deciding/decide.ts';
import type { Engine } from '../../src/deciding/engine.ts';
import { recordOutcome } from '../../src/deciding/outcomes.ts';
import { learn } from '../../src/models/learn.ts';
import { choose } from '../../src/people/choose.ts';
import { setDial } from '../../src/people/settings.ts';
import { allow, crowd, send, stock, viewed } from './engine.ts';

/**
 * Ada, Ben and Cleo among a crowd; Ben was a visitor before he signed in; a model, a personal decision about Ada that was clicked, one about nobody, and
 * Ada's dial. Answers their ids.
 */
export async function openLivelyShop(engine: Engine): Promise<{ adaId: string; benId: string; cleoId: string }> {
  await stock(engine, 16);
  await crowd(engine, 40, 16);
  const [adaId = '', benId = '', cleoId = ''] = await allow(engine, ['ada', 'ben', 'cleo'], ['suggestions', 'email']);
  await send(engine, [
    viewed('ada', 'item-2'),
    viewed('ada', 'item-4'),
    viewed('ben', 'item-3'),
    viewed('cleo', 'item-5'),
    {
      type: 'identify',
      messageId: 'ada-traits',
      userId: 'ada',
      traits: { ageBand: '25-34', email: 'ada@example.org' },
    },
  ]);
  await choose(engine, [
    {
      who: { kind: 'anonymousId', value: 'visitor-1' },
      choices: { purposes: { suggestions: true }, method: 'banner', source: 'test' },
    },
  ]);
  await send(engine, [
    {
      type: 'track',
      messageId: 'visit',
      anonymousId: 'visitor-1',
      event: 'Product Viewed',
      properties: { product_id: 'item-6' },
    },
    { type: 'identify', messageId: 'sign-in', anonymousId: 'visitor-1', userId: 'ben' },
  ]);
  await learn(engine, 'alsoLiked');
  await engine.models.refresh('alsoLiked');
  const personal = await decide(engine, { person: { userId: 'ada' }, placement: 'home' });
  await recordOutcome(engine, personal.decision, { kind: 'clicked', item: personal.items[0]?.item ?? '' });
  await decide(engine, { person: { userId: 'nobody' }, placement: 'home' });
  await setDial(engine, adaId, { dial: 2 });
  return { adaId, benId, cleoId };
}
