/**
 * `fairlead demo`, which is also `npm start`: the whole of Fairlead on made-up people. It fills a shop through the real doors, tells at the terminal what
 * became of Ada, and then serves the page where anybody can flip her switches. Everything lies in one directory and can be deleted with it.
 */
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { Command } from 'commander';
import { listItems } from '../catalogue/items.ts';
import { Refusal } from '../database/refusal.ts';
import type { Engine } from '../deciding/engine.ts';
import { createAccessKey } from '../http/access-keys.ts';
import { registerDemo } from '../http/pages/demo.ts';
import { startServer } from '../http/server.ts';
import { readDatabase } from '../transparency/database-reader.ts';
import type { NoteSigner } from '../transparency/note.ts';
import { demoStage } from './demo/demo-stage.ts';
import { northwindPolicy } from './demo/northwind-policy.ts';
import { type DemoRun, type Progress, openShop, placement, playDemo, startAdaOver } from './demo/play-demo.ts';
import { type Shop, simulateShop } from './demo/shop.ts';
import { adasStory } from './demo/stories.ts';
import { tellDemo } from './demo/tell-demo.ts';
import { endAll } from './end-all.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { type OpenInstallation, openInstallation } from './open-installation.ts';
import { dataOption, jsonOption, wholeNumber } from './options.ts';
import { signerOfLog, startJobs } from './serve.ts';
import { type ProgressBar, formatCount, good, note, progressBar, say, sayJson, soft, strong } from './terminal.ts';

interface DemoOptions {
  readonly people?: number;
  readonly seed?: number;
  readonly port: number;
  readonly data: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

/** The command, to be added to the program. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('show everything on made-up people, then serve the page where anybody can flip the switches')
    .option('--people <count>', 'how many people the shop has; 2,000 otherwise', wholeNumber(50, 1_000_000))
    .option('--seed <number>', 'another number makes other people; 1 otherwise', wholeNumber(0, 2 ** 31))
    .option('--port <port>', 'where the page is served', wholeNumber(0, 65_535), 4400)
    .addOption(dataOption())
    .option('--once', 'exit after the account')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  fairlead demo --people 5000 --seed 7 --once')
    .action(guarded(runDemo));
}

async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const line = options.json === true ? note : say;
  if (options.once !== true) await refuseTakenPort(options.port);
  const plan = await planOf(options);
  line(
    plan.isFilled
      ? `The demo shop in ${options.data}: ${formatCount(plan.people)} made-up people, seed ${plan.seed}. Delete the directory to begin anew.`
      : `A gift shop that never was: ${formatCount(plan.people)} made-up people, seed ${plan.seed}. Nothing leaves this machine.`,
  );
  const opening = openInstallation({
    data: options.data,
    given: northwindPolicy,
    connections: 10,
    serves: options.once !== true,
  });
  const interrupted = interruption(opening);
  try {
    const opened = await opening;
    const { engine } = opened;
    const isFilled = await isShopFilled(engine, options.data, plan);
    const shop = simulateShop({ seed: plan.seed, people: plan.people, now: plan.now });
    const signer = signerOfLog(opened);
    const run = await play(engine, shop, { data: options.data, plan: { ...plan, isFilled }, signer });
    if (options.json === true) sayJson(answerOf(plan, run));
    else {
      const width = Math.min(process.stdout.columns ?? 100, 110);
      const itemOf = (itemId: string) => engine.items.byId(itemId);
      const telling = { run, story: adasStory, policy: northwindPolicy, itemOf, ink: { strong, soft, good }, width };
      for (const told of tellDemo(telling)) say(told);
    }
    await startAdaOver(engine, shop);
    if (options.once !== true) await serve(opened, shop, { options, line, interrupted });
    return run.isEqual ? exitCodes.fine : exitCodes.finding;
  } finally {
    interrupted.forget();
    await opening.then((opened) => opened.close());
  }
}

/** What Ctrl-C does: while the story is played it closes and ends; once the page is served, whoever serves is told and ends in peace. */
interface Interruption {
  /** Resolves at the next signal; from then on signals do nothing else. */
  wait(): Promise<void>;
  forget(): void;
}

function interruption(opening: Promise<OpenInstallation>): Interruption {
  const stop = new AbortController();
  let isAwaited = false;
  const onSignal = (): void => {
    stop.abort();
    if (isAwaited) return;
    void opening
      .then((opened) => opened.close())
      .catch(() => undefined) // it could not be opened, which is told where it is awaited
      .finally(() => process.exit(exitCodes.couldNotRun));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    async wait() {
      isAwaited = true;
      if (!stop.signal.aborted) await once(stop.signal, 'abort');
    },
    forget() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

/** What is demonstrated: kept beside the data, so that a second start finds it again, and one that was broken off goes on. */
interface Plan {
  readonly seed: number;
  readonly people: number;
  /** When the simulation ends. */
  readonly now: Date;
  /** Whether everything has been sent. */
  readonly isFilled: boolean;
  readonly isNew: boolean;
}

const planFile = 'demo.json';

async function planOf({ data, seed, people }: DemoOptions): Promise<Plan> {
  const text = await readFile(path.join(data, planFile), 'utf8').catch(() => undefined); // none yet
  if (text === undefined)
    return { seed: seed ?? 1, people: people ?? 2_000, now: new Date(), isFilled: false, isNew: true };
  const kept = JSON.parse(text) as { seed: number; people: number; now: string; isFilled: boolean }; // written by keepPlan below
  if ((seed ?? kept.seed) !== kept.seed || (people ?? kept.people) !== kept.people) {
    throw new Refusal(
      'demo.other',
      `${data} holds another demo: seed ${kept.seed} with ${formatCount(kept.people)} people.`,
      {
        remedy: 'Name another directory with --data, or delete this one.',
      },
    );
  }
  return { ...kept, now: new Date(kept.now), isNew: false };
}

async function keepPlan(data: string, { seed, people, now }: Plan, isFilled: boolean): Promise<void> {
  await mkdir(data, { recursive: true });
  await writeFile(path.join(data, planFile), `${JSON.stringify({ seed, people, now, isFilled }, null, 2)}\n`);
}

/** Whether the shop is there already; refuses to mix the demo's people with anybody else's. */
async function isShopFilled(engine: Engine, data: string, plan: Plan): Promise<boolean> {
  const isEmpty = (await listItems(engine.database, { limit: 1 })).length === 0;
  if (plan.isNew && !isEmpty) {
    throw new Refusal('demo.foreign', `${data} holds a catalogue that is not the demo's.`, {
      remedy: 'Name another directory with --data.',
    });
  }
  return plan.isFilled && !isEmpty;
}

async function play(
  engine: Engine,
  shop: Shop,
  { data, plan, signer }: { data: string; plan: Plan; signer: NoteSigner },
): Promise<DemoRun> {
  const bars = progressBars();
  try {
    if (plan.isNew) await keepPlan(data, plan, false);
    const filling = await openShop(engine, shop, { isFilled: plan.isFilled, signer, onProgress: bars.onProgress });
    if (!plan.isFilled) await keepPlan(data, plan, true);
    // A page of an earlier start may have left her anyhow.
    else await startAdaOver(engine, shop);
    return await playDemo(engine, shop, { filling, onProgress: bars.onProgress });
  } finally {
    bars.end();
  }
}

/** One bar a step, each below the one before. */
function progressBars(): { onProgress: Progress; end(): void } {
  let current: { step: string; bar: ProgressBar } | undefined;
  return {
    onProgress({ step, done, total }) {
      if (current?.step !== step) {
        current?.bar.end();
        current = { step, bar: progressBar(process.stderr.isTTY ? step.padEnd(30) : step) };
      }
      current.bar.move(done, total, formatCount(done));
    },
    end: () => current?.bar.end(),
  };
}

/** The shape that scripts rely on. */
function answerOf({ seed, people }: Plan, run: DemoRun): object {
  return {
    seed,
    people,
    model: run.model,
    before: run.before,
    receipt: run.receipt,
    after: run.after,
    retrained: { digest: run.retrained.parameterDigest, equal: run.isEqual },
  };
}

/** Serves, with everything that runs by itself, until it is told to stop. */
async function serve(
  opened: OpenInstallation,
  shop: Shop,
  serving: { options: DemoOptions; line: (text: string) => void; interrupted: Interruption },
): Promise<void> {
  const { options, line } = serving;
  const { engine } = opened;
  const keyFile = await serverKeyFile(engine, options.data);
  const running = await startJobs(opened);
  try {
    const server = await startServer({
      engine,
      port: options.port,
      publicLog: { read: readDatabase(opened.database), verifierKey: signerOfLog(opened).verifierKey },
      pages: (app) => registerDemo(app, demoStage(engine, shop)),
    });
    running.push(() => server.close());
    line('');
    line(`${strong('Now you.')} ${adasStory.name} is back, as she was. Flip her switches:`);
    line(`  ${server.url}/`);
    line('');
    line(`Every endpoint:  ${server.url}/docs`);
    line(`The public log:  ${server.url}/log`);
    line('One decision, from another terminal:');
    line(
      `  curl -u "$(cat '${keyFile}'):" ${server.url}/v1/decisions -H 'content-type: application/json' -d '{"person":{"userId":"${adasStory.userId}"},"placement":"${placement}"}'`,
    );
    line('');
    line(soft('Ctrl-C stops the server and its database.'));
    await serving.interrupted.wait();
    line('Stopping.');
  } finally {
    await endAll(running);
  }
}

/** The file with the demo's server key, made with it at the first start; only its owner can read it. */
async function serverKeyFile(engine: Engine, data: string): Promise<string> {
  const file = path.join(data, 'demo-server.key');
  const text = await readFile(file, 'utf8').catch(() => undefined); // none yet
  if (text === undefined) {
    const { key } = await createAccessKey(engine, { kind: 'server', label: 'demo' });
    await writeFile(file, key, { mode: 0o600 });
  }
  return file;
}

/** Better before the work than after it. */
async function refuseTakenPort(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch (error) {
    throw new Refusal('server.port-taken', `Port ${port} of this machine is taken or forbidden.`, {
      remedy: 'Name another with --port, or end what runs there.',
      cause: error,
    });
  } finally {
    probe.close();
  }
}
