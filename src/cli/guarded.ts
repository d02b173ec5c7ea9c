/**
 * Around the action of every command: turns what it answers into the exit code, and what it throws into what happened, why, and what to do, without a
 * stack trace. With `--json` the refusal is one line of JSON on the error stream, so that the output stays what was asked for.
 */
import { LearningError } from '../learning/learning-error.ts';
import { Refusal } from '../database/refusal.ts';
import { SqlFailure } from '../database/sql-failure.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Wraps an action; it answers with an exit code, or nothing when all is well. */
export function guarded<Arguments extends unknown[]>(
  work: (...given: Arguments) => Promise<ExitCode | void>,
): (...given: Arguments) => Promise<void> {
  return async (...given) => {
    try {
      process.exitCode = (await work(...given)) ?? exitCodes.fine;
    } catch (error) {
      tell(error, given.some(wantsJson));
      process.exitCode = exitCodes.couldNotRun;
    }
  };
}

/** Says on the error stream why something could not be done. */
export function tell(error: unknown, asJson = false): void {
  const { code, message, remedy } = refusalOf(error);
  if (asJson) process.stderr.write(`${JSON.stringify({ code, message, remedy: remedy ?? null })}\n`);
  else process.stderr.write(`${message}\n${remedy === undefined ? '' : `${remedy}\n`}`);
}

function wantsJson(given: unknown): boolean {
  return typeof given === 'object' && given !== null && Reflect.get(given, 'json') === true;
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | undefined;
}

function refusalOf(error: unknown): Told {
  if (error instanceof Refusal || error instanceof LearningError) return error;
  if (error instanceof SqlFailure) return { code: 'internal', message: error.message, remedy: reportIt };
  if (!(error instanceof Error))
    return { code: 'internal', message: 'Something failed inside Fairlead.', remedy: reportIt };
  const code: unknown = Reflect.get(error, 'code');
  const path: unknown = Reflect.get(error, 'path');
  const place = typeof path === 'string' ? path : 'a file';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'file.disk-full',
        message: `There is no space left on the disk for ${place}.`,
        remedy: 'Free some space, then run the command again.',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'file.forbidden',
        message: `This user may not read or write ${place}.`,
        remedy: 'Name another place, or give this one to the user that runs Fairlead.',
      };
    case 'EROFS':
      return {
        code: 'file.read-only',
        message: `${place} lies on a read-only file system.`,
        remedy: 'Name a place that can be written to.',
      };
    case 'ENOENT':
      return { code: 'file.missing', message: `There is no ${place}.`, remedy: 'Check the path.' };
    case 'ENOTDIR':
      return { code: 'file.path', message: `The path ${place} leads through a file.`, remedy: 'Check the path.' };
    default:
      return { code: 'internal', message: `Something failed inside Fairlead: ${error.message}`, remedy: reportIt };
  }
}

const reportIt = 'This should not happen: please report it with the command that you ran.';
