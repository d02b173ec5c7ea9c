/**
 * The one error of the learning room: it says what could not be learned or read, why, and what to do. It names items by number at most
 * and never a person, so it may be logged and answered as it is. Rooms above turn it into their own refusal by its code.
 */

export type LearningErrorCode =
  /** A contribution, history or recipe that breaks its documented shape. */
  | 'learning.malformed'
  /** Sums that no set of people could have produced, such as a negative count. */
  | 'learning.impossible'
  /** A system whose answer would not be a number, or would not fit the fixed point. */
  | 'learning.unsolvable'
  /** Stored bytes that are not a snapshot, or not of this version. */
  | 'learning.unreadable'
  /** The caller asked to stop. */
  | 'learning.interrupted';

export class LearningError extends Error {
  readonly code: LearningErrorCode;
  /** What the reader can do about it, one sentence. */
  readonly remedy: string;

  constructor(code: LearningErrorCode, message: string, remedy: string) {
    super(message);
    this.name = 'LearningError';
    this.code = code;
    this.remedy = remedy;
  }
}
