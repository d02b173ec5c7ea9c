/** Keeps the best so many of the positions offered to it, as a heap with the worst of them on top. Equal values go to the lower position. */

export class BestPositions {
  readonly #values: Float64Array;
  readonly #positions: Int32Array;
  #size = 0;
  #most: number;

  /** Holds at most `most`; `clear` may ask for fewer. */
  constructor(most: number) {
    this.#values = new Float64Array(most);
    this.#positions = new Int32Array(most);
    this.#most = most;
  }

  clear(most: number): void {
    this.#size = 0;
    this.#most = Math.min(most, this.#values.length);
  }

  wouldTake(value: number, position: number): boolean {
    if (this.#size < this.#most) return true;
    if (this.#most === 0) return false;
    const worst = this.#values[0] ?? 0;
    return value > worst || (value === worst && position < (this.#positions[0] ?? 0));
  }

  /** To be called when `wouldTake` says so. */
  take(value: number, position: number): void {
    if (this.#size < this.#most) this.#rise(this.#size++, value, position);
    else this.#sink(value, position);
  }

  /** The positions kept, ascending. */
  ascending(): Int32Array {
    return this.#positions.slice(0, this.#size).sort();
  }

  /** The positions and values kept, best first. */
  descending(): { position: number; value: number }[] {
    return Array.from({ length: this.#size }, (_, at) => ({
      position: this.#positions[at] ?? 0,
      value: this.#values[at] ?? 0,
    })).sort((a, b) => b.value - a.value || a.position - b.position);
  }

  #rise(from: number, value: number, position: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBetter(parent, value, position)) break;
      this.#put(at, this.#values[parent] ?? 0, this.#positions[parent] ?? 0);
      at = parent;
    }
    this.#put(at, value, position);
  }

  /** Replaces the worst. */
  #sink(value: number, position: number): void {
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#size) break;
      const next = child + 1;
      if (next < this.#size && this.#isBetter(child, this.#values[next] ?? 0, this.#positions[next] ?? 0)) child = next;
      if (this.#isBetter(child, value, position)) break;
      this.#put(at, this.#values[child] ?? 0, this.#positions[child] ?? 0);
      at = child;
    }
    this.#put(at, value, position);
  }

  /** Whether what stands at a place of the heap is better than a value and its position. */
  #isBetter(at: number, value: number, position: number): boolean {
    const there = this.#values[at] ?? 0;
    return there > value || (there === value && (this.#positions[at] ?? 0) < position);
  }

  #put(at: number, value: number, position: number): void {
    this.#values[at] = value;
    this.#positions[at] = position;
  }
}
