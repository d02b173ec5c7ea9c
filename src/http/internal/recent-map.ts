/**
 * A map that forgets what was not used lately: two generations of half the size each. When the young one is full it becomes the old one, and what is
 * read from the old one moves over. Every operation costs the same, which a map that deletes its oldest key does not promise (V8 walks over the holes).
 */
export class RecentMap<Value> {
  readonly #half: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** Holds at most `entriesMax`, and at least the half of it that was used last. */
  constructor(entriesMax: number) {
    this.#half = Math.max(1, Math.floor(entriesMax / 2));
  }

  get(name: string): Value | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  set(name: string, value: Value): void {
    if (this.#young.size >= this.#half && !this.#young.has(name)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }

  /** How many entries are held; what stands in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
