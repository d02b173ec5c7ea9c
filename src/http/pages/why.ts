/**
 * The page behind every "why this?" link: why somebody saw what they saw. Whoever has the link can read it, so it names categories and never what is
 * in the history. A token that leads nowhere, for whatever reason, gets one and the same page.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Refusal } from '../../database/refusal.ts';
import type { Engine } from '../../deciding/engine.ts';
import { findDecision } from '../../deciding/find-decision.ts';
import { decisionOfToken } from '../../deciding/why-token.ts';
import type { Limits } from '../internal/limits.ts';
import { renderPage } from './page.ts';
import { type WhyView, contactOf, whyView } from './why-view.ts';

export interface WhyPageOptions {
  readonly engine: Engine;
  readonly limits: Limits;
  /** Whether this server shows its log, so that the page can lead there. */
  readonly hasPublicLog: boolean;
}

/** Serves `/why/{token}`. */
export function registerWhy(app: FastifyInstance, options: WhyPageOptions): void {
  const { engine, limits } = options;
  const { name, contact } = engine.policy.controller;
  const frame = { site: name, controller: name, contact: contactOf(contact) };

  // A wildcard, so that a token of any length or spelling comes here and is answered in the same way.
  app.get<{ Params: { '*': string } }>('/why/*', async (request, reply) => {
    limits.countRequest({ kind: 'nobody' }, request.ip);
    const view = await viewOf(options, request.params['*']);
    const html = await renderPage({
      template: 'why',
      title: view === undefined ? 'Nothing here' : 'Why this?',
      width: 'narrow',
      styles: ['why.css'],
      values: { ...frame, view },
    });
    return answer(reply.code(view === undefined ? 404 : 200), html);
  });
}

async function viewOf(options: WhyPageOptions, token: string): Promise<WhyView | undefined> {
  const { engine } = options;
  const decisionId = decisionOfToken(engine, token);
  if (decisionId === undefined) return undefined;
  await engine.nonpersonal.flush();
  try {
    return await whyView(engine, await findDecision(engine.database, decisionId), options);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'decision.unknown') return undefined;
    throw error;
  }
}

/** Kept by nobody, found by no search engine, and able to load this server's own styles and pictures alone. */
function answer(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .headers({
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow, noarchive',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    })
    .send(html);
}
