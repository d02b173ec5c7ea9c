/** `fairlead learn`: folds what waits, solves, and publishes a model version now; a running server does the same by itself. */
import { Command } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { type ModelVersion, learn } from '../models/learn.ts';
import { releasePopularityWhenDue } from '../models/release-popularity.ts';
import { foldAll, foldBacklog } from '../people/fold.ts';
import { signerOf } from '../transparency/note.ts';
import { guarded } from './guarded.ts';
import { type OpenInstallation, type OpenOptions, withInstallation } from './open-installation.ts';
import { jsonOption, withPlace } from './options.ts';
import { formatCount, progressBar, say, sayJson, soft, strong } from './terminal.ts';

interface LearnOptions extends OpenOptions {
  readonly json?: boolean;
}

export function learnCommand(): Command {
  const command = new Command('learn')
    .description('learn from what has come in, and publish a model version')
    .argument('[model]', 'a recommender of the policy; all of them otherwise');
  return withPlace(command)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  fairlead learn alsoLiked')
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
    await fold(opened);
    const versions: ModelVersion[] = [];
    for (const name of model === undefined ? names : [model]) versions.push(await solve(opened, name));
    if (options.json === true) sayJson({ versions });
    else for (const version of versions) tell(version);
  });
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

function tell(version: ModelVersion): void {
  say(
    `${strong(version.model)}: learned from ${formatCount(version.people)} people about ${formatCount(version.items)} items in ${formatCount(version.solveMs)} ms.`,
  );
  say(soft(`  version    ${version.version}`));
  say(soft(`  parameters ${version.parameterDigest}`));
}
