/** The entry of the command line: `fairlead <command>`. Exit code 0 is fine, 1 a finding, 2 could not run. */
import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { tell } from './guarded.ts';
import { boundYoungSpace } from './lean-heap.ts';
import { makeProgram } from './program.ts';

if (process.argv[2] === 'serve' || process.argv[2] === 'demo') boundYoungSpace();

// A reader that has seen enough (`fairlead … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.fine);
  throw error;
});

const program = await makeProgram(process.argv[2]);
for (const command of [program, ...program.commands]) command.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.fine : exitCodes.couldNotRun;
  else {
    tell(error);
    process.exitCode = exitCodes.couldNotRun;
  }
}
