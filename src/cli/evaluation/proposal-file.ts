/** A proposed recipe as a file: what `fairlead evaluate --propose` writes and `fairlead learn --adopt` reads. Nobody is named in it. */
import { readFile } from 'node:fs/promises';
import { Refusal } from '../../database/refusal.ts';
import type { RecipeProposal } from '../../learning/recipe-proposal.ts';
import { encodeRecipe, recipeFrom } from '../../learning/recipe.ts';
import { canonicalJson } from '../../policy/canonical.ts';

export interface FileProposal extends RecipeProposal {
  readonly protocol: 'strong' | 'next';
  readonly seed: number;
}

export function proposalText(proposal: FileProposal): string {
  const { recipe, ...rest } = proposal;
  // Read back as JSON, in its canonical order.
  const canonical: unknown = JSON.parse(encodeRecipe(recipe));
  const told = { fairleadProposal: 1, recipe: canonical, ...rest };
  return `${JSON.stringify(told, null, 2)}\n`;
}

/** Reads the recipe and how many people it was tuned on. Refuses with `proposal.unreadable`. */
export async function readProposal(file: string): Promise<Pick<RecipeProposal, 'recipe' | 'people'>> {
  const refusal = new Refusal('proposal.unreadable', `${file} is no proposal.`, {
    remedy: 'Make one: fairlead evaluate FILE --propose recipe.json.',
  });
  try {
    const found: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof found !== 'object' || found === null || Reflect.get(found, 'fairleadProposal') !== 1) throw refusal;
    const people: unknown = Reflect.get(found, 'people');
    if (!Number.isSafeInteger(people)) throw refusal;
    return { recipe: recipeFrom(canonicalJson(Reflect.get(found, 'recipe'))), people: Number(people) };
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') throw error;
    throw refusal;
  }
}
