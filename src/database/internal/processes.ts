/**
 * Tells living processes apart: a process number is used again after a death, so a process is known by its number and its time of birth.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** When the process was born, in the operating system's own words; undefined when it does not live (a zombie does not). */
export function birthOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    // Fields after the last parenthesis, since a program's name may hold spaces and parentheses: the 1st is the state, the 20th the birth.
    const fields = textOf(`/proc/${pid}/stat`)?.split(')').at(-1)?.trim().split(' ');
    return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  }
  const said = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return said.stdout?.trim() || undefined;
}

/** A living process's number and birth in letters that fit a file name, for example `4711.8812345`. */
export function markOf(pid: number): string {
  return `${pid}.${(birthOf(pid) ?? '').replaceAll(/[^0-9A-Za-z]+/g, '-')}`;
}

/** Whether the process that bore the mark is still alive. */
export function isAlive(mark: string): boolean {
  const pid = Number.parseInt(mark, 10);
  return birthOf(pid) !== undefined && markOf(pid) === mark;
}

/** The command line of a living process, one string; undefined when it does not live. */
export function commandOf(pid: number): string | undefined {
  if (process.platform === 'linux') return textOf(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || undefined;
  const said = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return said.stdout?.trim() || undefined;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // the process is gone, which is the answer
  }
}
