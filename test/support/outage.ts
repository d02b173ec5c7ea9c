/** A way to PostgreSQL that can be cut, mended and slowed: a real outage for whoever is connected through it, and for nobody else. */
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { Transform } from 'node:stream';

export interface Passage {
  /** The same database through this passage. */
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** From now on, whatever passes takes so long on its way. */
  slow(ms: number): void;
  close(): Promise<void>;
}

export async function passageTo(databaseUrl: string): Promise<Passage> {
  const url = new URL(databaseUrl);
  const folder = url.searchParams.get('host');
  const port = url.port || '5432';
  const open = new Set<Socket>();
  let slowMs = 0;
  const way = (): Transform =>
    new Transform({
      transform: (chunk, _encoding, done) => {
        if (slowMs === 0) done(null, chunk);
        else setTimeout(() => done(null, chunk), slowMs).unref();
      },
    });
  const passage = createServer((socket) => {
    const onward = folder === null ? connect(Number(port), url.hostname) : connect(`${folder}/.s.PGSQL.${port}`);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(one);
      one.pipe(way()).pipe(other);
      one.on('error', () => other.destroy()); // either end may vanish; that is what this is for
      one.on('close', () => open.delete(one));
    }
  });
  const listen = async (at: number): Promise<number> => {
    passage.listen(at, '127.0.0.1');
    await once(passage, 'listening');
    const address = passage.address();
    return typeof address === 'object' && address !== null ? address.port : at;
  };
  const own = await listen(0);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String(own);
  const cut = async (): Promise<void> => {
    if (!passage.listening) return;
    const closed = once(passage, 'close');
    passage.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    url: url.href,
    cut,
    mend: async () => void (await listen(own)),
    slow: (ms) => void (slowMs = ms),
    close: cut,
  };
}
