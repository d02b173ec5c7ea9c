/** Serves `/sdk.js`, the element by which a shop's own pages ask what a visitor allows. The file is the bundle: it needs no build, so what runs is what is read. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const bytes = readFileSync(new URL('../../web/sdk/sdk.js', import.meta.url));
const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;

export function registerSdk(app: FastifyInstance): void {
  app.get('/sdk.js', async (request, reply) => {
    // Pages of other origins load it, as a module, which takes CORS; it is the same for everybody.
    void reply.headers({
      etag,
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('text/javascript; charset=utf-8').send(bytes);
  });
}
