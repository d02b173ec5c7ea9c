/**
 * The typed client, made from the contract: one method for each endpoint, every call with a deadline, every problem an error that carries its code.
 * It runs wherever `fetch` does.
 */
import type { AnswerOf, Endpoint, InputOf } from './contract/endpoint.ts';
import { type EndpointName, endpointNames, endpoints } from './contract/endpoints.ts';
import type { Problem } from './contract/schemas.ts';

export interface ClientOptions {
  /** Where the server is, for example `http://127.0.0.1:4400`. */
  readonly url: string;
  /** A server key, a public key or a person token. */
  readonly key?: string;
  /** How long a call may take. 10,000 by default. */
  readonly deadlineMs?: number;
  readonly fetch?: typeof fetch;
}

/** What came back: the body, and the headers that an endpoint declares (`fairlead-decision`, `link`). */
export interface Answered<Body> {
  readonly body: Body;
  readonly headers: Headers;
}

type Endpoints = typeof endpoints;

/** Only what an endpoint takes has to be passed; one that takes nothing is called with nothing. */
type Arguments<Declared extends Endpoint> =
  unknown extends InputOf<Declared>
    ? []
    : Record<string, never> extends InputOf<Declared>
      ? [input?: InputOf<Declared>]
      : [input: InputOf<Declared>];

export type Client = {
  readonly [Name in EndpointName]: (
    ...given: Arguments<Endpoints[Name]>
  ) => Promise<Answered<AnswerOf<Endpoints[Name]>>>;
};

/** An answer that was a problem (RFC 9457). */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;
  /** When to try again, in seconds, where the server said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds: number | undefined) {
    super(`${problem.title}${problem.detail === undefined ? '' : `: ${problem.detail}`}`);
    this.name = 'ProblemError';
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function client(options: ClientOptions): Client {
  const methods = Object.fromEntries(
    endpointNames.map((name) => [name, (input?: Input) => call(options, endpoints[name], input ?? {})]),
  );
  return methods as unknown as Client; // each method is `call` with the endpoint of its name
}

interface Input {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

async function call(options: ClientOptions, declared: Endpoint, input: Input): Promise<Answered<unknown>> {
  const url = new URL(pathOf(declared.path, input.params ?? {}), options.url);
  for (const [name, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, value);
  const response = await (options.fetch ?? fetch)(url, {
    method: declared.method,
    headers: {
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
    signal: AbortSignal.timeout(options.deadlineMs ?? 10_000),
    redirect: 'error',
  });
  if (!response.ok) throw await problemOf(response);
  const body: unknown = declared.answerType === 'text/plain' ? await response.text() : await response.json();
  return { body, headers: response.headers };
}

function pathOf(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

async function problemOf(response: Response): Promise<ProblemError> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  const problem: Problem = isProblem
    ? ((await response.json()) as Problem) // the server checks it against this schema
    : { type: 'about:blank', title: `HTTP ${response.status}`, status: response.status, code: 'internal', request: '' };
  return new ProblemError(problem, Number.isFinite(retryAfter) ? retryAfter : undefined);
}
