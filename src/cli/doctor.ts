/** `fairlead doctor`: looks at everything that an operator can set right, and says for each fault in a sentence what to do. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { refuseUnsafe } from '../database/connect.ts';
import { Refusal } from '../database/refusal.ts';
import { systemWorld } from '../database/world.ts';
import { isBehind, modelVersions } from '../models/learn.ts';
import { listPauses } from '../deciding/pauses.ts';
import { complaintBacklog } from '../rights/complaints.ts';
import { recipeStanding } from '../models/recipes.ts';
import { foldBacklog } from '../people/fold.ts';
import { intakeCountsSince, intakeReport } from '../people/intake-report.ts';
import { tardyRecipients } from '../sending/removals.ts';
import { subtractDuration } from '../policy/durations.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { standingTold } from './evaluation/tell-standing.ts';
import { guarded } from './guarded.ts';
import { type MailOptions, mailerFrom, withMail } from './mail-options.ts';
import { type OpenInstallation, type OpenOptions, withInstallation } from './open-installation.ts';
import { defaultPolicyFile, jsonOption, withPlace } from './options.ts';
import { readPolicyFile } from './policy-file.ts';
import { findingText, mayRun } from '../policy/check.ts';
import { bad, formatCount, good, say, sayJson, wrapped } from './terminal.ts';

interface DoctorOptions extends OpenOptions, MailOptions {
  readonly json?: boolean;
}

/** One thing that was looked at. */
interface Examined {
  readonly name: string;
  readonly ok: boolean;
  /** What is there. */
  readonly state: string;
  /** What to do about it; null when all is well. */
  readonly remedy: string | null;
}

/** People who wait for longer than this mean that nobody folds. */
const backlogMax = 1_000;

export function doctorCommand(): Command {
  return withMail(
    withPlace(new Command('doctor').description('look at everything that can be wrong, and say what to do')),
  )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  fairlead doctor\n\nExit code 1 means that something is to be done.')
    .action(guarded(examine));
}

async function examine(options: DoctorOptions): Promise<ExitCode> {
  const examined = [await examineVersion(), ...(await examinePolicy(options)), await examineMail(options)];
  try {
    examined.push(...(await withInstallation({ ...options, onLine: () => undefined }, examineInstallation)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code !== 'policy.errors')
      examined.push({ name: 'installation', ok: false, state: error.message, remedy: error.remedy ?? null });
  }
  const ok = examined.every((one) => one.ok);
  if (options.json === true) sayJson({ ok, checks: examined });
  else tell(examined, ok);
  return ok ? exitCodes.fine : exitCodes.finding;
}

async function examineVersion(): Promise<Examined> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }; // our own package
  return fine('versions', `Fairlead ${version}, Node ${process.version}`);
}

async function examinePolicy(options: DoctorOptions): Promise<Examined[]> {
  const file = options.policy ?? defaultPolicyFile;
  if (options.policy === undefined && !existsSync(file))
    return [fine('policy file', `none here: the policy last in force is used`)];
  try {
    const { findings } = await readPolicyFile(file);
    if (findings.length === 0) return [fine('policy file', file)];
    return findings.map((finding) => ({
      name: 'policy file',
      ok: mayRun([finding]),
      state: findingText({ ...finding, remedy: '' }).trimEnd(),
      remedy: finding.remedy,
    }));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [{ name: 'policy file', ok: false, state: error.message, remedy: error.remedy ?? null }];
  }
}

/** Connects to the mail server and signs in; nothing is sent. */
async function examineMail(options: MailOptions): Promise<Examined> {
  try {
    const mailer = await mailerFrom(options, systemWorld);
    if (mailer === undefined) return fine('mail', 'no mail server is named, so none is sent from here');
    await mailer.check();
    return fine('mail', 'the mail server is there, and lets us in');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { name: 'mail', ok: false, state: error.message, remedy: error.remedy ?? null };
  }
}

async function examineInstallation(opened: OpenInstallation): Promise<Examined[]> {
  return [
    await examineDatabase(opened),
    fine('keys', 'they are there, and belong to this database'),
    await examineCatalogue(opened),
    await examineBacklog(opened),
    ...(await examineModels(opened)),
    await examineComplaints(opened),
    ...(await examinePauses(opened)),
    ...(await examineIntake(opened)),
    ...(await examineRemovals(opened)),
  ];
}

async function examineDatabase({ database, postgresDirectory }: OpenInstallation): Promise<Examined> {
  const [server] = await database.query<{ version: string; bytes: number }>(
    "select current_setting('server_version') as version, pg_database_size(current_database()) as bytes",
  );
  const state = `PostgreSQL ${server?.version.split(' ')[0] ?? '?'}, ${postgresDirectory === undefined ? 'at DATABASE_URL' : `in ${postgresDirectory}`}, ${formatCount((server?.bytes ?? 0) / 1e6)} MB`;
  try {
    await refuseUnsafe(database);
    return fine('database', `${state}; it keeps what it acknowledges`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { name: 'database', ok: false, state: `${state}; ${error.message}`, remedy: error.remedy ?? null };
  }
}

async function examineCatalogue({ database }: OpenInstallation): Promise<Examined> {
  const [items] = await database.query<{ all: number; available: number }>(
    'select count(*) as all, count(*) filter (where available) as available from items',
  );
  const { all, available } = items ?? { all: 0, available: 0 };
  const state = `${formatCount(all)} items, ${formatCount(available)} available`;
  if (available > 0) return fine('catalogue', state);
  return {
    name: 'catalogue',
    ok: false,
    state,
    remedy: 'Nothing can be shown without items: fairlead import FILE --items, or POST /v1/items.',
  };
}

async function examineBacklog({ database }: OpenInstallation): Promise<Examined> {
  const waiting = await foldBacklog(database);
  const state = waiting === 0 ? 'nobody waits' : `${formatCount(waiting)} people wait to be folded`;
  if (waiting <= backlogMax) return fine('learning', state);
  return {
    name: 'learning',
    ok: false,
    state,
    remedy: 'A running server folds by itself; without one: fairlead learn.',
  };
}

async function examineComplaints({ database }: OpenInstallation): Promise<Examined> {
  const { waiting, overdue } = await complaintBacklog(database, database.world.now());
  if (waiting === 0) return fine('complaints', 'none waits for an answer');
  const state = `${formatCount(waiting)} wait for an answer${overdue === 0 ? '' : `, ${formatCount(overdue)} of them past their day`}`;
  if (overdue === 0) return fine('complaints', state);
  return {
    name: 'complaints',
    ok: false,
    state,
    remedy: 'Answer them, the oldest first: GET /v1/complaints, then POST /v1/complaints/{id}/answer.',
  };
}

async function examinePauses({ database }: OpenInstallation): Promise<Examined[]> {
  const standing = (await listPauses(database)).filter((pause) => pause.ended_at === null);
  return standing.map((pause) => ({
    name: `placement ${pause.placement}`,
    ok: false,
    state: `is paused since ${pause.paused_at.toISOString()} by ${pause.paused_by}: ${pause.reason}`,
    remedy: 'When what was wrong is right again: POST /v1/placements/{placement}/resume.',
  }));
}

async function examineModels({ engine, database }: OpenInstallation): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const model of engine.sums.keys()) {
    const [version] = await modelVersions(database, { model, limit: 1 });
    const name = `model ${model}`;
    if (version === undefined)
      examined.push({
        name,
        ok: false,
        state: 'has never been published',
        remedy: 'Answers are non-personal until it is: fairlead learn.',
      });
    else {
      const behind = (await isBehind(database, model)) ? ', and people have changed since' : '';
      const standing = await recipeStanding(database, model);
      if (standing !== undefined)
        examined.push({
          name: `recipe of ${model}`,
          ok: !standing.isProposalDue,
          state: standingTold(standing).replace('Recipe: ', ''),
          remedy: standing.isProposalDue ? `Measure and adopt a new one: fairlead evaluate --live ${model}.` : null,
        });
      examined.push(
        fine(
          name,
          `from ${formatCount(version.people)} people about ${formatCount(version.items)} items, published ${version.publishedAt}${behind}`,
        ),
      );
    }
  }
  return examined;
}

async function examineIntake({ database }: OpenInstallation): Promise<Examined[]> {
  const since = subtractDuration(database.world.now(), '7 days').toISOString().slice(0, 10);
  const report = intakeReport(await intakeCountsSince(database, since));
  const state =
    report.came === 0
      ? 'no events in seven days'
      : `${formatCount(report.kept)} of ${formatCount(report.came)} events of seven days were kept`;
  if (report.came > 0 && report.kept > 0 && report.findings.length === 0) return [fine('intake', state)];
  if (report.came === 0)
    return [
      {
        name: 'intake',
        ok: false,
        state,
        remedy:
          'Send events to /v1/batch with a key of data directory/access-keys.json, or take in a file: fairlead import FILE.',
      },
    ];
  // A few lost events are the policy at work; most of them lost is a fault.
  const isLoss = report.kept < report.came / 2;
  return [
    { name: 'intake', ok: !isLoss, state, remedy: null },
    ...report.findings.map((finding) => ({
      name: 'intake',
      ok: !isLoss,
      state: finding.message,
      remedy: finding.remedy,
    })),
  ];
}

/** Recipients that hold people who have withdrawn, and have not asked. */
async function examineRemovals({ engine }: OpenInstallation): Promise<Examined[]> {
  return (await tardyRecipients(engine)).map((recipient) => ({
    name: 'removals',
    ok: false,
    state: `${recipient} has not fetched for a week whom it has to remove`,
    remedy:
      'Ask it to fetch its removals once a day; the address stands with its batches (fairlead batch --status ID).',
  }));
}

function fine(name: string, state: string): Examined {
  return { name, ok: true, state, remedy: null };
}

function tell(examined: readonly Examined[], ok: boolean): void {
  for (const { name, ok: isFine, state, remedy } of examined) {
    const [first = '', ...rest] = wrapped(`${name}: ${state}`, 94, '       ');
    say(`${isFine ? good('fine ') : bad('TO DO')}  ${first.trimStart()}`);
    for (const line of rest) say(line);
    if (remedy !== null)
      for (const line of wrapped(remedy, 94, '       → ').map((text, at) => (at === 0 ? text : text.replace('→', ' '))))
        say(line);
  }
  say();
  say(ok ? good('All is well.') : bad('Something is to be done; it is said above.'));
}
