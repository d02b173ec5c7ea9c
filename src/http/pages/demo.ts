/**
 * The page of the demo and what its switches do. Every one of them goes through the same doors as a real shop's and answers by showing the page again,
 * so all of it works without JavaScript. Registered in demo mode alone; it speaks for two made-up people and takes no other name.
 */
import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { readItem } from '../../catalogue/items.ts';
import { Refusal } from '../../database/refusal.ts';
import { currentVersion, learn, retrain } from '../../models/learn.ts';
import { choose } from '../../people/choose.ts';
import { forget } from '../../people/forget.ts';
import { takeIn } from '../../people/intake.ts';
import { findPerson } from '../../people/persons.ts';
import { entryOf } from '../../policy/policy.ts';
import { type Fields, acceptForms, requireOwnPage, unreadableForm } from '../internal/forms.ts';
import { type DemoStage, type Proof, demoView, grouped, isInModel, ownItems } from './demo-view.ts';
import { fingerprintOf } from './fingerprint.ts';
import { answerPage } from './page.ts';

/** What the page remembers from one request to the next; about made-up people, for as long as the demo runs. */
interface Remembered {
  /** What just happened, one or two sentences. */
  said: string;
  /** How many times something has happened. */
  turn: number;
  proof: Proof | undefined;
  /** What was the other person's own when the demo began. */
  othersOwn: readonly string[] | undefined;
  readonly since: Date;
}

/** Serves `/` and what lies under `/demo/`. */
export function registerDemo(app: FastifyInstance, stage: DemoStage): void {
  const remembered: Remembered = {
    said: '',
    turn: 0,
    proof: undefined,
    othersOwn: undefined,
    since: stage.engine.database.world.now(),
  };
  const inTurn = oneAtATime();
  const proveFor = async (onProgress: (progress: Progress) => void): Promise<void> => {
    remembered.proof = await prove(stage, onProgress);
    remembered.turn++;
  };

  app.get('/', async (_request, reply) => {
    const view = await demoView(stage, remembered);
    remembered.othersOwn ??= ownItems(view.other.cards);
    return answerPage(reply, {
      template: 'demo',
      title: `${stage.main.name} and the shop`,
      description: 'A shop that suggests, a person who can take herself out, and a model that forgets her to the byte.',
      width: 'wide',
      styles: ['demo.css'],
      scripts: ['demo.js'],
      values: { view, said: remembered.said, turn: remembered.turn, proof: remembered.proof },
    });
  });

  app.get<{ Params: { file: string } }>('/demo/pictures/:file', async (request, reply) => {
    const picture = stage.pictureOf(request.params.file.replace(/\.svg$/, ''));
    if (picture === undefined) return reply.callNotFound();
    return reply.type('image/svg+xml').header('cache-control', 'public, max-age=86400').send(picture);
  });

  // The parser of forms is for these routes alone.
  void app.register(async (forms) => {
    acceptForms(forms);
    const acts: Readonly<Record<string, { act: Act; backTo: string }>> = {
      choose: { act: chooseForMain, backTo: '/#switches' },
      view: { act: viewForMain, backTo: '/#shop' },
      'take-out': { act: takeOutForMain, backTo: '/#held' },
      'walk-again': { act: walkAgainForMain, backTo: '/#shop' },
      'start-over': { act: startOverForMain, backTo: '/' },
    };
    for (const [name, { act, backTo }] of Object.entries(acts)) {
      forms.post<{ Body: Fields | undefined }>(`/demo/${name}`, async (request, reply) => {
        requireOwnPage(request);
        await inTurn(async () => {
          remembered.proof = undefined;
          remembered.said = await act(stage, request.body ?? {});
          remembered.turn++;
          await follow(stage);
        });
        return reply.redirect(backTo, 303);
      });
    }
    forms.post('/demo/prove', async (request, reply) => {
      requireOwnPage(request);
      if (request.headers.accept?.includes(lines) !== true) {
        await inTurn(() => proveFor(() => undefined));
        return reply.redirect('/#proof', 303);
      }
      return answerWithProgress(reply, (onProgress) => inTurn(() => proveFor(onProgress)));
    });
  });
}

const lines = 'application/x-ndjson';

/** Does something for the main person and says in a sentence or two what happened. */
type Act = (stage: DemoStage, fields: Fields) => Promise<string>;

async function chooseForMain({ engine, main, model }: DemoStage, fields: Fields): Promise<string> {
  const purpose = fields['purpose'] ?? '';
  const declared = entryOf(engine.policy.purposes, purpose);
  if (declared === undefined || !/^(yes|no)$/.test(fields['allowed'] ?? '')) throw unreadableForm();
  const isAllowed = fields['allowed'] === 'yes';
  const [chosen] = await choose(engine, [
    {
      who: { kind: 'userId', value: main.userId },
      choices: { purposes: { [purpose]: isAllowed }, method: 'switch', source: 'demo page' },
    },
  ]);
  const isModels = engine.policy.models[model]?.for === purpose;
  if (!isAllowed) {
    const moved = chosen?.receipt?.sumDigestBefore !== chosen?.receipt?.sumDigestAfter;
    return isModels && moved
      ? `${main.name} has withdrawn. What the model had learned from her is subtracted, and her list is the one that everybody sees.`
      : `${declared.title}: off. What was kept for it alone is gone; the model had learned nothing from it.`;
  }
  return isModels
    ? `${main.name} allows suggestions again. What she looked at before is gone and does not come back: she starts from nothing.`
    : `${declared.title}: on.`;
}

async function viewForMain({ engine, main }: DemoStage, fields: Fields): Promise<string> {
  const item = await readItem(engine.database, fields['item'] ?? '');
  const { world } = engine.database;
  const [outcome] = await takeIn(
    engine,
    [
      {
        type: 'track',
        messageId: world.uuid(),
        userId: main.userId,
        event: 'Product Viewed',
        properties: { product_id: item.itemId },
        at: world.now(),
      },
    ],
    { source: 'demo page', mayGrant: false, counts: engine.counts },
  );
  return outcome === 'stored'
    ? `${main.name} looked at “${item.title}”. It counts from now on.`
    : `${main.name} looked at “${item.title}”. Nothing was kept, because she does not allow it.`;
}

async function takeOutForMain({ engine, main }: DemoStage, fields: Fields): Promise<string> {
  const item = await readItem(engine.database, fields['item'] ?? '');
  await forget(engine, await idOf(engine, main.userId), { kind: 'exclude', itemId: item.itemId });
  return `“${item.title}” is taken out. Nothing is suggested because of it any more, and the model has unlearned it.`;
}

async function walkAgainForMain(stage: DemoStage): Promise<string> {
  await stage.walkAgain();
  return `${stage.main.name} has been to the shop again, and looked at the same things as before.`;
}

async function startOverForMain(stage: DemoStage): Promise<string> {
  const { engine, main } = stage;
  const personId = await findPerson(engine, engine.database, { userId: main.userId });
  if (personId !== undefined) await forget(engine, personId, { kind: 'erase' });
  await stage.tellFromTheStart();
  return `Everything about ${main.name} was erased, and her story told again from the start.`;
}

async function idOf(engine: DemoStage['engine'], userId: string): Promise<string> {
  const personId = await findPerson(engine, engine.database, { userId });
  if (personId === undefined)
    throw new Refusal('person.unknown', 'There is nobody of that name any more.', { remedy: 'Start the story over.' });
  return personId;
}

/** Brings model and list up to what just happened, at once; outside the demo the learning loop does it within seconds. */
async function follow({ engine, model }: DemoStage): Promise<void> {
  await learn(engine, model);
  await engine.models.refresh(model);
}

/** Trains from the contribution rows that stand now, and compares with the model that people were added to and subtracted from. */
async function prove(stage: DemoStage, onProgress: (progress: Progress) => void): Promise<Proof> {
  const { engine, model } = stage;
  await follow(stage);
  onProgress({ step: 'Reading the contributions of everybody who is in it', done: 0, total: 1 });
  const again = await retrain(engine, model, {
    onProgress: ({ done, total }) => onProgress({ step: 'Learning from them, item by item', done, total }),
  });
  const live = await currentVersion(engine.database, model);
  if (live === undefined)
    throw new Refusal('model.missing', 'Nothing has been learned yet.', { remedy: 'Run fairlead learn.' });
  const rows = [
    { what: 'Who is in it', live: live.sumDigest, again: again.sumDigest },
    { what: 'What it learned', live: live.parameterDigest, again: again.parameterDigest },
  ].map((row) => ({
    what: row.what,
    live: fingerprintOf(row.live),
    again: fingerprintOf(row.again),
    isSame: row.live === row.again,
  }));
  return {
    people: again.people,
    peopleText: grouped(again.people),
    seconds: (again.milliseconds / 1_000).toFixed(2),
    isMainIn: await isInModel(stage, stage.main.userId),
    rows,
    isSame: rows.every((row) => row.isSame),
  };
}

interface Progress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** One line of JSON for each step; the last one says how it ended. */
function answerWithProgress(
  reply: FastifyReply,
  work: (onProgress: (progress: Progress) => void) => Promise<void>,
): FastifyReply {
  const stream = new PassThrough();
  const write = (line: object): void => void stream.write(`${JSON.stringify(line)}\n`);
  work(write).then(
    () => stream.end(`${JSON.stringify({ ended: 'well' })}\n`),
    // The page shows its own sentence; what went wrong stands in the server's log by way of the next request.
    () => stream.end(`${JSON.stringify({ ended: 'badly' })}\n`),
  );
  return reply.type(lines).header('cache-control', 'no-store').send(stream);
}

/**
 * Refuses what another site's page has sent. Browsers say where a request comes from (`Sec-Fetch-Site`, older ones `Origin`), and there is no cookie
 * here that they could bring along; who says neither is no browser page and is refused too.
 */
/** Whoever comes while another is at work waits, so that what is said fits what is shown. */
function oneAtATime(): (work: () => Promise<void>) => Promise<void> {
  let turn: Promise<void> = Promise.resolve();
  return (work) => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined); // whoever asked is told; the next one begins afresh
    return mine;
  };
}
