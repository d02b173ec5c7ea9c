/**
 * What an endpoint is: declared once, and from the declaration follow the checks on what comes in and goes out, `openapi.json`, the typed client
 * and the reference page. Free of Node, so that bundles for the browser can import it.
 */
import type { Static, TObject, TSchema } from 'typebox';
import type { ProblemCode } from './problems.ts';

/** Who may call: a server key, a public key, a person token, the same machine, or anybody without a key. */
export type CallerKind = 'server' | 'public' | 'person' | 'loopback' | 'anybody';

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  readonly tag: Tag;
  /** A few words for lists. */
  readonly summary: string;
  /** What it does, for the reader of the reference, in a few sentences. */
  readonly description: string;
  readonly callers: readonly CallerKind[];
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** The most that a body may have, unpacked. Default 64 KB. */
  readonly bodyBytesMax?: number;
  /** What is answered; nothing that it does not declare leaves. */
  readonly answer: TSchema;
  /** What a public key or a person token is answered, where that is less. */
  readonly answerToBrowsers?: TSchema;
  /** JSON when left out. */
  readonly answerType?: 'application/json' | 'text/plain';
  /** Headers of the answer, with what they say. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** How long anybody may keep the answer, in seconds; left out for everything that may be about somebody. */
  readonly cacheSeconds?: number;
  /** The problems that are particular to it; those that any endpoint can have are `commonProblems`. */
  readonly problems: readonly ProblemCode[];
  readonly example: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly answer: unknown;
    readonly answerToBrowsers?: unknown;
  };
}

type Tag = 'Intake' | 'Consent' | 'Items' | 'Decisions' | 'People' | 'Models' | 'Sending' | 'Rights' | 'Server';

/** Declares an endpoint and keeps the types of its schemas. */
export function endpoint<const Declared extends Endpoint>(declared: Declared): Declared {
  return declared;
}

/** What any endpoint can answer besides its own problems. */
const commonProblems: readonly ProblemCode[] = ['request.timeout', 'rate.exceeded', 'server.stopping', 'internal'];

/** What the callers of an endpoint that takes a key, or a body, can meet. */
const keyProblems: readonly ProblemCode[] = ['key.missing', 'key.unknown', 'key.forbidden', 'database.unavailable'];
const browserProblems: readonly ProblemCode[] = ['token.invalid', 'request.origin'];
const inputProblems: readonly ProblemCode[] = ['request.invalid'];
const bodyProblems: readonly ProblemCode[] = ['request.malformed', 'request.too-large', 'request.media-type'];

/** Every problem that an endpoint can answer with, its own first. */
export function problemsOf(declared: Endpoint): ProblemCode[] {
  const keyed = !declared.callers.includes('anybody');
  const browsers = mayBrowsersCall(declared);
  const takes = declared.body !== undefined || declared.params !== undefined || declared.query !== undefined;
  return [
    ...new Set([
      ...declared.problems,
      ...(takes ? inputProblems : []),
      ...(declared.body === undefined ? [] : bodyProblems),
      ...(keyed ? keyProblems : []),
      ...(browsers ? browserProblems : []),
      ...commonProblems,
    ]),
  ];
}

/** Whether web pages may call it, with a public key or a person token. */
export function mayBrowsersCall(declared: Endpoint): boolean {
  return declared.callers.includes('public') || declared.callers.includes('person');
}

export const bodyBytesDefault = 64 * 1024;

/** What a caller passes: only the parts that the endpoint declares. */
export type InputOf<Declared extends Endpoint> = (Declared['params'] extends TObject
  ? { params: Static<Declared['params']> }
  : unknown) &
  (Declared['query'] extends TObject ? { query?: Static<Declared['query']> } : unknown) &
  (Declared['body'] extends TSchema ? { body: Static<Declared['body']> } : unknown);

/** What comes back, whoever called. */
export type AnswerOf<Declared extends Endpoint> =
  | Static<Declared['answer']>
  | (Declared['answerToBrowsers'] extends TSchema ? Static<Declared['answerToBrowsers']> : never);
