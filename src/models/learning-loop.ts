/**
 * Learning that runs by itself: people are folded as their events come in, and a model that has moved is solved and published, soon after things have
 * become quiet and at the latest after a stated time, so that a flood of withdrawals costs one solve.
 */
import { foldOnce } from '../people/fold.ts';
import type { NoteSigner } from '../transparency/note.ts';
import { type LearningInstallation, isBehind, learn } from './learn.ts';
import { releasePopularityWhenDue } from './release-popularity.ts';

export interface LearningLoopOptions {
  /** How long nothing must have moved before a solve. */
  readonly quietMs?: number;
  /** After how long a model that has moved is solved in any case. */
  readonly solveEveryMsMax?: number;
  /** How often to look when nothing has been noticed. */
  readonly lookEveryMs?: number;
  /** Signs what is released; without it nothing is. */
  readonly signer?: NoteSigner;
  /** What is to be done about people who were just folded: a room above looks for goals that they have reached. */
  readonly afterFold?: (personIds: readonly string[]) => Promise<void>;
  readonly onError?: (error: unknown) => void;
}

/** Starts the loop. `stop` waits for the step that is under way. */
export async function startLearning(
  installation: LearningInstallation,
  options: LearningLoopOptions = {},
): Promise<{ stop(): Promise<void> }> {
  const { quietMs = 1_000, solveEveryMsMax = 5_000, lookEveryMs = 500 } = options;
  const now = (): number => installation.database.world.now().getTime();
  let stopping = false;
  let movedAt = now() - quietMs;
  let lastSolvedAt = now() - solveEveryMsMax;
  let wake: () => void = () => undefined;
  const stopListening = await installation.database.listen('fairlead_sums', () => {
    movedAt = now();
    wake();
  });
  const foldWaiting = async (): Promise<void> => {
    while (!stopping) {
      const folded = await foldOnce(installation);
      if (folded.length === 0) return;
      movedAt = now();
      await options.afterFold?.(folded);
    }
  };
  const step = async (): Promise<void> => {
    await foldWaiting();
    if (stopping || (now() - movedAt < quietMs && now() - lastSolvedAt < solveEveryMsMax)) return;
    for (const model of installation.sums.keys()) {
      if (!stopping && (await isBehind(installation.database, model))) await learn(installation, model);
      if (!stopping && options.signer !== undefined)
        await releasePopularityWhenDue(installation, model, options.signer);
    }
    lastSolvedAt = now();
  };
  const run = async (): Promise<void> => {
    while (!stopping) {
      try {
        await step();
      } catch (error) {
        options.onError?.(error);
      }
      if (!stopping) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, lookEveryMs);
        });
      }
    }
  };
  const running = run();
  return {
    async stop() {
      stopping = true;
      wake();
      await stopListening();
      await running;
    },
  };
}
