/**
 * What a file of `bench/` exports, and what it answers: figures, each beside the limit that the project has set itself. `fairlead bench` runs them;
 * a benchmark measures what it is compared with in the same run, on the same machine.
 */

/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `rows/s`, `ms`, `MB`, `x` for a ratio. */
  readonly unit: string;
  /** What must hold; a figure without a limit is there for comparison. */
  readonly limit?: { readonly atLeast: number } | { readonly atMost: number };
}

export interface BenchOptions {
  /** A run of seconds that shows that the benchmark works; its figures mean little and are not held to their limits. */
  readonly quick: boolean;
  /** Says what is going on. */
  readonly onLine: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<Figure[]>;
}

/** Whether a figure keeps its limit; one without a limit does. */
export function isWithinLimit({ value, limit }: Figure): boolean {
  if (limit === undefined) return true;
  return 'atLeast' in limit ? value >= limit.atLeast : value <= limit.atMost;
}
