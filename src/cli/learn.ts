/** `fairlead learn`: folds what waits, solves, and publishes a model version now; a running server does the same by itself. */
import { Command } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { type ModelVersion, learn } from '../models/learn.ts';
import { adoptFromFile, adoptProposal } from '../models/recipe-proposals.ts';
import { type RecipeStanding, recipeStanding } from '../models/recipes.ts';
import { releasePopularityWhenDue } from '../models/release-popularity.ts';
import { foldAll, foldBacklog } from '../people/fold.ts';
import { signerOf } from '../transparency/note.ts';
import { readProposal } from './evaluation/proposal-file.ts';
import { standingTold } from './evaluation/tell-standing.ts';
import { guarded } from './guarded.ts';
import { type OpenInstallation, type OpenOptions, withInstallation } from './open-installation.ts';
import { jsonOption, withPlace } from './options.ts';
import { formatCount, progressBar, say, sayJson, soft, strong, wrapped } from './terminal.ts';

interface LearnOptions extends OpenOptions {
  readonly adopt?: string;
  readonly by?: string;
  readonly json?: boolean;
}

export function learnCommand(): Command {
  const command = new Command('learn')
    .description('learn from what has come in, and publish a model version')
    .argument('[model]', 'a recommender of the policy; all of them otherwise')
    .option(
      '--adopt <proposal>',
      'first adopt a recipe: the id that `evaluate --live` gave, or the file of `evaluate --propose`',
    )
    .option('--by <name>', 'who adopts it; the log keeps the name');
  return withPlace(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead learn alsoLiked\n  fairlead learn alsoLiked --adopt recipe.json --by "Ada Lovelace"',
    )
    .action(guarded(learnNow));
}

async function learnNow(model: string | undefined, options: LearnOptions): Promise<void> {
  await withInstallation(options, async (opened) => {
    const names = [...opened.engine.sums.keys()];
    if (model !== undefined && !names.includes(model)) {
      throw new Refusal('model.unknown', `The policy has no recommender named "${model}".`, {
        remedy: names.length === 0 ? 'It has none at all.' : `It has: ${names.join(', ')}.`,
      });
    }
    if (options.adopt !== undefined) await adopt(opened, model ?? names[0], options.adopt, options.by);
    await fold(opened);
    const versions: ModelVersion[] = [];
    for (const name of model === undefined ? names : [model]) versions.push(await solve(opened, name));
    const standings = await Promise.all(versions.map((version) => recipeStanding(opened.database, version.model)));
    if (options.json === true) sayJson({ versions, recipes: standings });
    else for (const [at, version] of versions.entries()) tell(version, standings[at]);
  });
}

/** A proposal of this installation names its model; one of a file is for the model that the command names. */
async function adopt(
  { engine }: OpenInstallation,
  model: string | undefined,
  proposal: string,
  by: string | undefined,
): Promise<void> {
  if (by === undefined || by.trim() === '' || model === undefined)
    throw new Refusal('recipe.nameless', 'A recipe is adopted by somebody with a name.', {
      remedy: 'Say who: --by "NAME".',
    });
  const adoptedBy = by.trim();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(proposal))
    await adoptProposal(engine, { proposal, adoptedBy });
  else await adoptFromFile(engine, { model, ...(await readProposal(proposal)), adoptedBy });
}

async function fold({ engine, database }: OpenInstallation): Promise<void> {
  const waiting = await foldBacklog(database);
  if (waiting === 0) return;
  const bar = progressBar('Folding people');
  await foldAll(engine, {
    onProgress: (folded) => bar.move(folded, waiting, `${formatCount(folded)} of ${formatCount(waiting)} people`),
  });
  bar.end();
}

async function solve({ engine, logKeys }: OpenInstallation, model: string): Promise<ModelVersion> {
  const bar = progressBar(`Solving ${model}`);
  const version = await learn(engine, model, {
    onProgress: ({ done, total }) => bar.move(done, total, `${formatCount(done)} of ${formatCount(total)} items`),
  });
  bar.end();
  // The list for everybody follows the same sums; it is released only at the pace that the policy pays for.
  await releasePopularityWhenDue(engine, model, signerOf({ name: logKeys.origin, seed: logKeys.seed }));
  return version;
}

function tell(version: ModelVersion, standing: RecipeStanding | undefined): void {
  say(
    `${strong(version.model)}: learned from ${formatCount(version.people)} people about ${formatCount(version.items)} items in ${formatCount(version.solveMs)} ms.`,
  );
  say(soft(`  version    ${version.version}`));
  say(soft(`  parameters ${version.parameterDigest}`));
  if (standing !== undefined) for (const line of wrapped(standingTold(standing), 96, '  ')) say(line);
}
