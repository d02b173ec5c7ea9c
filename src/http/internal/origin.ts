/** Where a request comes from: which web page, and whether from this very machine. */
import type { FastifyRequest } from 'fastify';

/** Whether the page that calls is of an allowed origin, or of the server's own. A caller that is no browser names none. */
export function isAllowedOrigin(request: FastifyRequest, origins: ReadonlySet<string>): boolean {
  const { origin } = request.headers;
  return (
    origin === undefined || origins.has(origin) || origin === `${request.protocol}://${request.headers.host ?? ''}`
  );
}

/**
 * Whether the caller sits on the same machine: a loopback address, no proxy in between, and a loopback name, because a page of anybody can lead
 * its own name to a loopback address.
 */
export function isSameMachine(request: FastifyRequest): boolean {
  const { headers } = request;
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  return isLoopbackAddress(request.socket.remoteAddress ?? '') && isLoopbackName(headers.host ?? '');
}

export function isLoopbackAddress(address: string): boolean {
  return /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1';
}

function isLoopbackName(host: string): boolean {
  return /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i.test(host);
}
