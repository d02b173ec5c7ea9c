/**
 * Which recipe a model is solved with. A recipe is adopted by somebody with a name, never re-tuned silently; the last adopted one is in force.
 */
import type { Installation } from '../consent/installation.ts';
import type { Database, Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { type LocalRidgeRecipe, defaultRecipe, encodeRecipe, recipeFrom } from '../learning/recipe.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { entryOf } from '../policy/policy.ts';
import { appendRecord } from '../transparency/append.ts';

export interface AdoptedRecipe {
  readonly recipeId: string;
  readonly model: string;
  readonly recipe: LocalRidgeRecipe;
  readonly adoptedBy: string;
  readonly adoptedAt: Date;
}

export interface RecipeRow {
  recipe_id: string;
  model: string;
  recipe: unknown;
  adopted_by: string;
  adopted_at: Date;
}

/** The recipe in force, or undefined before the first. */
export async function recipeInForce(sql: Sql, model: string): Promise<AdoptedRecipe | undefined> {
  const [row] = await sql.query<RecipeRow>(
    'select recipe_id, model, recipe, adopted_by, adopted_at from recipes where model = $1 order by adopted_at desc, recipe_id desc limit 1',
    [model],
  );
  return row === undefined ? undefined : adoptedOf(row);
}

/** Adopts a recipe: from the next solve on it is in force, and the log says so. */
export async function adoptRecipe(
  database: Database,
  adopt: { model: string; recipe: LocalRidgeRecipe; adoptedBy: string },
): Promise<AdoptedRecipe> {
  return database.transaction(async (tx) => {
    const adopted = { recipeId: tx.world.uuid(), ...adopt, adoptedAt: tx.world.now() };
    const { leaf, key } = await appendRecord(tx, recipeRecordText(adopted));
    await tx.query(
      'insert into recipes (recipe_id, model, recipe, adopted_by, adopted_at, leaf, leaf_key) values ($1, $2, $3, $4, $5, $6, $7)',
      [adopted.recipeId, adopt.model, encodeRecipe(adopt.recipe), adopt.adoptedBy, adopted.adoptedAt, leaf, key],
    );
    return adopted;
  });
}

/** The recipe in force; where there is none yet, the default one is adopted in the name of whoever adopted the policy. */
export async function ensureRecipe(installation: Installation, model: string): Promise<AdoptedRecipe> {
  const rule = entryOf(installation.policy.models, model);
  if (rule?.kind !== 'recommender')
    throw new Refusal('model.unknown', `The policy has no recommender named "${model}".`, {
      remedy: 'Name one of its models.',
    });
  const inForce = await recipeInForce(installation.database, model);
  if (inForce !== undefined) return inForce;
  const [policyRow] = await installation.database.query<{ adopted_by: string }>(
    'select adopted_by from policy_versions where policy_version = $1',
    [installation.policyVersion],
  );
  const recipe = defaultRecipe(rule.minPeople === undefined ? {} : { minPeople: rule.minPeople });
  return adoptRecipe(installation.database, { model, recipe, adoptedBy: policyRow?.adopted_by ?? 'policy' });
}

/** The text that the log commits to. */
export function recipeRecordText(adopted: AdoptedRecipe): string {
  return canonicalJson({
    record: 'recipe',
    id: adopted.recipeId,
    model: adopted.model,
    recipe: adopted.recipe,
    adoptedBy: adopted.adoptedBy,
    at: adopted.adoptedAt.toISOString(),
  });
}

export function adoptedOf(row: RecipeRow): AdoptedRecipe {
  return {
    recipeId: row.recipe_id,
    model: row.model,
    recipe: recipeFrom(canonicalJson(row.recipe)),
    adoptedBy: row.adopted_by,
    adoptedAt: row.adopted_at,
  };
}
