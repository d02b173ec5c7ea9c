/** `fairlead stop`: ends what runs on a data directory, cleanly, and the database that a killed process has left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { mayHaveServer, processesUsing, startEmbedded } from '../database/embedded.ts';
import { Refusal } from '../database/refusal.ts';
import { systemWorld } from '../database/world.ts';
import { guarded } from './guarded.ts';
import { dataOption, jsonOption } from './options.ts';
import { postgresDirectory } from './postgres-directory.ts';
import { note, say, sayJson } from './terminal.ts';

interface StopOptions {
  readonly data: string;
  readonly json?: boolean;
}

const stopMsMax = 60_000;

export function stopCommand(): Command {
  return new Command('stop')
    .description('end what runs on a data directory, and its database')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  fairlead stop --data ./.fairlead')
    .action(guarded(stop));
}

async function stop(options: StopOptions): Promise<void> {
  const directory = postgresDirectory(options.data);
  const stopped = processesUsing(directory);
  for (const pid of stopped) terminate(pid);
  await waitForEnd(stopped);
  const wasLeft = mayHaveServer(directory);
  // Taking over a database that nobody uses, and leaving it as its last user, ends it in order.
  if (wasLeft) await (await startEmbedded({ directory, world: systemWorld, onLine: note })).stop();
  const database = wasLeft || stopped.length > 0 ? 'stopped' : 'not running';
  if (options.json === true) sayJson({ stopped, database });
  else if (database === 'not running') say('Nothing was running.');
  else
    say(
      `Stopped ${stopped.length === 0 ? 'the database that was left behind' : `process ${stopped.join(', ')} and the database`}.`,
    );
}

/** A process that has left the database still finishes other things; it has ended when it is gone. */
async function waitForEnd(pids: readonly number[]): Promise<void> {
  const until = performance.now() + stopMsMax;
  for (;;) {
    const left = pids.filter(isThere);
    if (left.length === 0) return;
    if (performance.now() > until) {
      throw new Refusal(
        'stop.slow',
        `Process ${left.join(', ')} is still finishing what it does after ${stopMsMax / 1_000} s.`,
        {
          remedy: 'Wait for it and run the command again; nothing is lost if you end it yourself.',
        },
      );
    }
    await sleep(50);
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM';
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    // It has ended between the two lines, which is what was wanted.
    if (code === 'ESRCH') return;
    throw new Refusal('stop.foreign', `Process ${pid} belongs to another user, who alone can stop it.`, {
      remedy: 'Run the command as that user.',
      cause: error,
    });
  }
}
