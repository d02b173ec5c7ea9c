/**
 * The HTTP server: every endpoint of the contract, the reference, and the pages that are handed to it. It binds to the loopback address unless it is
 * told otherwise, logs nothing personal, and stops without breaking off what is under way. Started by `fairlead serve` and `fairlead demo`.
 */
import type { Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { type Logger, pino } from 'pino';
import { Refusal } from '../database/refusal.ts';
import type { Engine } from '../deciding/engine.ts';
import type { Mailer } from '../sending/mail.ts';
import { AccessKeys } from './access-keys.ts';
import { endpointNames, endpoints } from './contract/endpoints.ts';
import { type Endpoint, mayBrowsersCall } from './contract/endpoint.ts';
import { problemType, problems } from './contract/problems.ts';
import { openApi } from './contract/openapi.ts';
import { type PersonTokenOptions, PersonTokens } from './internal/caller.ts';
import { HandOver } from './internal/hand-over.ts';
import { IntakeQueue } from './internal/intake-queue.ts';
import { Limits, type Rates, defaultRates } from './internal/limits.ts';
import { Metrics } from './internal/metrics.ts';
import { isAllowedOrigin, isLoopbackAddress } from './internal/origin.ts';
import { packageVersion } from './internal/package-version.ts';
import { answerProblem, problemCodeOf } from './internal/problem-answer.ts';
import { registerEndpoints } from './internal/routes.ts';
import { type PublicLog, registerLog } from './pages/log.ts';
import { registerAssets } from './pages/page.ts';
import { registerSdk } from './pages/sdk.ts';
import { registerReference } from './pages/reference.ts';
import { registerPrivacy } from './pages/privacy.ts';
import { registerUnsubscribe } from './pages/unsubscribe.ts';
import { registerWhy } from './pages/why.ts';

export type { PersonTokenOptions } from './internal/caller.ts';
export type { PublicLog } from './pages/log.ts';
export type { Rates } from './internal/limits.ts';

export interface ServerOptions {
  readonly engine: Engine;
  /** The address to bind to; 127.0.0.1 when left out. */
  readonly host?: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Where people reach the server, when that is not the address it binds to: for example `https://fairlead.shop.example`. */
  readonly publicUrl?: string;
  /** Addresses of proxies whose `X-Forwarded-…` headers are believed; nobody's when left out. */
  readonly trustedProxies?: readonly string[];
  /** Binds to other machines' reach without TLS in front. */
  readonly plainHttp?: boolean;
  /** Web origins whose pages may call with a public key or a person token, for example `https://shop.example`. */
  readonly origins?: readonly string[];
  readonly personTokens?: PersonTokenOptions;
  /** What writes to people; left out where no mail server is named. */
  readonly mailer?: Mailer;
  readonly rates?: Partial<Rates>;
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The transparency log to show under `/log`. */
  readonly publicLog?: PublicLog;
  /** Registers further pages, such as the demo. */
  readonly pages?: (app: FastifyInstance) => void | Promise<void>;
}

export interface RunningServer {
  /** Where it listens, for example `http://127.0.0.1:4400`. */
  readonly url: string;
  /** Takes no more requests, finishes those under way, and resolves. */
  close(): Promise<void>;
}

const requestMsMax = 30_000;

/** Starts. Refuses with `server.port-taken`, `server.port-forbidden`, `server.address` and `server.plain-http`. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { engine, host = '127.0.0.1' } = options;
  refusePlainHttp(options, host);
  const app = await makeApp(options);
  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    await app.close();
    throw listenRefusal(error, host, options.port);
  }
  let closing: Promise<void> | undefined;
  return {
    url: urlOf(app, host),
    close() {
      closing ??= app.close().then(() => engine.nonpersonal.flush());
      return closing;
    },
  };
}

/** Where it listens. */
function urlOf(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function makeApp(options: ServerOptions): Promise<FastifyInstance> {
  const { engine } = options;
  const { world } = engine.database;
  const log = options.log ?? pino({ base: null, level: 'warn' }, pino.destination(2));
  const queue = new IntakeQueue(engine);
  const metrics = new Metrics(engine, queue);
  const origins = new Set(options.origins);
  const app = fastify({
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    // Our own, so that a log entry cannot be written into by a header.
    genReqId: () => world.uuid(),
    requestIdHeader: false,
    requestTimeout: requestMsMax,
    connectionTimeout: requestMsMax * 2,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 800, ignoreTrailingSlash: false },
    // These pass no hook, so they bring their headers themselves.
    frameworkErrors: (error, _request, reply) => void answerProblem(reply.headers(alwaysHeaders), error),
    clientErrorHandler: answerBrokenRequest,
  });
  app.setErrorHandler((error, request, reply) => {
    if (problemCodeOf(error) === 'internal')
      log.error({ request: request.id, route: routeOf(request), ...faultOf(error) }, 'a fault of ours');
    return answerProblem(reply, error);
  });
  app.setNotFoundHandler((_request, reply) =>
    answerProblem(
      reply,
      new Refusal('route.unknown', 'There is no such endpoint or page.', { remedy: 'The reference is at /docs.' }),
    ),
  );
  addHeaders(app, { isHttps: options.publicUrl?.startsWith('https:') === true, origins });
  app.addHook('onResponse', (request, reply, done) => {
    const seen = { route: routeOf(request), method: request.method, status: reply.statusCode };
    metrics.countRequest({ ...seen, seconds: reply.elapsedTime / 1_000 });
    const line = { ...seen, ms: Math.round(reply.elapsedTime * 10) / 10, request: request.id };
    if (reply.statusCode === 401 || reply.statusCode === 403) log.warn(line, 'refused');
    else log.info(line);
    done();
  });
  const limits = new Limits({ ...defaultRates, ...options.rates }, world);
  registerEndpoints(app, {
    desk: {
      engine,
      queue,
      metrics,
      publicUrl: () => options.publicUrl ?? urlOf(app, options.host ?? '127.0.0.1'),
      document: openApi(packageVersion()),
    },
    accessKeys: new AccessKeys(engine),
    personTokens: options.personTokens === undefined ? undefined : await PersonTokens.open(options.personTokens, world),
    limits,
    origins,
  });
  registerAssets(app);
  registerReference(app);
  const { publicLog, publicUrl } = options;
  const { controller } = engine.policy;
  if (publicLog !== undefined)
    registerLog(app, { log: publicLog, database: engine.database, controller: controller.name, publicUrl });
  registerSdk(app);
  registerPrivacy(app, {
    engine,
    limits,
    origins,
    handOver: options.personTokens === undefined ? undefined : await HandOver.open(options.personTokens, engine),
  });
  registerUnsubscribe(app, { engine, limits });
  registerWhy(app, { engine, limits, hasPublicLog: publicLog !== undefined });
  await options.pages?.(app);
  return app;
}

const browserRoutes = new Set(
  endpointNames.flatMap((name) => {
    const declared: Endpoint = endpoints[name];
    return mayBrowsersCall(declared) ? [declared.path.replaceAll(/\{(\w+)\}/g, ':$1')] : [];
  }),
);

/** What every answer says about itself to browsers; a page that needs more than nothing widens its own policy. */
const alwaysHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The headers of every answer, and those by which browsers let other origins read it. */
function addHeaders(app: FastifyInstance, options: { isHttps: boolean; origins: ReadonlySet<string> }): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(alwaysHeaders);
    if (options.isHttps || request.protocol === 'https')
      void reply.header('strict-transport-security', 'max-age=31536000');
    if (browserRoutes.has(request.routeOptions.url ?? '')) {
      void reply.header('vary', 'origin');
      const { origin } = request.headers;
      if (origin !== undefined && isAllowedOrigin(request, options.origins)) {
        void reply.headers({
          'access-control-allow-origin': origin,
          'access-control-expose-headers': 'fairlead-decision, link, retry-after, x-ratelimit-reset',
        });
      }
    }
    done();
  });
}

/** The pattern of the route, never the path that was asked for. */
function routeOf(request: { readonly routeOptions: { readonly url?: string | undefined } }): string {
  return request.routeOptions.url ?? 'none';
}

/** Where a fault is, without its message, which may quote what somebody sent. */
function faultOf(error: unknown): { fault: string; code: string | undefined; at: string[] } {
  if (!(error instanceof Error)) return { fault: typeof error, code: undefined, at: [] };
  const code: unknown = Reflect.get(error, 'code');
  const at = (error.stack ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^at .*:\d+:\d+\)?$/.test(line));
  return { fault: error.name, code: typeof code === 'string' ? code : undefined, at: at.slice(0, 6) };
}

/** A request that is no HTTP: answered on the bare connection, which then closes, so that nothing can be smuggled behind it. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request.timeout' : 'request.malformed';
  const { status, title } = problems[code];
  const body = JSON.stringify({ type: problemType(code), title, status, code, request: '' });
  const reason = status === 408 ? 'Request Timeout' : 'Bad Request';
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n\r\n${body}`,
  );
}

function refusePlainHttp(options: ServerOptions, host: string): void {
  if (
    host === 'localhost' ||
    isLoopbackAddress(host) ||
    options.trustedProxies !== undefined ||
    options.plainHttp === true
  )
    return;
  throw new Refusal(
    'server.plain-http',
    `Bound to ${host}, the server would speak to other machines without encryption.`,
    {
      remedy:
        'Put a proxy with TLS in front and name its address, bind to 127.0.0.1, or say that plain HTTP is what you want.',
    },
  );
}

function listenRefusal(error: unknown, host: string, port: number): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new Refusal('server.port-taken', `Port ${port} on ${host} is taken by another program.`, {
        remedy: `Stop that program, or choose another port with --port.`,
      });
    case 'EACCES':
      return new Refusal('server.port-forbidden', `This user may not listen on port ${port}.`, {
        remedy: 'Choose a port above 1023 with --port.',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Refusal('server.address', `This machine has no address ${host}.`, {
        remedy: 'Bind to 127.0.0.1, or to an address that the machine has.',
      });
    default:
      return error;
  }
}
