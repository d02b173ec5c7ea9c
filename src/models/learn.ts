/**
 * Learning: waiting people are folded, the live sums are solved under the recipe in force, and the result is published as a version that says from
 * how many people, which recipe and which sum it was made. `retrain` does the same from the rows alone, to compare.
 */
import { foldAll } from '../people/fold.ts';
import type { Installation } from '../consent/installation.ts';
import type { Database, Sql } from '../database/database.ts';
import { digestFrom, digestHex } from '../learning/sum-digest.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { appendRecord } from '../transparency/append.ts';
import { type LiveSums, type SumState, trainFromRows } from './live-sums.ts';
import { type AdoptedRecipe, ensureRecipe } from './recipes.ts';
import type { Solved } from './internal/solve-thread.ts';

/** An installation that can learn: it keeps the live sums of its models. */
export interface LearningInstallation extends Installation {
  readonly sums: ReadonlyMap<string, LiveSums>;
}

/** A published model, as it is shown and recorded. Digests are hex. */
export interface ModelVersion {
  readonly version: string;
  readonly model: string;
  readonly recipe: string;
  readonly position: number;
  readonly people: number;
  readonly items: number;
  readonly sumDigest: string;
  readonly parameterDigest: string;
  readonly solveMs: number;
  readonly publishedAt: string;
}

export interface LearnOptions {
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** Folds, solves and publishes. Where sum and recipe have not changed since the last version, that version is returned. */
export async function learn(
  installation: LearningInstallation,
  model: string,
  options: LearnOptions = {},
): Promise<ModelVersion> {
  const recipe = await ensureRecipe(installation, model);
  await foldAll(installation);
  const sums = installation.sums.get(model);
  if (sums === undefined) throw new Error(`no live sums for ${model}`);
  const last = await currentVersion(installation.database, model);
  if (
    last !== undefined &&
    last.recipe === recipe.recipeId &&
    last.position === (await positionOf(installation.database, model))
  )
    return last;
  const solved = await sums.solve(recipe.recipe, options.onProgress);
  return publish(installation.database, model, recipe, solved);
}

/** Trains from the contribution rows alone under the recipe in force. Publishes nothing. */
export async function retrain(
  installation: Installation,
  model: string,
  options: LearnOptions = {},
): Promise<{ people: number; position: number; sumDigest: string; parameterDigest: string; milliseconds: number }> {
  const recipe = await ensureRecipe(installation, model);
  const trained = await trainFromRows(installation, model, recipe.recipe, options.onProgress);
  return {
    people: trained.people,
    position: trained.state.position,
    sumDigest: trained.sumDigest,
    parameterDigest: trained.parameterDigest,
    milliseconds: trained.milliseconds,
  };
}

/** Whether a model has moved since it was last published. */
export async function isBehind(sql: Sql, model: string): Promise<boolean> {
  const version = await currentVersion(sql, model);
  const position = await positionOf(sql, model);
  return version === undefined ? position > 0 : version.position < position;
}

async function positionOf(sql: Sql, model: string): Promise<number> {
  const [row] = await sql.query<{ position: number }>('select position from sums where model = $1', [model]);
  return row?.position ?? 0;
}

async function publish(
  database: Database,
  model: string,
  recipe: AdoptedRecipe,
  solved: Solved & { state: SumState },
): Promise<ModelVersion> {
  return database.transaction(async (tx) => {
    const publishedAt = tx.world.now();
    const version: ModelVersion = {
      version: tx.world.uuid(),
      model,
      recipe: recipe.recipeId,
      position: solved.state.position,
      people: solved.people,
      items: solved.items,
      sumDigest: digestHex(digestFrom(solved.state.digest)),
      parameterDigest: solved.digest,
      solveMs: Math.round(solved.milliseconds),
      publishedAt: publishedAt.toISOString(),
    };
    const { leaf, key } = await appendRecord(tx, versionText(version));
    await tx.query('update model_versions set superseded_at = $2 where model = $1 and superseded_at is null', [
      model,
      publishedAt,
    ]);
    await tx.query(
      `insert into model_versions (version_id, model, recipe_id, position, people, sum_digest, parameter_digest, parameters, quality, solve_ms, published_at, leaf, leaf_key)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        version.version,
        model,
        version.recipe,
        version.position,
        version.people,
        solved.state.digest,
        version.parameterDigest,
        solved.parameters,
        JSON.stringify({ items: version.items }),
        version.solveMs,
        publishedAt,
        leaf,
        key,
      ],
    );
    await tx.query("select pg_notify('fairlead_models', $1)", [model]);
    return version;
  });
}

/** The text that the log commits to. */
export function versionText(version: ModelVersion): string {
  return canonicalJson({ record: 'model version', ...version });
}

export interface ModelVersionRow {
  version_id: string;
  model: string;
  recipe_id: string;
  position: number;
  people: number;
  sum_digest: Buffer;
  parameter_digest: string;
  quality: { items: number };
  solve_ms: number;
  published_at: Date;
}

/** The version that decisions are made with, or undefined before the first. */
export async function currentVersion(sql: Sql, model: string): Promise<ModelVersion | undefined> {
  const [row] = await sql.query<ModelVersionRow>(
    'select version_id, model, recipe_id, position, people, sum_digest, parameter_digest, quality, solve_ms, published_at from model_versions where model = $1 order by published_at desc, version_id desc limit 1',
    [model],
  );
  return row === undefined ? undefined : versionOf(row);
}

/** Versions, newest first. */
export async function modelVersions(
  sql: Sql,
  options: { model?: string; limit?: number } = {},
): Promise<ModelVersion[]> {
  const rows = await sql.query<ModelVersionRow>(
    `select version_id, model, recipe_id, position, people, sum_digest, parameter_digest, quality, solve_ms, published_at
     from model_versions where $1::text is null or model = $1 order by published_at desc, version_id desc limit $2`,
    [options.model ?? null, options.limit ?? 50],
  );
  return rows.map(versionOf);
}

/** The first version whose sum has reached a position: the one that obeys a forgetting at that position. */
export async function versionAfter(sql: Sql, model: string, position: number): Promise<ModelVersion | undefined> {
  const [row] = await sql.query<ModelVersionRow>(
    `select version_id, model, recipe_id, position, people, sum_digest, parameter_digest, quality, solve_ms, published_at
     from model_versions where model = $1 and position >= $2 order by published_at, version_id limit 1`,
    [model, position],
  );
  return row === undefined ? undefined : versionOf(row);
}

/** Deletes the parameters of superseded versions: those that are too old, and those that nobody cites. The version itself, without anybody in it, stays. */
export async function retireVersions(
  sql: Sql,
  retire: { supersededBefore: Date; uncited: { supersededBefore: Date; cited: readonly string[] } },
): Promise<number> {
  const rows = await sql.query<{ version_id: string }>(
    `update model_versions set parameters = null where parameters is not null
       and (superseded_at < $1 or (superseded_at < $2 and version_id <> all($3::uuid[]))) returning version_id`,
    [retire.supersededBefore, retire.uncited.supersededBefore, retire.uncited.cited],
  );
  return rows.length;
}

export function versionOf(row: ModelVersionRow): ModelVersion {
  return {
    version: row.version_id,
    model: row.model,
    recipe: row.recipe_id,
    position: row.position,
    people: row.people,
    items: row.quality.items,
    sumDigest: digestHex(digestFrom(row.sum_digest)),
    parameterDigest: row.parameter_digest,
    solveMs: row.solve_ms,
    publishedAt: row.published_at.toISOString(),
  };
}
