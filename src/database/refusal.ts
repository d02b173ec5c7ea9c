/**
 * The one error that Fairlead raises on purpose. It says what happened, why, and what to do; its code is one of a documented list.
 * It never carries personal data, so it may be logged, printed and answered as it is.
 */
export class Refusal extends Error {
  /** Dotted and stable, for example `consent.missing`; part of the HTTP problem type. */
  readonly code: string;
  /** What the reader can do about it, one sentence. */
  readonly remedy: string | undefined;

  constructor(code: string, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Refusal';
    this.code = code;
    this.remedy = options.remedy;
  }
}
