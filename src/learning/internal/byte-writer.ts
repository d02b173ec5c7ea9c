/** Writes canonical bytes: one way to write each number, the same on every machine. Used by snapshots and parameters. */

export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** Letters of a format's name and version, as they are. */
  mark(text: string): void {
    for (const byte of Buffer.from(text, 'latin1')) this.#push(byte);
  }

  /** An integer from 0 to 2⁵³ − 1: seven bits a byte, lowest first, the shortest form. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#push(rest);
  }

  /** An integer of less than 2⁵² either way: 0, −1, 1, −2 … become 0, 1, 2, 3 … */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}
