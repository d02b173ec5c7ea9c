/**
 * The demo's story, played on a running engine: the shop is filled, the model learns, Ada is looked at closely, withdraws and is proved to be gone. Every
 * step is the call that a real shop would make. Returns what happened; telling it is somebody else's work.
 */
import { dutyPermit } from '../../consent/permit.ts';
import { Refusal } from '../../database/refusal.ts';
import { type Decision, decide } from '../../deciding/decide.ts';
import type { Engine } from '../../deciding/engine.ts';
import { type ModelVersion, learn, retrain } from '../../models/learn.ts';
import { releasePopularityWhenDue } from '../../models/release-popularity.ts';
import { choose } from '../../people/choose.ts';
import { foldAll, foldBacklog } from '../../people/fold.ts';
import { forget } from '../../people/forget.ts';
import { takeIn } from '../../people/intake.ts';
import { findPerson } from '../../people/persons.ts';
import { type WholePerson, readWholePerson } from '../../people/profile.ts';
import type { Receipt } from '../../people/receipts.ts';
import type { NoteSigner } from '../../transparency/note.ts';
import { type Filling, fillShop } from './fill-shop.ts';
import { type HitRate, hitRateOf } from './hit-rate.ts';
import { type Shop, storyMessages } from './shop.ts';
import { type Story, adasStory } from './stories.ts';

export const model = 'alsoLiked';
export const placement = 'home';

/** One long step and how far it is. */
export type Progress = (progress: { readonly step: string; readonly done: number; readonly total: number }) => void;

/** What a demo came to. */
export interface DemoRun {
  /** Undefined when the shop had been filled before. */
  readonly filling: Filling | undefined;
  readonly model: ModelVersion;
  /** Everything held about Ada before she withdrew. */
  readonly held: WholePerson;
  readonly before: Decision;
  readonly hitRate: HitRate;
  readonly receipt: Receipt;
  readonly after: Decision;
  /** Learned from what was left after her contribution had been subtracted. */
  readonly modelAfter: ModelVersion;
  readonly retrained: Awaited<ReturnType<typeof retrain>>;
  /** Whether both digests of the retraining are those of `modelAfter`. */
  readonly isEqual: boolean;
}

/** Fills the shop (unless that has been done), learns, and releases what the policy lets be released. */
export async function openShop(
  engine: Engine,
  shop: Shop,
  options: { isFilled: boolean; signer?: NoteSigner; onProgress: Progress },
): Promise<Filling | undefined> {
  const { onProgress } = options;
  const filling = options.isFilled
    ? undefined
    : await fillShop(engine, shop, {
        onProgress: ({ step, ...progress }) =>
          onProgress({
            step: step === 'answers' ? 'Asking people what they allow' : 'Sending what they did',
            ...progress,
          }),
      });
  const waiting = await foldBacklog(engine.database);
  if (waiting > 0) {
    await foldAll(engine, {
      onProgress: (done) => onProgress({ step: 'Adding them up', done: Math.min(done, waiting), total: waiting }),
    });
  }
  await learn(engine, model, { onProgress: (progress) => onProgress({ step: 'Learning', ...progress }) });
  await engine.models.refresh(model);
  if (options.signer !== undefined) await releasePopularityWhenDue(engine, model, options.signer);
  return filling;
}

/** Plays the story from the filled shop to the proof. Ada is left withdrawn. */
export async function playDemo(
  engine: Engine,
  shop: Shop,
  options: { filling: Filling | undefined; onProgress: Progress },
): Promise<DemoRun> {
  const { onProgress } = options;
  const ada = { person: { userId: adasStory.userId }, placement };
  const published = await learn(engine, model);
  const held = await readEverythingAbout(engine, adasStory);
  const before = await decide(engine, ada);
  const hitRate = await hitRateOf(engine, shop, { model, placement });
  const [chosen] = await choose(engine, [
    {
      who: { kind: 'userId', value: adasStory.userId },
      choices: { purposes: { suggestions: false }, method: 'switch', source: 'demo' },
    },
  ]);
  if (chosen?.receipt === undefined) throw new Error('a withdrawal came back without its receipt');
  const after = await decide(engine, ada);
  const modelAfter = await learn(engine, model);
  await engine.models.refresh(model);
  const retrained = await retrain(engine, model, {
    onProgress: (progress) => onProgress({ step: 'Training once more, without her', ...progress }),
  });
  return {
    filling: options.filling,
    model: published,
    held,
    before,
    hitRate,
    receipt: chosen.receipt,
    after,
    modelAfter,
    retrained,
    isEqual: retrained.parameterDigest === modelAfter.parameterDigest && retrained.sumDigest === modelAfter.sumDigest,
  };
}

/** Erases Ada, whatever has been done with her, and tells her story from its beginning, so that a page starts where a reader expects it. */
export async function startAdaOver(engine: Engine, shop: Shop): Promise<void> {
  const personId = await findPerson(engine, engine.database, { userId: adasStory.userId });
  if (personId !== undefined) await forget(engine, personId, { kind: 'erase' });
  await tellFromTheStart(engine, shop);
  await learn(engine, model);
  await engine.models.refresh(model);
}

/** Ada's story with her answers, to a shop that does not know her. */
export async function tellFromTheStart(engine: Engine, shop: Shop): Promise<void> {
  const { world } = engine.database;
  const askedAt = new Date(world.now().getTime() - adasStory.askedDaysAgo * 86_400_000);
  await choose(engine, [
    {
      who: { kind: 'userId', value: adasStory.userId },
      choices: { purposes: adasStory.answers, method: 'form', source: 'checkout', at: askedAt },
    },
  ]);
  await tell(engine, shop, 'its days');
}

/** Ada walks through the shop once more, now, and looks at the same things. */
export async function walkAgain(engine: Engine, shop: Shop): Promise<void> {
  await tell(engine, shop, 'the last hour');
}

async function tell(engine: Engine, shop: Shop, within: 'its days' | 'the last hour'): Promise<void> {
  const { world } = engine.database;
  const messages = storyMessages(adasStory, shop.items, { telling: world.uuid(), now: world.now(), within });
  await takeIn(engine, messages, { source: 'demo shop', mayGrant: true, counts: engine.counts });
}

/** What somebody may ask to see, under their right of access. */
async function readEverythingAbout(engine: Engine, story: Story): Promise<WholePerson> {
  const personId = await findPerson(engine, engine.database, { userId: story.userId });
  if (personId === undefined) {
    throw new Refusal('demo.no-ada', `${story.name} is not in this shop.`, {
      remedy: 'Name another directory with --data, or empty this one.',
    });
  }
  return readWholePerson(
    engine,
    engine.database,
    dutyPermit('access', personId, 'their account in the demo', { byThemselves: true }),
  );
}
