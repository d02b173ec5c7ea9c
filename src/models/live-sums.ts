/**
 * The sums of one model, alive in a thread: built from the contribution rows once, then followed delta by delta, each exactly once and in the order of
 * commit. Whoever finds a delta missing builds them anew from the rows, which are the truth.
 */
import type { Installation } from '../consent/installation.ts';
import type { Transaction } from '../database/database.ts';
import { addRow, digestHex, emptyDigest, rowLanes, type SumDigest } from '../learning/sum-digest.ts';
import type { LocalRidgeRecipe } from '../learning/recipe.ts';
import { SolveThread, packRows } from './internal/thread.ts';
import type { Solved } from './internal/solve-thread.ts';

/** Where a sum stood when something was made from it. */
export interface SumState {
  readonly position: number;
  readonly people: number;
  /** The 2,048 bytes of the multiset hash. */
  readonly digest: Buffer;
}

const rowsAtOnce = 5_000;
const deltasAtOnce = 10_000;

export class LiveSums {
  readonly #installation: Installation;
  readonly #model: string;
  #thread: SolveThread | undefined;
  #position = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(installation: Installation, model: string) {
    this.#installation = installation;
    this.#model = model;
  }

  /** Brings the sums to the last commit and solves them. One solve at a time; whoever asks meanwhile waits for a turn. */
  async solve(
    recipe: LocalRidgeRecipe,
    onProgress?: (progress: { done: number; total: number }) => void,
  ): Promise<Solved & { state: SumState }> {
    const mine = this.#turn.then(async () => {
      const state = await this.#follow();
      const solved = await (this.#thread ?? this.#opened()).solve(recipe, onProgress);
      if (solved.people !== state.people)
        throw new Error(
          `the sums of ${this.#model} hold ${solved.people} people where the ledger of deltas says ${state.people}`,
        );
      return { ...solved, state };
    });
    this.#turn = mine.catch(() => undefined); // whoever asked is told; the next one starts afresh
    return mine;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#thread?.end();
  }

  #opened(): SolveThread {
    this.#thread = new SolveThread();
    return this.#thread;
  }

  /** Applies the deltas since the last time, in a snapshot where sum and deltas agree; deltas that have been applied are deleted. */
  async #follow(): Promise<SumState> {
    const state = await this.#installation.database.transaction(
      async (tx) => {
        const sum = await readSum(tx, this.#model);
        if (this.#thread === undefined || !(await this.#applyDeltas(tx, sum.position)))
          await this.#rebuild(tx, sum.position);
        return sum;
      },
      { isolation: 'repeatable read', readOnly: true },
    );
    await this.#installation.database.query('delete from deltas where model = $1 and position <= $2', [
      this.#model,
      state.position,
    ]);
    return state;
  }

  async #applyDeltas(tx: Transaction, until: number): Promise<boolean> {
    while (this.#position < until) {
      const deltas = await tx.query<{ position: number; removed: number[] | null; added: number[] | null }>(
        'select position, removed, added from deltas where model = $1 and position > $2 order by position limit $3',
        [this.#model, this.#position, deltasAtOnce],
      );
      const isWhole =
        deltas.length > 0 && deltas.every((delta, index) => delta.position === this.#position + index + 1);
      if (!isWhole) return false;
      await (this.#thread ?? this.#opened()).change(
        packRows(deltas.map((delta) => delta.removed)),
        packRows(deltas.map((delta) => delta.added)),
      );
      this.#position += deltas.length;
    }
    return this.#position === until;
  }

  async #rebuild(tx: Transaction, position: number): Promise<void> {
    const thread = this.#thread ?? this.#opened();
    await thread.clear();
    for await (const rows of contributionRows(tx, this.#model))
      await thread.add(packRows(rows.map((row) => row.items)));
    this.#position = position;
  }
}

/** Where the sum of a model stands; zero people before the first contribution. */
export async function readSum(tx: Pick<Transaction, 'query'>, model: string): Promise<SumState> {
  const [row] = await tx.query<{ position: number; people: number; digest: Buffer }>(
    'select position, people, digest from sums where model = $1',
    [model],
  );
  return row ?? { position: 0, people: 0, digest: Buffer.from(emptyDigest().buffer) };
}

/** The contribution rows of a model, in batches, within the caller's snapshot. */
export async function* contributionRows(
  tx: Pick<Transaction, 'query'>,
  model: string,
): AsyncGenerator<{ person_id: string; items: number[] }[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await tx.query<{ person_id: string; items: number[] }>(
      'select person_id, items from contributions where model = $1 and person_id > $2 order by person_id limit $3',
      [model, after, rowsAtOnce],
    );
    if (rows.length > 0) yield rows;
    after = rows.at(-1)?.person_id ?? after;
    if (rows.length < rowsAtOnce) return;
  }
}

export interface Retrained {
  readonly people: number;
  /** SHA-256 (hex) of the multiset hash made anew from the rows. */
  readonly sumDigest: string;
  readonly parameterDigest: string;
  readonly parameters: Uint8Array;
  readonly milliseconds: number;
}

/** Trains from the contribution rows alone, in a thread of its own, and publishes nothing: what "Prove it" and `verify` compare with. */
export async function trainFromRows(
  installation: Installation,
  model: string,
  recipe: LocalRidgeRecipe,
  onProgress?: (progress: { done: number; total: number }) => void,
): Promise<Retrained & { state: SumState }> {
  const thread = new SolveThread();
  try {
    const begun = performance.now();
    const key = installation.keys.derived('sum-digest');
    const digest: SumDigest = emptyDigest();
    const state = await installation.database.transaction(
      async (tx) => {
        const sum = await readSum(tx, model);
        for await (const rows of contributionRows(tx, model)) {
          for (const row of rows) addRow(digest, rowLanes(key, { model, personId: row.person_id, items: row.items }));
          await thread.add(packRows(rows.map((row) => row.items)));
        }
        return sum;
      },
      { isolation: 'repeatable read', readOnly: true },
    );
    const solved = await thread.solve(recipe, onProgress);
    return {
      people: solved.people,
      sumDigest: digestHex(digest),
      parameterDigest: solved.digest,
      parameters: solved.parameters,
      milliseconds: performance.now() - begun,
      state,
    };
  } finally {
    await thread.end();
  }
}
