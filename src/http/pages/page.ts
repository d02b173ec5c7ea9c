/**
 * Pages that the server renders: a Liquid template inside the shared layout, and the files in `assets/` beside it. Values are escaped wherever they
 * stand in a template; templates are the project's own and are never made from text of others. Used by every page of `http/pages`.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Liquid } from 'liquidjs';
import { frameMessages } from './languages/frame/frame-messages.ts';
import { type Language, directionOf, fill, languageNames, languages } from './languages/language.ts';

/** What a page shows. The template starts with `{% layout "layout.liquid" %}` and fills `{% block content %}`. */
export interface Page {
  /** A file of this folder without its ending, for example `demo`. */
  readonly template: string;
  readonly title: string;
  readonly description?: string;
  /** `narrow` for reading, `wide` for panes side by side. */
  readonly width?: 'narrow' | 'wide';
  /** Names of files in `assets/`, for this page alone. Scripts are modules. */
  readonly styles?: readonly string[];
  readonly scripts?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  /** English when left out. Templates read `language`, `direction`, `frame` (the shared words) and `otherLanguages`. */
  readonly language?: Language;
}

/** Renders a page and answers with it. Pages are not stored by anybody in between, because most are about somebody. */
export async function answerPage(reply: FastifyReply, page: Page): Promise<FastifyReply> {
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('content-security-policy', pagePolicy)
    .send(await renderPage(page));
}

/** The page as HTML. */
export async function renderPage(page: Page): Promise<string> {
  const { template, values, language = 'en', ...rest } = page;
  const written = {
    language,
    direction: directionOf(language),
    frame: frameMessages[language],
    otherLanguages: languages
      .filter((other) => other !== language)
      .map((other) => ({ language: other, name: languageNames[other], direction: directionOf(other) })),
  };
  const rendered: unknown = await liquid.renderFile(template, { links, ...values, ...rest, ...written });
  return String(rendered);
}

/** Serves the files of `assets/` at `/assets/…`: from memory, and by name alone, so that no path reaches the file system. */
export function registerAssets(app: FastifyInstance): void {
  for (const [name, { bytes, digest, type }] of assets) {
    app.get(`/assets/${name}`, async (request, reply) => {
      const etag = `"${digest}"`;
      void reply.header('etag', etag).header('cache-control', 'public, max-age=31536000, immutable');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(bytes);
    });
  }
}

/** Only what this server itself serves; no script or style inside a page, so that a text which slips through can run nothing. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const folder = fileURLToPath(new URL('.', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const assets = new Map(
  readdirSync(`${folder}assets`).flatMap((name) => {
    const type = types[extname(name)];
    if (type === undefined) return [];
    const bytes = readFileSync(`${folder}assets/${name}`);
    return [[name, { bytes, type, digest: createHash('sha256').update(bytes).digest('base64url').slice(0, 16) }]];
  }),
);

const links = [
  { href: '/', text: 'Start' },
  { href: '/docs', text: 'Reference' },
];

const liquid = new Liquid({
  root: folder,
  extname: '.liquid',
  cache: true,
  outputEscape: 'escape',
  ownPropertyOnly: true,
  strictFilters: true,
  jsTruthy: false,
});

/** Text with `code` in backticks, as the contract writes it. Escaped here, because what comes out is HTML. */
liquid.registerFilter('prose', {
  raw: true,
  handler: (text: string) =>
    text
      .replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
      .replaceAll(/`([^`]+)`/g, '<code>$1</code>'),
});

/** Puts named values into a message of a catalogue: `{{ say.since | fill: day: basis.since }}`. Escaped like every other output. */
liquid.registerFilter('fill', (message: string, ...values: [string, string | number][]) =>
  fill(message, Object.fromEntries(values)),
);

liquid.registerFilter('asset', (name: string) => {
  const asset = assets.get(name);
  if (asset === undefined) throw new Error(`there is no asset named ${name}`);
  return `/assets/${name}?v=${asset.digest}`;
});
