/** Remembers which of the last many texts have been seen, in bounded memory: two sets, of which the older is dropped when the newer is full. */
export class RecentlySeen {
  readonly #halfMax: number;
  #recent = new Set<string>();
  #older = new Set<string>();

  constructor(max: number) {
    this.#halfMax = Math.ceil(max / 2);
  }

  has(text: string): boolean {
    return this.#recent.has(text) || this.#older.has(text);
  }

  add(text: string): void {
    if (this.#recent.size >= this.#halfMax) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(text);
  }
}
