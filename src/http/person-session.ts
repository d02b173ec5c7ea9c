/**
 * Who is looking at a page for customers: the person whose stay the browser's cookie, or a hidden field of the form it sent, belongs to. The cookie is
 * HttpOnly, of this site alone and ends with the stay; a browser without cookies carries the same secret from form to form and never in an address. Read by the
 * privacy centre and by the why-page.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Installation } from '../consent/installation.ts';
import { endSession, personOfSession, sessionSeconds, startSession } from '../people/person-sessions.ts';

export interface PersonSession {
  readonly personId: string;
  /** The secret, for the forms of a browser without cookies. */
  readonly token: string;
  /** Whether it came as a cookie. */
  readonly isByCookie: boolean;
}

/** The stay that a request belongs to, or undefined. Of a cookie and a field the cookie counts. */
export async function personSessionOf(
  installation: Installation,
  request: FastifyRequest,
): Promise<PersonSession | undefined> {
  const candidates = [
    { token: cookieOf(request, cookieName(request)), isByCookie: true },
    { token: fieldOf(request.body, 'session'), isByCookie: false },
  ];
  for (const { token, isByCookie } of candidates) {
    const personId = token === undefined ? undefined : await personOfSession(installation, token);
    if (token !== undefined && personId !== undefined) return { personId, token, isByCookie };
  }
  return undefined;
}

/** Begins a stay and gives the browser its cookie. */
export async function openPersonSession(
  installation: Installation,
  person: { readonly personId: string },
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<PersonSession> {
  const token = await startSession(installation, person.personId);
  void reply.header('set-cookie', cookieText(request, token, sessionSeconds));
  return { personId: person.personId, token, isByCookie: false };
}

/** Ends a stay, here and in the browser. */
export async function closePersonSession(
  installation: Installation,
  session: PersonSession,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<void> {
  await endSession(installation, session.token);
  void reply.header('set-cookie', cookieText(request, '', 0));
}

function cookieText(request: FastifyRequest, value: string, seconds: number): string {
  const secure = isSecure(request) ? '; Secure' : '';
  return `${cookieName(request)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

/** The prefix binds the cookie to this very host (RFC 6265bis, section 4.1.3.2); browsers take it over TLS alone. */
function cookieName(request: FastifyRequest): string {
  return isSecure(request) ? '__Host-fairlead-person' : 'fairlead-person';
}

function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https';
}

function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.split('=');
    if (key?.trim() === name && value !== undefined) return value.trim();
  }
  return undefined;
}

function fieldOf(body: unknown, name: string): string | undefined {
  const value: unknown =
    typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
