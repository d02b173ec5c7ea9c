/** The near end of a solve thread: calls answered by promises, in the order they were made. A thread that dies fails every call that waits. */
import { Worker } from 'node:worker_threads';
import type { PackedRows, Solved, ThreadAnswer, ThreadRequest } from './solve-thread.ts';

interface Waiting {
  resolve(solved: Solved | undefined): void;
  reject(error: Error): void;
  onProgress: ((progress: { done: number; total: number }) => void) | undefined;
}

export class SolveThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor() {
    // Beside this file it is TypeScript in a checkout and JavaScript in a package.
    this.#worker = new Worker(
      new URL(import.meta.url.endsWith('.ts') ? './solve-thread.ts' : './solve-thread.js', import.meta.url),
    );
    this.#worker.on('message', (message: ThreadAnswer) => this.#take(message));
    this.#worker.on('error', (error) =>
      this.#failAll(error instanceof Error ? error : new Error('the solve thread failed')),
    );
    this.#worker.on('exit', () => this.#failAll(new Error('the solve thread ended')));
    this.#worker.unref();
  }

  async clear(): Promise<void> {
    await this.#ask({ kind: 'clear' });
  }

  async add(rows: PackedRows): Promise<void> {
    await this.#ask({ kind: 'add', rows });
  }

  async change(removed: PackedRows, added: PackedRows): Promise<void> {
    await this.#ask({ kind: 'change', removed, added });
  }

  async solve(
    recipe: Extract<ThreadRequest, { kind: 'solve' }>['recipe'],
    onProgress?: (progress: { done: number; total: number }) => void,
  ): Promise<Solved> {
    const solved = await this.#ask({ kind: 'solve', recipe }, onProgress);
    if (solved === undefined) throw new Error('the solve thread answered without parameters');
    return solved;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(
    request: ThreadRequest,
    onProgress?: (progress: { done: number; total: number }) => void,
  ): Promise<Solved | undefined> {
    const id = this.#next++;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ id, request });
    });
  }

  #take(message: ThreadAnswer): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ('progress' in message) {
      waiting.onProgress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('failed' in message) waiting.reject(new Error(message.failed));
    else waiting.resolve(message.solved);
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** Lays rows end to end. */
export function packRows(rows: readonly (ArrayLike<number> | null)[]): PackedRows {
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach((row, index) => {
    starts[index + 1] = (starts[index] ?? 0) + (row?.length ?? 0);
  });
  const items = new Int32Array(starts[rows.length] ?? 0);
  rows.forEach((row, index) => {
    if (row !== null) items.set(row, starts[index]);
  });
  return { starts, items };
}
