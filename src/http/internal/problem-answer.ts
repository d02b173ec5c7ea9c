/** Turns whatever was thrown into one of the problems of the contract. What was not raised on purpose is answered without any detail. */
import type { FastifyReply } from 'fastify';
import { Refusal } from '../../database/refusal.ts';
import { type ProblemCode, isProblemCode, problemType, problems } from '../contract/problems.ts';
import type { Problem } from '../contract/schemas.ts';

/** A refusal with the places that do not fit. */
export class Misfit extends Refusal {
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];

  constructor(errors: Misfit['errors']) {
    super('request.invalid', 'The request does not fit its schema.');
    this.errors = errors;
  }
}

/** A refusal that ends by itself. */
export class Wait extends Refusal {
  readonly seconds: number;

  constructor(code: ProblemCode, message: string, seconds: number) {
    super(code, message, { remedy: `Try again in ${seconds} s.` });
    this.seconds = seconds;
  }
}

/** Which problem an error is. */
export function problemCodeOf(error: unknown): ProblemCode {
  if (error instanceof Refusal) {
    if (isProblemCode(error.code)) return error.code;
    return error.code.startsWith('database.') ? 'database.unavailable' : 'internal';
  }
  return fastifyProblems[codeOf(error)] ?? 'internal';
}

/** Answers with the problem. */
export function answerProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const code = problemCodeOf(error);
  const { status, title } = problems[code];
  const seconds = error instanceof Wait ? error.seconds : status === 503 ? 1 : undefined;
  if (seconds !== undefined) void reply.header('retry-after', seconds);
  if (code === 'rate.exceeded' && seconds !== undefined) void reply.header('x-ratelimit-reset', seconds);
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="fairlead"');
  const problem: Problem = {
    type: problemType(code),
    title,
    status,
    code,
    ...(error instanceof Refusal && isProblemCode(error.code) ? detailOf(error) : {}),
    request: reply.request.id,
    ...(error instanceof Misfit ? { errors: [...error.errors] } : {}),
  };
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

function detailOf(error: Refusal): { detail: string; remedy?: string } {
  return { detail: error.message, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) };
}

/** What the framework itself refuses, by its codes (fastify.dev, reference of errors). */
const fastifyProblems: Readonly<Record<string, ProblemCode | undefined>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too-large',
  FST_ERR_BAD_URL: 'route.unknown',
  FST_ERR_MAX_PARAM_LENGTH: 'route.unknown',
  FST_ERR_REOPENED_CLOSE_SERVER: 'server.stopping',
  FST_ERR_SERVER_CLOSING: 'server.stopping',
};

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null ? String(Reflect.get(error, 'code')) : '';
}
