/** `fairlead batch`: makes a batch, lets somebody agree to it, and sends it: as mails, as a file, to a webhook. */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { Refusal } from '../database/refusal.ts';
import type { Engine } from '../deciding/engine.ts';
import {
  type Batch,
  type Destination,
  approveBatch,
  cancelBatch,
  createBatch,
  draftBatch,
  listBatches,
  readBatch,
} from '../sending/batch.ts';
import { removalsToken } from '../sending/removals.ts';
import { runBatch } from '../sending/run-batch.ts';
import { readWebhook } from '../sending/webhook-settings.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { type MailOptions, mailerFrom, withMail } from './mail-options.ts';
import { type OpenInstallation, type OpenOptions, whoRuns, withInstallation } from './open-installation.ts';
import { jsonOption, publicUrlOption, webhookOption, withPlace } from './options.ts';
import { formatCount, good, note, progressBar, say, sayJson, soft, strong, tableLines, wrapped } from './terminal.ts';

interface BatchOptions extends OpenOptions, MailOptions {
  readonly audience?: string;
  readonly to?: Destination;
  readonly recipient?: string;
  readonly template?: string;
  readonly dryRun?: boolean;
  readonly out?: string;
  readonly webhook?: string;
  readonly publicUrl?: string;
  readonly approve?: string;
  readonly run?: string;
  readonly cancel?: string;
  readonly status?: string | true;
  readonly json?: boolean;
}

/** Mails that are handed over at once. */
const mailConnections = 4;

export function batchCommand(): Command {
  const command = new Command('batch')
    .description('make a batch of mails, a file or webhook calls for an audience; agree to one, send it, see how it is')
    .argument('[placement]', 'where it belongs: a placement of the channel email or ads')
    .option('--audience <name>', 'whom it goes to: an audience of the policy at that placement')
    .addOption(new Option('--to <destination>', 'how it leaves').choices(['smtp', 'csv', 'webhook']))
    .option(
      '--recipient <name>',
      'who gets the file or the webhook, as a purpose of the policy names it under recipients',
    )
    .option('--template <file>', 'MJML with merge fields; a plain list of the items when left out')
    .option('--dry-run', 'check everything and count the audience, and make nothing')
    .option('--out <file>', 'where a file is written')
    .option('--approve <batch>', 'agree to a batch that somebody else has made')
    .option('--run <batch>', 'send a batch that was agreed to, or go on with one that was stopped')
    .option('--cancel <batch>', 'let nothing more of a batch leave')
    .option('--status [batch]', 'how one batch is, or the newest');
  return withMail(withPlace(command))
    .addOption(webhookOption())
    .addOption(publicUrlOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  fairlead batch weekly --audience winBack --to csv --out winback.csv --public-url https://fairlead.shop.example
  fairlead batch weekly --audience winBack --to smtp --dry-run
  fairlead batch --approve 01980000-0000-7000-8000-000000000009
  fairlead batch --run 01980000-0000-7000-8000-000000000009 --mail mail.json --public-url https://fairlead.shop.example

Unless the policy says that one person is enough, somebody else than the one who made a batch has to agree to it. It is good for 24 hours. Exit
code 1 means that it waits for somebody to agree, or is paused.`,
    )
    .action(guarded(batch));
}

async function batch(placement: string | undefined, options: BatchOptions): Promise<ExitCode> {
  return withInstallation(options, async (opened) => {
    const { engine } = opened;
    if (options.status !== undefined) return status(engine, options);
    if (options.approve !== undefined)
      return tell(engine, await approveBatch(engine, options.approve, whoActs()), options);
    if (options.cancel !== undefined) return tell(engine, await cancelBatch(engine, options.cancel), options);
    if (options.run !== undefined) return tell(engine, await run(opened, options.run, options), options);
    return create(opened, placement, options);
  });
}

async function create(
  opened: OpenInstallation,
  placement: string | undefined,
  options: BatchOptions,
): Promise<ExitCode> {
  const { engine } = opened;
  const { audience, to, recipient } = options;
  if (placement === undefined || audience === undefined || to === undefined)
    throw new Refusal('batch.nothing', 'It was not said what to send, to whom, or how.', {
      remedy:
        'Say fairlead batch PLACEMENT --audience NAME --to smtp|csv|webhook; or --status, --approve, --run, --cancel.',
    });
  const template = options.template === undefined ? undefined : await readFile(options.template, 'utf8');
  const request = { placement, audience, to, recipient, template };
  if (options.dryRun === true) {
    const { people, templateDigest } = await draftBatch(engine, request);
    if (options.json === true) sayJson({ people, template: templateDigest, batch: null });
    else say(`${formatCount(people)} people are in the audience ${audience} now. Nothing was made.`);
    return exitCodes.fine;
  }
  // Asked before anything is made, so that a batch which one person may send does not lie about for want of an option.
  requireRunnable(options, to);
  const made = await createBatch(engine, { ...request, by: whoActs() });
  if (made.state !== 'approved') return tell(engine, made, options);
  return tell(engine, await run(opened, made.batch, options), options);
}

function requireRunnable(options: BatchOptions, to: Destination): void {
  if (to === 'csv' && options.out === undefined)
    throw new Refusal('batch.no-file', 'It has not been said where the file goes.', { remedy: 'Add --out FILE.' });
  if (options.publicUrl === undefined) throw noPublicUrl();
}

async function run(opened: OpenInstallation, batchId: string, options: BatchOptions): Promise<Batch> {
  const { engine } = opened;
  if (options.publicUrl === undefined) throw noPublicUrl();
  const mailer = await mailerFrom(options, engine.database.world, { connections: mailConnections });
  const webhook = options.webhook === undefined ? undefined : await readWebhook(options.webhook);
  const bar = progressBar('Sending');
  try {
    return await runBatch(engine, batchId, {
      publicUrl: options.publicUrl,
      mailer,
      mailConnections,
      webhook,
      file: options.out,
      onProgress: ({ handedOver, people }) => bar.move(handedOver, people, formatCount(handedOver)),
    });
  } finally {
    bar.end();
    await mailer?.close();
  }
}

async function status(engine: Engine, options: BatchOptions): Promise<ExitCode> {
  if (typeof options.status === 'string') return tell(engine, await readBatch(engine, options.status), options);
  const batches = await listBatches(engine);
  if (options.json === true) sayJson({ batches });
  else if (batches.length === 0) say('There has been no batch yet.');
  else
    for (const line of tableLines(
      [
        ['batch', 'placement', 'audience', 'to', 'state', 'handed over'],
        ...batches.map((one) => [
          one.batch,
          one.placement,
          one.audience,
          one.to,
          one.state,
          formatCount(one.counts['handed over']),
        ]),
      ],
      [5],
    ))
      say(line);
  return exitCodes.fine;
}

function tell(engine: Engine, made: Batch, options: BatchOptions): ExitCode {
  const removals = made.recipient === null ? null : `/v1/audiences/removals/${removalsToken(engine, made.recipient)}`;
  if (options.json === true) sayJson({ ...made, removals });
  else {
    say(strong(`Batch ${made.batch}`));
    say(
      `${made.placement} to the audience ${made.audience}, by ${made.to}${made.recipient === null ? '' : ` for ${made.recipient}`}; made by ${made.createdBy}.`,
    );
    for (const line of wrapped(stateInWords(made))) say(made.state === 'done' ? good(line) : line);
    for (const [what, people] of Object.entries(made.counts)) if (people > 0) say(`  ${what}: ${formatCount(people)}`);
    if (removals !== null) {
      say(`${made.recipient} fetches whom it has to remove, at least once a day, at`);
      say(soft(`  ${options.publicUrl ?? ''}${removals}`));
    }
  }
  return made.state === 'waiting' || made.state === 'paused' ? exitCodes.finding : exitCodes.fine;
}

function stateInWords(made: Batch): string {
  switch (made.state) {
    case 'waiting':
      return `It waits until ${made.expiresAt} for somebody else to agree: fairlead batch --approve ${made.batch}, or POST /v1/batches/${made.batch}/approve with another key.`;
    case 'approved':
      return `${made.approvedBy ?? 'Somebody'} has agreed. It can be sent until ${made.expiresAt}: fairlead batch --run ${made.batch}. A running server with a mail server or a webhook sends it by itself.`;
    case 'sending':
      return 'It is being sent.';
    case 'paused':
      return `It is paused. ${made.pausedBecause ?? ''} Go on with fairlead batch --run ${made.batch}; it is good until ${made.expiresAt}.`;
    case 'done':
      return 'It is done.';
    case 'cancelled':
      return 'It was cancelled: nothing more of it leaves.';
    case 'expired':
      return 'Its 24 hours are over: nothing more of it leaves.';
    default:
      return made.state satisfies never;
  }
}

/** Under which name this process makes and approves. */
function whoActs(): string {
  return `user ${whoRuns()}`;
}

function noPublicUrl(): Refusal {
  note('Every mail and every row holds links: why it was sent, and how to end it.');
  return new Refusal('batch.no-public-url', 'It has not been said where people reach the server.', {
    remedy: 'Add --public-url https://…, or set FAIRLEAD_PUBLIC_URL.',
  });
}
