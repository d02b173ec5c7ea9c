/**
 * One statement for many calls: what is asked while a statement is under way waits for it, and then goes together in the next one, with one commit. A call
 * that nobody is before goes at once. It promises that the work for a call begins after the call was made, never before: what it reads is no older.
 */
import { busy } from './internal/failures.ts';
import { SqlFailure } from './sql-failure.ts';

export interface TogetherLimits {
  /** How many statements may be under way. */
  readonly atOnceMax: number;
  /** How many calls one statement serves at most. */
  readonly sizeMax: number;
  /** How many calls may wait; one more is refused at once with `database.busy`. */
  readonly waitingMax: number;
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class Together<Ask extends { readonly until: number }, Answer> {
  readonly #work: (asks: readonly Ask[]) => Promise<readonly Answer[]>;
  readonly #limits: TogetherLimits;
  #waiting: Waiting<Ask, Answer>[] = [];
  #underWay = 0;
  #isStarting = false;

  /** `work` answers what it is asked, in the same order. */
  constructor(work: (asks: readonly Ask[]) => Promise<readonly Answer[]>, limits: TogetherLimits) {
    this.#work = work;
    this.#limits = limits;
  }

  /** Calls that wait for a statement. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Asks. Refuses with `database.busy` when too many are waiting, or when `until` (of `performance.now()`) has passed before its statement could begin. */
  async ask(ask: Ask): Promise<Answer> {
    if (this.#waiting.length >= this.#limits.waitingMax)
      throw busy(`${this.#limits.waitingMax} calls are waiting already`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject });
      this.#start();
    });
  }

  /** Begins once everything that has arrived at this moment has been heard, which costs who is alone nothing that could be measured. */
  #start(): void {
    if (this.#isStarting || this.#underWay >= this.#limits.atOnceMax || this.#waiting.length === 0) return;
    this.#isStarting = true;
    setImmediate(() => {
      this.#isStarting = false;
      void this.#turn();
      this.#start();
    });
  }

  async #turn(): Promise<void> {
    const now = performance.now();
    const calls = this.#waiting.splice(0, this.#limits.sizeMax).filter(({ ask, reject }) => {
      if (ask.until > now) return true;
      reject(busy('no statement could begin in time'));
      return false;
    });
    if (calls.length === 0) return;
    this.#underWay += 1;
    await this.#serve(calls);
    this.#underWay -= 1;
    this.#start();
  }

  async #serve(calls: readonly Waiting<Ask, Answer>[]): Promise<void> {
    let answers: readonly Answer[];
    try {
      answers = await this.#work(calls.map(({ ask }) => ask));
    } catch (error) {
      // A statement that PostgreSQL refused has left nothing; one call that is at fault must not fail the others.
      if (calls.length > 1 && error instanceof SqlFailure) for (const call of calls) await this.#serve([call]);
      else for (const { reject } of calls) reject(error);
      return;
    }
    answers.forEach((answer, index) => calls[index]?.resolve(answer));
    for (const { reject } of calls.slice(answers.length)) reject(new Error('a call was left without an answer'));
  }
}
