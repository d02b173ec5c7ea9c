/**
 * `/u/{token}`: the page behind every "unsubscribe" link, and the address of one-click unsubscribing (RFC 8058). To look changes nothing, because mail programs
 * and scanners open every link; to post does, without cookie, sign-in or question. Whoever posts a token that was made here is told the same, whether or not
 * there still is such a person.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Engine } from '../../deciding/engine.ts';
import { unsubscribe, unsubscribeOffer } from '../../sending/unsubscribe.ts';
import type { Limits } from '../internal/limits.ts';
import { renderPage } from './page.ts';
import { contactOf } from './why-view.ts';

/** Serves the page and the post. */
export function registerUnsubscribe(
  app: FastifyInstance,
  { engine, limits }: { engine: Engine; limits: Limits },
): void {
  const { name, contact } = engine.policy.controller;
  const frame = { site: name, controller: name, contact: contactOf(contact) };
  const page = async (
    reply: FastifyReply,
    status: number,
    values: { readonly stage: 'offer' | 'done' | 'nothing'; readonly titles: readonly string[] },
  ): Promise<FastifyReply> => {
    const html = await renderPage({
      template: 'unsubscribe',
      title: { offer: 'Unsubscribe', done: 'Unsubscribed', nothing: 'Nothing here' }[values.stage],
      width: 'narrow',
      values: { ...frame, ...values },
    });
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .headers({
        'cache-control': 'no-store',
        'x-robots-tag': 'noindex, nofollow, noarchive',
        'content-security-policy':
          "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      })
      .send(html);
  };

  void app.register((scope, _options, done) => {
    // Mail programs send `List-Unsubscribe=One-Click`, and browsers the form below. The token says everything, so no body is looked at.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { bodyLimit: 10_000, parseAs: 'string' }, (_request, _body, parsed) =>
      parsed(null),
    );

    scope.get<{ Params: { '*': string } }>('/u/*', async (request, reply) => {
      limits.countRequest({ kind: 'nobody' }, request.ip);
      const titles = unsubscribeOffer(engine, request.params['*']);
      return titles === undefined
        ? page(reply, 404, { stage: 'nothing', titles: [] })
        : page(reply, 200, { stage: 'offer', titles });
    });

    scope.post<{ Params: { '*': string } }>('/u/*', async (request, reply) => {
      limits.countRequest({ kind: 'nobody' }, request.ip);
      const token = request.params['*'];
      return (await unsubscribe(engine, token))
        ? page(reply, 200, { stage: 'done', titles: unsubscribeOffer(engine, token) ?? [] })
        : page(reply, 404, { stage: 'nothing', titles: [] });
    });
    done();
  });
}
