/** The command line as a whole: every command by its name, loaded only when it is meant, so that a small one starts quickly. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./init.ts')).initCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  import: async () => (await import('./import.ts')).importCommand(),
  learn: async () => (await import('./learn.ts')).learnCommand(),
  decide: async () => (await import('./decide.ts')).decideCommand(),
  why: async () => (await import('./why.ts')).whyCommand(),
  forget: async () => (await import('./forget.ts')).forgetCommand(),
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand(),
  verify: async () => (await import('./verify.ts')).verifyCommand(),
  batch: async () => (await import('./batch.ts')).batchCommand(),
  stop: async () => (await import('./stop.ts')).stopCommand(),
  bench: async () => (await import('./bench.ts')).benchCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
};

/** The command line with the one command that is named, or with all of them where none is. */
export async function makeProgram(named?: string): Promise<Command> {
  const program = new Command('fairlead')
    .description('Personalisation that people can take themselves out of.')
    .version(packageVersion(), '--version', 'print the version')
    .helpCommand(false)
    .showHelpAfterError('(fairlead --help shows what there is)');
  const wanted = named !== undefined && Object.hasOwn(commands, named) ? [named] : Object.keys(commands);
  for (const name of wanted) {
    const command = await commands[name]?.();
    if (command !== undefined)
      program.addCommand(command.showHelpAfterError(`(fairlead ${name} --help shows what there is)`));
  }
  return program;
}

/** Of our own package, in the clone as in `dist`. */
function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  }; // our own package
  return version;
}
