/**
 * Random bits out of a source of bytes that the caller passes in: uniform words and uniform integers below a limit, exactly. The same
 * bytes give the same draws on every machine. Called by the samplers in `noise.ts`.
 */

/** Returns `count` bytes that nobody can predict; `World.randomBytes` is one, a script of bytes in a test another. */
export type ByteSource = (count: number) => Uint8Array;

const FIRST_READ_BYTES = 256;
const READ_BYTES_MAX = 65_536;
const WORD = 2 ** 32;

/**
 * Bytes are fetched ahead: 256 at first, doubling up to 64 KiB, because one call costs about as much as 500 bytes do.
 *
 * Guarantee: every integer below the limit is equally likely if every byte is (`bits.test.ts`).
 * Limits: a source that returns fewer bytes than asked for is refused with RangeError, never padded.
 */
export class RandomBits {
  readonly #source: ByteSource;
  #words: DataView = new DataView(new ArrayBuffer(0));
  #position = 0;
  #readBytes = FIRST_READ_BYTES;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Uniform in [0, 2³²): the next four bytes, lowest first. */
  word(): number {
    if (this.#position === this.#words.byteLength) this.#read();
    const word = this.#words.getUint32(this.#position, true);
    this.#position += 4;
    return word;
  }

  bit(): boolean {
    return this.word() >= WORD / 2;
  }

  /** Uniform in [0, limit) for an integer limit of 1 to 2³²: the top bits of a word, thrown away while they are not below the limit. */
  below(limit: number): number {
    const dropped = Math.clz32(limit - 1);
    if (dropped === 32) return 0;
    for (;;) {
      const drawn = this.word() >>> dropped;
      if (drawn < limit) return drawn;
    }
  }

  /** Uniform in [0, limit) for a limit of any size: whole words, first the highest, thrown away while not below the limit. */
  belowAny(limit: bigint): bigint {
    const bitCount = limit < 2n ? 0 : (limit - 1n).toString(2).length;
    const wordCount = Math.ceil(bitCount / 32);
    for (;;) {
      let drawn = 0n;
      for (let i = 0; i < wordCount; i++) drawn = (drawn << 32n) | BigInt(this.word());
      drawn >>= BigInt(wordCount * 32 - bitCount);
      if (drawn < limit) return drawn;
    }
  }

  #read(): void {
    const bytes = this.#source(this.#readBytes);
    if (bytes.length !== this.#readBytes) throw new RangeError('the source of randomness returned too few bytes');
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#position = 0;
    this.#readBytes = Math.min(READ_BYTES_MAX, this.#readBytes * 2);
  }
}
