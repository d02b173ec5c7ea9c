/**
 * Makes a route of each declared endpoint: who may call → body → checks → answer → checks. The order is the same for all of them, and nothing that the
 * contract does not declare comes in or leaves.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { eventBytesMax } from '../contract/intake.ts';
import { type CallerKind, type Endpoint, bodyBytesDefault, mayBrowsersCall } from '../contract/endpoint.ts';
import { type EndpointName, endpointNames, endpoints } from '../contract/endpoints.ts';
import { Refusal } from '../../database/refusal.ts';
import type { AccessKeys } from '../access-keys.ts';
import { type Desk, answers } from './answers.ts';
import { readBody } from './body.ts';
import { type Caller, type PersonTokens, callerOf, callerOfKey, missingKey } from './caller.ts';
import { declaredPart } from './declared-part.ts';
import type { Limits } from './limits.ts';
import { isAllowedOrigin, isSameMachine } from './origin.ts';
import { checkOf, fits } from './validate.ts';

export interface Doors {
  readonly desk: Desk;
  readonly accessKeys: AccessKeys;
  readonly personTokens: PersonTokens | undefined;
  readonly limits: Limits;
  /** Web origins that may call with a public key or a person token. */
  readonly origins: ReadonlySet<string>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of the largest message in the body: of a batch, or of the one that it is. */
    messageBytes: number;
  }
  interface FastifyContextConfig {
    tooLarge?: 'intake.too-large' | 'request.too-large';
  }
}

/** Registers every endpoint of the contract, and the preflights of those that browsers may call. */
export function registerEndpoints(app: FastifyInstance, doors: Doors): void {
  app.decorateRequest('messageBytes', 0);
  app.removeAllContentTypeParsers();
  // `text/plain` is what web libraries send to spare a preflight; what matters is that it is JSON.
  app.addContentTypeParser(
    ['application/json', 'text/plain'],
    async (request: FastifyRequest, stream: NodeJS.ReadableStream) => {
      const { value, bytes, widestBytes } = await readBody(stream, {
        bytesMax: request.routeOptions.bodyLimit,
        tooLarge: request.routeOptions.config.tooLarge ?? 'request.too-large',
        encoding: request.headers['content-encoding'],
      });
      request.messageBytes = typeof value === 'object' && value !== null && 'batch' in value ? widestBytes : bytes;
      return value;
    },
  );
  for (const name of endpointNames) registerEndpoint(app, doors, name, endpoints[name]);
  registerPreflights(app, doors);
}

type AnyAnswerer = (
  desk: Desk,
  call: { caller: Caller; signalled: boolean; params?: unknown; query?: unknown; body?: unknown },
) => Promise<{
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}>;

function registerEndpoint(app: FastifyInstance, doors: Doors, name: EndpointName, declared: Endpoint): void {
  const answer = answers[name] as unknown as AnyAnswerer; // what the call holds is checked below against the very schemas that type it
  const checkInput = inputCheckOf(declared);
  const write = { server: writerOf(declared, false), browser: writerOf(declared, true) };
  const isIntake = declared.tag === 'Intake';
  const cache = declared.cacheSeconds === undefined ? 'no-store' : `public, max-age=${declared.cacheSeconds}`;
  app.route({
    method: declared.method,
    url: declared.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit: declared.bodyBytesMax ?? bodyBytesDefault,
    config: { tooLarge: isIntake ? 'intake.too-large' : 'request.too-large' },
    // Before the body is read, so that only who may send one costs anything.
    async onRequest(request) {
      const caller = await authenticate(doors, declared, request);
      callers.set(request, caller);
    },
    async handler(request, reply) {
      let caller = callers.get(request) ?? nobody;
      if (isIntake && request.messageBytes > eventBytesMax) throw tooLargeEvent();
      if (isIntake && caller.kind === 'nobody') caller = await callerInBody(doors, declared, request);
      checkInput(request);
      const { body, headers } = await answer(doors.desk, {
        caller,
        params: request.params,
        query: request.query,
        body: request.body,
        signalled: caller.kind !== 'server' && request.headers['sec-gpc'] === '1',
      });
      const text = write[caller.kind === 'public' || caller.kind === 'person' ? 'browser' : 'server'](body);
      if (headers !== undefined) void reply.headers(headers);
      return reply
        .header('cache-control', cache)
        .type(`${declared.answerType ?? 'application/json'}; charset=utf-8`)
        .send(text);
    },
  });
}

const nobody: Caller = { kind: 'nobody' };
const callers = new WeakMap<FastifyRequest, Caller>();

/** Who calls, once it is clear that they may and are not too many. Refuses with the problems of keys, origins and rates. */
async function authenticate(doors: Doors, declared: Endpoint, request: FastifyRequest): Promise<Caller> {
  let caller: Caller;
  try {
    caller = await callerOf(request.headers.authorization, doors);
  } catch (error) {
    if (error instanceof Refusal && (error.code === 'key.unknown' || error.code === 'token.invalid'))
      doors.limits.countFailure(request.ip);
    throw error;
  }
  if (caller.kind === 'nobody' && declared.tag === 'Intake') {
    doors.limits.countRequest(caller, request.ip);
    return caller;
  }
  return admit(doors, declared, request, caller);
}

/** The writeKey of a message or a batch, where no header names a key. */
async function callerInBody(doors: Doors, declared: Endpoint, request: FastifyRequest): Promise<Caller> {
  const { body } = request;
  const key: unknown = typeof body === 'object' && body !== null && 'writeKey' in body ? body.writeKey : undefined;
  if (typeof key !== 'string') throw missingKey();
  let caller: Caller;
  try {
    caller = await callerOfKey(key, doors.accessKeys);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'key.unknown') doors.limits.countFailure(request.ip);
    throw error;
  }
  return admit(doors, declared, request, caller);
}

function admit(doors: Doors, declared: Endpoint, request: FastifyRequest, caller: Caller): Caller {
  doors.limits.countRequest(caller, request.ip);
  if (!mayCall(declared.callers, caller, request)) {
    if (caller.kind === 'nobody') throw missingKey();
    throw new Refusal('key.forbidden', 'This kind of key may not call this endpoint.');
  }
  if (caller.kind !== 'server' && !declared.callers.includes('anybody') && !isAllowedOrigin(request, doors.origins)) {
    throw new Refusal('request.origin', 'Pages of this origin may not call here.', {
      remedy: 'Add the origin to those that the server allows.',
    });
  }
  return caller;
}

function mayCall(kinds: readonly CallerKind[], caller: Caller, request: FastifyRequest): boolean {
  if (kinds.includes('anybody')) return true;
  if (caller.kind === 'nobody') return kinds.includes('loopback') && isSameMachine(request);
  return kinds.includes(caller.kind);
}

function inputCheckOf(declared: Endpoint): (request: FastifyRequest) => void {
  const params = declared.params === undefined ? undefined : checkOf(declared.params, '/path');
  const query = declared.query === undefined ? undefined : checkOf(declared.query, '/query');
  const body = declared.body === undefined ? undefined : checkOf(declared.body, '/body');
  return (request) => {
    params?.(request.params);
    query?.(request.query);
    body?.(request.body);
  };
}

/** The answer as text: what does not fit is our fault and is not sent; of what fits, what is declared. */
function writerOf(declared: Endpoint, toBrowser: boolean): (body: unknown) => string {
  const schema = toBrowser ? (declared.answerToBrowsers ?? declared.answer) : declared.answer;
  const isFit = fits(schema);
  const copy = declaredPart(schema);
  const isText = declared.answerType === 'text/plain';
  return (body) => {
    if (!isFit(body)) throw new Error('an answer does not fit its schema');
    return isText ? String(body) : JSON.stringify(copy(body));
  };
}

function tooLargeEvent(): Refusal {
  return new Refusal('intake.too-large', `A message has more than ${eventBytesMax} bytes.`, {
    remedy: 'Send less with each message.',
  });
}

/** Answers the questions that a browser asks before it calls (Fetch standard, section 3.2). */
function registerPreflights(app: FastifyInstance, doors: Doors): void {
  const methods = new Map<string, string[]>();
  for (const name of endpointNames) {
    const declared: Endpoint = endpoints[name];
    if (mayBrowsersCall(declared)) methods.set(declared.path, [...(methods.get(declared.path) ?? []), declared.method]);
  }
  for (const [path, allowed] of methods) {
    app.options(path.replaceAll(/\{(\w+)\}/g, ':$1'), async (request: FastifyRequest, reply: FastifyReply) => {
      if (!isAllowedOrigin(request, doors.origins))
        throw new Refusal('request.origin', 'Pages of this origin may not call here.');
      return reply
        .code(204)
        .headers({
          'access-control-allow-methods': allowed.join(', '),
          'access-control-allow-headers': 'authorization, content-type, content-encoding',
          'access-control-max-age': '600',
        })
        .send();
    });
  }
}
