/**
 * The models that decisions are made with: the newest version of each, ready to score, replaced when another is published. A version that lies further
 * back is loaded for a replay, as long as its parameters are kept.
 */
import type { Database } from '../database/database.ts';
import { decodeParameters } from '../learning/local-ridge.ts';
import { type LocalRidgeRecipe, recipeFrom } from '../learning/recipe.ts';
import { type Scorer, scorer } from '../learning/scoring.ts';
import { canonicalJson } from '../policy/canonical.ts';

/** A version that can score. */
export interface LiveModel {
  readonly version: string;
  readonly model: string;
  readonly people: number;
  readonly publishedAt: Date;
  readonly scorer: Scorer;
  /** How its recipe fades what is old. */
  readonly recency: LocalRidgeRecipe['recency'];
}

interface ParameterRow {
  version_id: string;
  model: string;
  people: number;
  published_at: Date;
  parameters: Buffer | null;
  recipe: unknown;
}

const replayVersionsMax = 4;

export class LiveModels {
  readonly #database: Database;
  readonly #current = new Map<string, LiveModel>();
  readonly #forReplay = new Map<string, LiveModel>();
  #stop: (() => Promise<void>) | undefined;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Loads the newest version of each model and follows what is published. */
  static async open(database: Database, models: readonly string[]): Promise<LiveModels> {
    const live = new LiveModels(database);
    live.#stop = await database.listen('fairlead_models', (model) => {
      // After a reconnect the notice is empty: any of the models may have moved meanwhile. What cannot be read now is read with the next notice.
      for (const name of model === '' ? models : [model]) void live.refresh(name).catch(() => undefined); // until then the version before serves
    });
    for (const model of models) await live.refresh(model);
    return live;
  }

  /** The version in force, or undefined before the first. */
  current(model: string): LiveModel | undefined {
    return this.#current.get(model);
  }

  /** Loads the newest version of a model when it is not the one in memory. */
  async refresh(model: string): Promise<void> {
    const [newest] = await this.#database.query<{ version_id: string }>(
      'select version_id from model_versions where model = $1 order by published_at desc, version_id desc limit 1',
      [model],
    );
    if (newest === undefined || this.#current.get(model)?.version === newest.version_id) return;
    const loaded = await this.#load(newest.version_id);
    const before = this.#current.get(model);
    if (loaded !== undefined && (before === undefined || before.publishedAt <= loaded.publishedAt))
      this.#current.set(model, loaded);
  }

  /** A version by its id, or undefined when its parameters are no longer kept. */
  async version(versionId: string): Promise<LiveModel | undefined> {
    const known =
      [...this.#current.values()].find((live) => live.version === versionId) ?? this.#forReplay.get(versionId);
    if (known !== undefined) return known;
    const loaded = await this.#load(versionId);
    if (loaded === undefined) return undefined;
    this.#forReplay.set(versionId, loaded);
    const [oldest] = this.#forReplay.keys();
    if (this.#forReplay.size > replayVersionsMax && oldest !== undefined) this.#forReplay.delete(oldest);
    return loaded;
  }

  async close(): Promise<void> {
    await this.#stop?.();
  }

  async #load(versionId: string): Promise<LiveModel | undefined> {
    const [row] = await this.#database.query<ParameterRow>(
      'select v.version_id, v.model, v.people, v.published_at, v.parameters, r.recipe from model_versions v join recipes r using (recipe_id) where v.version_id = $1',
      [versionId],
    );
    if (row === undefined || row.parameters === null) return undefined;
    return {
      version: row.version_id,
      model: row.model,
      people: row.people,
      publishedAt: row.published_at,
      scorer: scorer(decodeParameters(row.parameters)),
      recency: recipeFrom(canonicalJson(row.recipe)).recency,
    };
  }
}
