/** What the exit code of every command means. */
export const exitCodes = {
  /** All is well. */
  fine: 0,
  /** It ran, and what it looked at is not as it should be. */
  finding: 1,
  /** It could not run, or was interrupted. */
  couldNotRun: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
