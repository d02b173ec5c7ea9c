/** Ends what was begun, in the opposite order; what fails to end does not keep the rest from ending, and is thrown at the end. */
export async function endAll(running: readonly (() => Promise<void>)[]): Promise<void> {
  const faults: unknown[] = [];
  for (const end of running.toReversed()) {
    try {
      await end();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}
