import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { northwindPolicy } from '../../src/cli/demo/northwind-policy.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { checkPolicy } from '../../src/policy/check.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { compileTemplate } from '../../src/sending/template.ts';
import { mappingFrom } from '../../src/people/import/mapping.ts';

const file = path.resolve(import.meta.dirname, '../../docs/reference/cli.md');

it('the reference of the command line says what the commands say (npx vitest -u writes it anew)', async () => {
  await expect(await reference()).toMatchFileSnapshot(file);
});

it('every command has an example that begins with its own name', async () => {
  const program = await makeProgram();
  for (const command of program.commands)
    expect(helpOf(command), command.name()).toMatch(new RegExp(`Examples?:\\n {2}fairlead ${command.name()}\\b`));
});

async function reference(): Promise<string> {
  const program = await makeProgram();
  const parts = program.commands.map(
    (command) => `## fairlead ${command.name()}\n\n\`\`\`text\n${helpOf(command).trim()}\n\`\`\`\n`,
  );
  return `${head}\n${parts.join('\n')}`;
}

const head = `# The command line

Written from the commands themselves; \`fairlead <command> --help\` says the same.

Every command ends with exit code **0** (fine), **1** (it ran, and what it looked at is not as it should be) or **2** (it could not run, or was
interrupted). A refusal is one sentence about what happened and one about what to do, on the error stream; with \`--json\` its last line there is
\`{"code", "message", "remedy"}\`. Results go to the output stream, progress to the error stream.

Options whose help names an environment variable take it from there as well. \`DATABASE_URL\` (a PostgreSQL of your own, 15 or newer) is an environment
variable alone, because command lines can be seen by other users of the machine.
`;

type Program = Awaited<ReturnType<typeof makeProgram>>;

/** The help of a command as it is printed, examples included, on lines of one width. */
function helpOf(command: Program): string {
  let text = '';
  command.configureOutput({
    writeOut: (said) => (text += said),
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

describe('the guide to importing', () => {
  const guide = readFileSync(path.resolve(import.meta.dirname, '../../docs/guides/import.md'), 'utf8');

  it('shows a mapping that is one', () => {
    const written: unknown = JSON.parse(/```json\n([^]*?)```/.exec(guide)?.[1] ?? '');
    expect(mappingFrom(written)).toMatchObject({ person: 'CustomerID', skip: ['Quantity<=0'] });
  });

  it('names only flags that the commands have', async () => {
    const program = await makeProgram();
    const known = new Set(program.commands.flatMap((command) => command.options.map((option) => option.long)));
    const named = [...new Set(guide.match(/(?<![\w-])--[a-z][a-z-]*/g))];
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });
});

describe('the guide to sending', () => {
  const guide = readFileSync(path.resolve(import.meta.dirname, '../../docs/guides/sending.md'), 'utf8');

  it('names only flags that the commands have', async () => {
    const program = await makeProgram();
    const known = new Set(program.commands.flatMap((command) => command.options.map((option) => option.long)));
    const named = [...new Set(guide.match(/(?<![\w-])--[a-z][a-z-]*/g))];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('shows a template that is one, with an audience that the policy takes', async () => {
    const template = /```xml\n([^]*?)```/.exec(guide)?.[1] ?? '';
    const { weekly } = northwindPolicy.placements;
    const made = await compileTemplate(template, northwindPolicy, weekly);
    const mail = made.merge({
      items: [{ title: 'Copper kettle', priceMinor: 1250, currency: 'GBP', url: 'https://shop.example/', because: '' }],
      person: {},
      whyUrl: 'https://fairlead.shop.example/why/x',
      unsubscribeUrl: 'https://fairlead.shop.example/u/x',
    });
    expect(mail).toMatchObject({ subject: 'New in the kitchen', text: expect.stringContaining('Copper kettle') });
    const shop: Policy = {
      ...northwindPolicy,
      segments: { lapsed: { for: 'email', where: { recency: { atLeast: 90 } } } },
      audiences: { winBack: { segment: 'lapsed', placement: 'weekly' } },
    };
    expect(checkPolicy(shop).filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
