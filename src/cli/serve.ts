/**
 * `fairlead serve`: the one place that starts what runs by itself: the HTTP server, learning, the sequencer of the transparency log, the writing down of
 * counts, and retention. It ends them in the opposite order when it is asked to.
 */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { pino } from 'pino';
import { Refusal } from '../database/refusal.ts';
import { expireDecisions } from '../deciding/expire-decisions.ts';
import { matchGoals } from '../deciding/outcomes.ts';
import type { PersonTokenOptions } from '../http/server.ts';
import { startServer } from '../http/server.ts';
import { startLearning } from '../models/learning-loop.ts';
import type { Engine } from '../deciding/engine.ts';
import { expireDue } from '../people/expire.ts';
import { deleteTakenOut } from '../people/put-back.ts';
import { expireComplaints } from '../rights/complaints.ts';
import { expireBatches, runnableBatches } from '../sending/batch.ts';
import { expireHandOvers } from '../sending/hand-overs.ts';
import { expireRemovals } from '../sending/removals.ts';
import { type RunOptions, runBatch } from '../sending/run-batch.ts';
import { readWebhook } from '../sending/webhook-settings.ts';
import { readDatabase } from '../transparency/database-reader.ts';
import { type NoteSigner, signerOf } from '../transparency/note.ts';
import { startSequencer } from '../transparency/sequencer.ts';
import { endAll } from './end-all.ts';
import { firstKeys } from './first-keys.ts';
import { guarded } from './guarded.ts';
import { type MailOptions, mailerFrom, withMail } from './mail-options.ts';
import { type OpenInstallation, type OpenOptions, openInstallation } from './open-installation.ts';
import { collected, publicUrlOption, webhookOption, wholeNumber, withPlace } from './options.ts';
import { note, say } from './terminal.ts';

interface ServeOptions extends OpenOptions, MailOptions {
  readonly port: number;
  readonly host: string;
  readonly publicUrl?: string;
  readonly webhook?: string;
  readonly trustProxy?: readonly string[];
  readonly plainHttp?: boolean;
  readonly origin?: readonly string[];
  readonly personTokens?: string;
}

/** Connections of the pool: enough that decisions do not wait while learning writes, and half of what the embedded server allows. */
const connections = 14;
const countsEveryMs = 5_000;
const batchesEveryMs = 10_000;
const expireEveryMs = 3_600_000;
const takenOutEveryMs = 60_000;

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run the server, learning and retention until it is stopped')
    .addOption(
      new Option('--port <number>', 'where to listen; 0 takes any that is free')
        .env('PORT')
        .default(4400)
        .argParser(wholeNumber(0, 65_535)),
    )
    .option('--host <address>', 'the address to bind to', '127.0.0.1')
    .addOption(publicUrlOption())
    .option(
      '--trust-proxy <address>',
      'believe the forwarding headers of this proxy; may be given several times',
      collected,
    )
    .option('--plain-http', 'speak to other machines without encryption, where nothing stands in front')
    .option(
      '--origin <origin>',
      'a web origin whose pages may call, such as https://shop.example; may be given several times',
      collected,
    )
    .addOption(
      new Option(
        '--person-tokens <file>',
        'JSON with audience, issuer and keys: how the tokens of signed-in people are checked',
      ).env('FAIRLEAD_PERSON_TOKENS'),
    );
  return withMail(withPlace(command))
    .addOption(webhookOption())
    .addHelpText('after', '\nExample:\n  fairlead serve --port 4400 --origin https://shop.example')
    .action(guarded(serve));
}

async function serve(options: ServeOptions): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const personTokens = options.personTokens === undefined ? undefined : await personTokensFrom(options.personTokens);
  const opened = await openInstallation({ ...options, connections, serves: true });
  const running: (() => Promise<void>)[] = [() => opened.close()];
  try {
    running.push(...(await startJobs(opened)));
    const mailer = await mailerFrom(options, opened.database.world);
    if (mailer !== undefined) running.push(() => mailer.close());
    const server = await startServer({
      engine: opened.engine,
      port: options.port,
      host: options.host,
      log: pino({ base: null, level: 'warn' }, pino.destination(2)),
      publicLog: { read: readDatabase(opened.database), verifierKey: signerOfLog(opened).verifierKey },
      ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
      ...(options.trustProxy === undefined ? {} : { trustedProxies: options.trustProxy }),
      ...(options.plainHttp === undefined ? {} : { plainHttp: options.plainHttp }),
      ...(options.origin === undefined ? {} : { origins: options.origin }),
      ...(personTokens === undefined ? {} : { personTokens }),
      ...(mailer === undefined ? {} : { mailer }),
    });
    running.push(() => server.close());
    const webhook = options.webhook === undefined ? undefined : await readWebhook(options.webhook);
    running.push(sendBatches(opened.engine, { publicUrl: options.publicUrl ?? server.url, mailer, webhook }));
    await tellKeys(opened);
    say(`Interface  ${options.publicUrl ?? server.url}`);
    say(`Reference  ${options.publicUrl ?? server.url}/docs`);
    say(`Log        ${options.publicUrl ?? server.url}/log`);
    say('Ctrl-C, or `fairlead stop`, ends it.');
    if (!stopping.signal.aborted)
      await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
    note('Stopping.');
  } finally {
    await endAll(running);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** Everything that runs by itself; each answers how to end it. A fault of one is said and does not end the others. */
export async function startJobs({
  engine,
  database,
  logKeys,
  logDirectory,
}: OpenInstallation): Promise<(() => Promise<void>)[]> {
  const sequencer = await startSequencer(database, {
    keys: logKeys,
    directory: logDirectory,
    onError: saying('The transparency log'),
  });
  const learning = await startLearning(engine, {
    signer: signerOfLog({ logKeys }),
    afterFold: async (people) => void (await matchGoals(engine, people)),
    onError: saying('Learning'),
  });
  return [
    () => sequencer.stop(),
    () => learning.stop(),
    every(countsEveryMs, saying('Counting'), () => engine.counts.flush(engine, database.world.now())),
    every(takenOutEveryMs, saying('Deleting what was taken out'), async () => void (await deleteTakenOut(engine))),
    every(expireEveryMs, saying('Retention'), async () => {
      await expireDue(engine);
      await expireDecisions(engine);
      await expireHandOvers(engine);
      await expireRemovals(engine);
      await expireBatches(engine);
      await expireComplaints(engine);
    }),
  ];
}

/** Sends what was agreed to and can leave from here: mails and webhook calls. What is paused is tried again until its day is over. */
function sendBatches(engine: Engine, options: RunOptions): () => Promise<void> {
  const stopping = new AbortController();
  const end = every(batchesEveryMs, saying('Sending'), async () => {
    for (const { batch_id: batchId, destination } of await runnableBatches(engine.database)) {
      const canLeave =
        (destination === 'smtp' && options.mailer !== undefined) ||
        (destination === 'webhook' && options.webhook !== undefined);
      if (!canLeave || stopping.signal.aborted) continue;
      try {
        await runBatch(engine, batchId, { ...options, signal: stopping.signal });
      } catch (error) {
        // Another process is at it, or it has ended meanwhile: nothing to say.
        if (!(error instanceof Refusal) || (error.code !== 'batch.busy' && error.code !== 'batch.state')) throw error;
      }
    }
  });
  return () => {
    stopping.abort();
    return end();
  };
}

/** Signs in the name of this installation's log. */
export function signerOfLog({ logKeys }: Pick<OpenInstallation, 'logKeys'>): NoteSigner {
  return signerOf({ name: logKeys.origin, seed: logKeys.seed });
}

/** Works at once and then at intervals, never twice at a time. Answers how to end it, which waits for the work under way. */
function every(ms: number, onError: (error: unknown) => void, work: () => Promise<void>): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let isEnding = false;
  const turn = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      onError(error);
    }
    if (!isEnding) {
      timer = setTimeout(() => {
        current = turn();
      }, ms);
    }
  };
  let current = turn();
  return async () => {
    isEnding = true;
    clearTimeout(timer);
    await current;
  };
}

/** Says what failed, once as long as it is the same: a database that is away for an hour is one line and not a thousand. */
function saying(what: string): (error: unknown) => void {
  let last = '';
  return (error) => {
    const message = error instanceof Error ? error.message : 'it failed';
    const remedy = error instanceof Refusal && error.remedy !== undefined ? ` ${error.remedy}` : '';
    if (message !== last) note(`${what}: ${message}${remedy}`);
    last = message;
  };
}

async function tellKeys(opened: OpenInstallation): Promise<void> {
  const keys = await firstKeys(opened);
  if (keys === undefined) return;
  say(
    `Two access keys have been made. They are shown now and kept in ${keys.file}, for its owner alone; the database knows only their hashes.`,
  );
  say(`  server key  ${keys.server}  (may name anybody: keep it on servers)`);
  say(`  public key  ${keys.public}  (for web pages: speaks for its own visitor)`);
}

async function personTokensFrom(file: string): Promise<PersonTokenOptions> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PersonTokenOptions; // the server checks every member when it opens them
  } catch (cause) {
    throw new Refusal('serve.person-tokens', `${file} cannot be read as JSON.`, {
      remedy: 'It holds {"audience": …, "issuer": …, "keys": [{"algorithm": …, "publicKey": …}]}.',
      cause,
    });
  }
}
