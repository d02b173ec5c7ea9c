/** Forms of our own pages: their bodies, and the proof that it was our page which sent them. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../../database/refusal.ts';

/** The fields of a form; of several with one name the last. */
export type Fields = Readonly<Record<string, string>>;

/** Lets the routes of this scope, and no others, read forms. */
export function acceptForms(scope: FastifyInstance, { bytesMax = 2_048 }: { readonly bytesMax?: number } = {}): void {
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: bytesMax },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );
}

/** Whether a page of this very server sent the request: by Fetch Metadata where the browser sends it, by Origin where it does not. */
export function isOwnPage(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  const { origin, host } = request.headers;
  return site === undefined
    ? origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
    : site === 'same-origin';
}

/** Refuses what another page sent in the name of whoever looks at it (cross-site request forgery). */
export function requireOwnPage(request: FastifyRequest): void {
  if (isOwnPage(request)) return;
  throw new Refusal('request.origin', 'This can only be done from the page itself.', {
    remedy: 'Open the page itself, or call /v1 with a key.',
  });
}

export function unreadableForm(): Refusal {
  return new Refusal('request.invalid', 'The form was not filled in as this page fills it in.', {
    remedy: 'Reload the page.',
  });
}
