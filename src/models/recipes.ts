/**
 * Which recipe a model is solved with. A recipe is adopted by somebody with a name, never re-tuned silently; the last adopted one is in force.
 */
import type { Installation } from '../consent/installation.ts';
import type { Database, Sql, Transaction } from '../database/database.ts';
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
  /** On how many people it was tuned, and the proposal when they are people of this installation; null when it was tuned on nobody. */
  readonly tunedOn: { readonly people: number; readonly proposal: string | null } | null;
}

export interface RecipeRow {
  recipe_id: string;
  model: string;
  recipe: unknown;
  adopted_by: string;
  adopted_at: Date;
  proposal_id: string | null;
  tuned_people: number | null;
}

/** The recipe in force, or undefined before the first. */
export async function recipeInForce(sql: Sql, model: string): Promise<AdoptedRecipe | undefined> {
  const [row] = await sql.query<RecipeRow>(
    'select recipe_id, model, recipe, adopted_by, adopted_at, proposal_id, tuned_people from recipes where model = $1 order by adopted_at desc, recipe_id desc limit 1',
    [model],
  );
  return row === undefined ? undefined : adoptedOf(row);
}

/** Adopts a recipe: from the next solve on it is in force, and the log says so. */
export async function adoptRecipe(
  database: Database,
  adopt: { model: string; recipe: LocalRidgeRecipe; adoptedBy: string; tunedOn?: AdoptedRecipe['tunedOn'] },
): Promise<AdoptedRecipe> {
  return database.transaction((tx) => adoptWithin(tx, adopt));
}

/** The same inside a transaction that the caller has begun. */
export async function adoptWithin(
  tx: Transaction,
  { tunedOn = null, ...adopt }: Parameters<typeof adoptRecipe>[1],
): Promise<AdoptedRecipe> {
  const adopted = { recipeId: tx.world.uuid(), ...adopt, adoptedAt: tx.world.now(), tunedOn };
  const { leaf, key } = await appendRecord(tx, recipeRecordText(adopted));
  await tx.query(
    'insert into recipes (recipe_id, model, recipe, adopted_by, adopted_at, proposal_id, tuned_people, leaf, leaf_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [
      adopted.recipeId,
      adopt.model,
      encodeRecipe(adopt.recipe),
      adopt.adoptedBy,
      adopted.adoptedAt,
      tunedOn?.proposal ?? null,
      tunedOn?.people ?? null,
      leaf,
      key,
    ],
  );
  return adopted;
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
    ...(adopted.tunedOn === null ? {} : { tunedOn: adopted.tunedOn }),
  });
}

export function adoptedOf(row: RecipeRow): AdoptedRecipe {
  return {
    recipeId: row.recipe_id,
    model: row.model,
    recipe: recipeFrom(canonicalJson(row.recipe)),
    adoptedBy: row.adopted_by,
    adoptedAt: row.adopted_at,
    tunedOn:
      row.tuned_people === null && row.proposal_id === null
        ? null
        : { people: row.tuned_people ?? 0, proposal: row.proposal_id },
  };
}

/** How a recipe in force stands to the people it was tuned on. */
export interface RecipeStanding {
  readonly recipe: string;
  readonly adoptedBy: string;
  readonly tunedPeople: number | null;
  /** How many of them no longer contribute; null when they are people of another place, or nobody. */
  readonly tunedPeopleLeft: number | null;
  /** Whether so many have left that a new proposal is due. */
  readonly isProposalDue: boolean;
}

/** Past this share of the tuning people, a recipe still remembers too many who are gone. */
const leftShareMax = 0.05;

/** The standing of the recipe in force; undefined before the first. Whoever left once counts as left, also when they come back. */
export async function recipeStanding(sql: Sql, model: string): Promise<RecipeStanding | undefined> {
  const inForce = await recipeInForce(sql, model);
  if (inForce === undefined) return undefined;
  const { recipeId, adoptedBy, tunedOn } = inForce;
  const common = { recipe: recipeId, adoptedBy, tunedPeople: tunedOn?.people ?? null };
  if (tunedOn === null || tunedOn.proposal === null) return { ...common, tunedPeopleLeft: null, isProposalDue: false };
  const [stay] = await sql.query<{ people: number }>(
    'select count(*) as people from tuning_people where proposal_id = $1',
    [tunedOn.proposal],
  );
  const left = tunedOn.people - (stay?.people ?? 0);
  return { ...common, tunedPeopleLeft: left, isProposalDue: left > tunedOn.people * leftShareMax };
}
