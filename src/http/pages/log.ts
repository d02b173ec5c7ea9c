/**
 * The transparency log for everybody: its files under `/log/…`, as C2SP tlog-tiles lays them out, and at `/log` a page for people. A path is parsed
 * strictly and made again from what was parsed, so nothing but files of a log can be asked for.
 */
import type { FastifyInstance } from 'fastify';
import type { Database } from '../../database/database.ts';
import { Refusal } from '../../database/refusal.ts';
import { openCheckpoint } from '../../transparency/checkpoint.ts';
import { signedAt } from '../../transparency/database-reader.ts';
import { verifierOf } from '../../transparency/note.ts';
import type { ReadLog } from '../../transparency/reader.ts';
import { type LogPath, checkpointPath, logPathOf, tileWidthMax } from '../../transparency/tiles.ts';
import { answerPage } from './page.ts';
import { countInWords, momentInWords } from './plain-words.ts';

/** A log that this server shows. */
export interface PublicLog {
  /** From its directory (`readDirectory`), or from the database (`readDatabase`). */
  readonly read: ReadLog;
  /** The line by which its signatures are checked: `name+id+key`. */
  readonly verifierKey: string;
}

export interface LogPageOptions {
  readonly log: PublicLog;
  readonly database: Database;
  /** Whose log it is. */
  readonly controller: string;
  readonly publicUrl?: string | undefined;
}

/** Serves `/log` and the files below it. Refuses with `log.verifier-key`. */
export function registerLog(app: FastifyInstance, options: LogPageOptions): void {
  const { log, controller } = options;
  const verifier = verifierOf(log.verifierKey);

  app.get('/log', async (request, reply) => {
    const shown = await checkpointOf(options);
    return answerPage(reply, {
      template: 'log',
      title: 'The transparency log',
      description: 'What the log is, its name, size and key, and how to check a proof.',
      width: 'narrow',
      styles: ['log.css'],
      values: {
        site: controller,
        controller,
        name: verifier.name,
        verifierKey: log.verifierKey,
        address: `${options.publicUrl?.replace(/\/$/, '') ?? `${request.protocol}://${request.host}`}/log`,
        shown,
      },
    });
  });

  app.get('/log/*', async (request, reply) => {
    // The raw path: an encoded one, or one with a query, would be a second address of the same file.
    const path = request.raw.url?.startsWith(prefix) === true ? request.raw.url.slice(prefix.length) : '';
    const asked = logPathOf(path);
    const bytes = asked === undefined ? undefined : await log.read(path);
    if (asked === undefined || bytes === undefined) return reply.callNotFound();
    return reply
      .headers({
        'cache-control': cacheOf(asked),
        // Auditors compare from wherever they are.
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
      })
      .type(asked.kind === 'checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream')
      .send(Buffer.from(bytes));
  });
}

const prefix = '/log/';

/** A full tile never changes. A partial one never does either, but gives way to wider ones. */
function cacheOf(asked: LogPath): string {
  if (asked.kind === 'checkpoint') return 'public, max-age=2';
  return asked.tile.width === tileWidthMax ? 'public, max-age=31536000, immutable' : 'public, max-age=3600';
}

type Shown = { readonly state: 'signed'; readonly size: string; readonly at: string | undefined } | NotShown;
interface NotShown {
  readonly state: 'empty' | 'foreign';
}

/** What the log shows of itself, as far as its own key vouches for it. */
async function checkpointOf({ log, database }: LogPageOptions): Promise<Shown> {
  const note = await log.read(checkpointPath);
  if (note === undefined) return { state: 'empty' };
  try {
    const checkpoint = openCheckpoint(note, verifierOf(log.verifierKey));
    const at = await signedAt(database, checkpoint.note);
    return {
      state: 'signed',
      size: countInWords(checkpoint.size),
      at: at === undefined ? undefined : momentInWords(at),
    };
  } catch (error) {
    if (error instanceof Refusal && error.code.startsWith('log.')) return { state: 'foreign' };
    throw error;
  }
}
