/** What a batch is handed over to, as the one who sends it sees it: mail, a file and a webhook differ in how much goes at once, and in what is known after a kill. */
import type { DecidedItem } from '../../deciding/decision-record.ts';
import type { HandOver } from '../hand-overs.ts';
import type { ItemValues } from '../template.ts';

/** One person of a batch, read with a fresh permit a moment ago. */
export interface Recipient {
  readonly handOver: HandOver;
  /** Where mail goes; undefined for ads. */
  readonly address: string | undefined;
  readonly person: Readonly<Record<string, string | number | boolean>>;
  readonly items: readonly { readonly decided: DecidedItem; readonly values: ItemValues }[];
  readonly links: Links;
}

export interface Links {
  readonly whyUrl: string;
  readonly unsubscribeUrl: string;
  readonly contentUrl: string;
}

/** What became of one hand-over. */
export type Outcome = 'handed over' | 'refused' | 'unanswered' | 'not handed over' | 'still handing';

export interface Handed {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Why it cannot go on now: a sentence. What was not handed over goes later. */
  readonly pause?: string;
  /** How much of a file lasts. */
  readonly fileBytes?: number;
}

export interface Outlet {
  /** How many are handed over at once, and how many are decided about beforehand. */
  readonly groupMax: number;
  readonly decidedMax: number;
  /** Whether what was being handed over when a process ended: may have left (never again), has not, or may be sent again under the same id. */
  readonly afterKill: 'may have left' | 'has not left' | 'send again';
  /** Makes ready, with as much of the file as lasts. */
  begin(fileBytes: number): Promise<void>;
  hand(recipients: readonly Recipient[], messageId: string): Promise<Handed>;
  /** Everybody has been reached: leaves out of a file whose references were removed meanwhile. */
  end(removed: () => Promise<ReadonlySet<string>>): Promise<void>;
  close(): Promise<void>;
}
