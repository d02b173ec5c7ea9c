/** Reads what ByteWriter wrote and refuses anything else: other marks, longer forms of a number, bytes missing or left over. */
import { LearningError } from '../learning-error.ts';

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** `what` names the format in errors, for example "a snapshot of sums". */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  mark(text: string): void {
    for (const byte of Buffer.from(text, 'latin1')) {
      if (this.#bytes[this.#at++] !== byte) throw this.refusal('begins differently');
    }
  }

  /** So many bytes, one letter each. */
  text(length: number): string {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw this.refusal('ends too early');
    this.#at += length;
    return Buffer.from(bytes).toString('latin1');
  }

  unsigned(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.refusal('ends too early');
      value += (byte % 128) * unit;
      if (value > Number.MAX_SAFE_INTEGER) throw this.refusal('holds a number that is too large');
      if (byte < 128) {
        if (byte === 0 && unit > 1) throw this.refusal('holds a number in a longer form than it needs');
        return value;
      }
      unit *= 128;
    }
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** To be called last: nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw this.refusal(`goes on after its end`);
  }

  refusal(reason: string): LearningError {
    return new LearningError(
      'learning.unreadable',
      `This is not ${this.#what}: it ${reason}`,
      'Rebuild it from the rows.',
    );
  }
}
