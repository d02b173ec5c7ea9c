/** The name that somebody probably meant, for the remedies of the checker. */

/** The known name with the fewest edits to `name`, at most a third of its letters; `undefined` when none is that near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 200) return undefined;
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= fewest) continue;
    const edits = editsBetween(wanted, candidate.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Optimal string alignment distance: insertions, deletions, replacements and swaps of two neighbours. */
function editsBetween(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const present = [row];
    for (let column = 1; column <= right.length; column++) {
      const differs = left[row - 1] === right[column - 1] ? 0 : 1;
      let edits = Math.min((last[column] ?? 0) + 1, (present[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + differs);
      const isSwap =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      present.push(edits);
    }
    beforeLast = last;
    last = present;
  }
  return last[right.length] ?? 0;
}
