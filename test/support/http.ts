/** The real server on an ephemeral loopback port, over a test engine: what every test in `test/http` speaks to. */
import { afterAll } from 'vitest';
import { createAccessKey } from '../../src/http/access-keys.ts';
import { type Client, client } from '../../src/http/client.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/http/server.ts';
import { type TestEngine, testEngine } from './engine.ts';

export interface TestServer extends RunningServer {
  readonly engine: TestEngine;
  readonly serverKey: string;
  readonly publicKey: string;
  /** The typed client with the server key, and with the public key. */
  readonly asServer: Client;
  readonly asPage: Client;
  /** Everything that was logged. */
  readonly logged: object[];
}

/** High enough that a test which is not about limits meets none. */
const amplePerSecond = { perSecond: 1e6, burst: 1e6 };

export async function testHttp(options: Partial<ServerOptions> & { engine?: TestEngine } = {}): Promise<TestServer> {
  const engine = options.engine ?? (await testEngine());
  const logged: object[] = [];
  const keep = (line: object): void => {
    logged.push(line);
  };
  const server = await startServer({
    port: 0,
    rates: { serverKey: amplePerSecond, publicKey: amplePerSecond, address: amplePerSecond, failures: amplePerSecond },
    log: { info: keep, warn: keep, error: keep },
    ...options,
    engine,
  });
  running.push(server);
  const { key: serverKey } = await createAccessKey(engine, { kind: 'server', label: 'test server' });
  const { key: publicKey } = await createAccessKey(engine, { kind: 'public', label: 'test page' });
  return {
    ...server,
    engine,
    serverKey,
    publicKey,
    asServer: client({ url: server.url, key: serverKey }),
    asPage: client({ url: server.url, key: publicKey }),
    logged,
  };
}

const running: RunningServer[] = [];
afterAll(async () => {
  for (const server of running.splice(0)) await server.close();
});
