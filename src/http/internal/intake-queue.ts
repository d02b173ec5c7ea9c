/**
 * Takes the messages of many requests in together. While one transaction runs, whatever arrives is gathered and goes into the next, so that the cost
 * of a commit is shared under load and nobody waits without it. A request is answered when its own messages are durable.
 */
import type { Engine } from '../../deciding/engine.ts';
import { type IntakeOptions, type Message, type Outcome, takeIn } from '../../people/intake.ts';
import { Wait, problemCodeOf } from './problem-answer.ts';

/** Requests that may share a transaction: what a message means depends on all of this. */
export type IntakeLane = Omit<IntakeOptions, 'counts'>;

interface Waiting {
  readonly messages: readonly Message[];
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

const waitingMax = 50_000;
const groupMax = 2_500;
/** One in the database while the next is prepared: more would only wait for the same rows. */
const underWayMax = 2;

export class IntakeQueue {
  readonly #engine: Engine;
  readonly #lanes = new Map<string, { lane: IntakeLane; requests: Waiting[] }>();
  #waiting = 0;
  #underWay = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Messages that wait for their transaction. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes messages in, all or none. Refuses with `intake.busy` when too many wait already. */
  async take(messages: readonly Message[], lane: IntakeLane): Promise<Outcome[]> {
    if (this.#waiting + messages.length > waitingMax)
      throw new Wait('intake.busy', 'Too many messages are waiting.', 1);
    const name = `${lane.mayGrant} ${lane.oldestMs} ${lane.source}`;
    const { requests } = this.#lanes.get(name) ?? this.#open(name, lane);
    this.#waiting += messages.length;
    const taken = new Promise<Outcome[]>((resolve, reject) => requests.push({ messages, resolve, reject }));
    this.#next();
    return taken;
  }

  #open(name: string, lane: IntakeLane): { lane: IntakeLane; requests: Waiting[] } {
    const opened = { lane, requests: [] };
    this.#lanes.set(name, opened);
    return opened;
  }

  /** Starts a transaction for the lane that has waited longest, if there is room for one. */
  #next(): void {
    if (this.#underWay >= underWayMax) return;
    const [first] = this.#lanes;
    if (first === undefined) return;
    const [name, { lane, requests }] = first;
    this.#lanes.delete(name);
    let count = 0;
    let messages = 0;
    while (count < requests.length && (count === 0 || messages + (requests[count]?.messages.length ?? 0) <= groupMax)) {
      messages += requests[count]?.messages.length ?? 0;
      count += 1;
    }
    const group = requests.splice(0, count);
    if (requests.length > 0) this.#lanes.set(name, { lane, requests });
    this.#underWay += 1;
    this.#waiting -= messages;
    void this.#takeGroup(group, lane).finally(() => {
      this.#underWay -= 1;
      this.#next();
    });
  }

  async #takeGroup(group: readonly Waiting[], lane: IntakeLane): Promise<void> {
    const options = { ...lane, counts: this.#engine.counts };
    try {
      const outcomes = await takeIn(
        this.#engine,
        group.flatMap((request) => request.messages),
        options,
      );
      let from = 0;
      for (const { messages, resolve } of group) resolve(outcomes.slice(from, (from += messages.length)));
    } catch (error) {
      // What one request brings must not cost the others theirs: each is tried alone, unless it is the database that is away.
      if (group.length === 1 || problemCodeOf(error) === 'database.unavailable')
        for (const { reject } of group) reject(error);
      else for (const request of group) await this.#takeGroup([request], lane);
    }
  }
}
