/**
 * A digest as a person can tell it apart: its first twelve digits in groups, and sixteen bars whose heights are its next digits. For recognising, not
 * for proof: wherever something is compared, the full digest stands beside it.
 */

export interface Fingerprint {
  /** The whole digest, hex. */
  readonly full: string;
  /** For example `49a4 d881 cd8d`. */
  readonly short: string;
  /** In a box of 96 × 24 units, standing on its floor. */
  readonly bars: readonly { readonly x: number; readonly y: number; readonly height: number; readonly tone: number }[];
}

/** Of a hex digest of at least 32 digits. */
export function fingerprintOf(digest: string): Fingerprint {
  return {
    full: digest,
    short: (digest.slice(0, 12).match(/.{4}/g) ?? []).join(' '),
    bars: Array.from(digest.slice(0, 16), (digit, at) => {
      const height = 4 + (Number.parseInt(digit, 16) * 20) / 15;
      return { x: at * 6, y: 24 - height, height, tone: Number.parseInt(digest[16 + at] ?? '0', 16) % 3 };
    }),
  };
}
