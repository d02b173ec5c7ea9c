import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/http/server.ts';
import { allow, stock, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const engine = await testEngine();
await stock(engine, 4);
await allow(engine, ['ada']);
const server = await testHttp({ engine });
const port = Number(new URL(server.url).port);

describe('a start that cannot be', () => {
  test('says that the port is taken and what to do', async () => {
    await expect(startServer({ engine, port })).rejects.toMatchObject({
      code: 'server.port-taken',
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
      remedy: expect.stringContaining('--port'),
    });
  });

  test('says that the machine has no such address', async () => {
    await expect(startServer({ engine, port: 0, host: '192.0.2.1', plainHttp: true })).rejects.toMatchObject({
      code: 'server.address',
    });
  });

  test('does not speak to other machines without encryption unless that is what was asked for', async () => {
    await expect(startServer({ engine, port: 0, host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'server.plain-http',
    });
    const open = await startServer({ engine, port: 0, host: '0.0.0.0', plainHttp: true });
    await open.close();
  });

  test('does not take a secret that could be guessed', async () => {
    const personTokens = { audience: 'x', keys: [{ algorithm: 'HS256', secret: 'short' } as const] };
    await expect(startServer({ engine, port: 0, personTokens })).rejects.toMatchObject({ code: 'server.token-secret' });
  });
});

test('closing finishes what is under way, takes nothing new, and may be called twice', async () => {
  const closing = await testHttp({ engine });
  const body = JSON.stringify({
    userId: 'ada',
    event: 'Product Viewed',
    properties: { product_id: 'item-1' },
    messageId: 'while closing',
  });
  const call = request(`${closing.url}/v1/track`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${closing.serverKey}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  const answered = once(call, 'response');
  call.write(body.slice(0, 10));
  // Until the server has the first part, the request is not under way.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const closed = Promise.all([closing.close(), closing.close()]);
  call.end(body.slice(10));
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  expect(await text(response)).toBe('{"success":true}');
  await closed;
  await expect(fetch(`${closing.url}/healthz`)).rejects.toThrow();
  expect(await engine.database.query("select 1 from events where item_ids = array['item-1']")).toHaveLength(1);
});

/** Sends bytes as they are and returns every byte that comes back. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(5_000, () => socket.destroy());
  socket.end(bytes, 'latin1');
  return text(socket);
}

describe('a request that two readers could understand differently is refused, and nothing behind it is read', () => {
  const hidden = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
  const start = 'POST /v1/track HTTP/1.1\r\nhost: x\r\n';
  const shapes: [string, string][] = [
    ['two lengths', `${start}content-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`],
    ['a length and chunks', `${start}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['chunks and a length', `${start}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n${hidden}`],
    ['an unknown transfer encoding', `${start}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['chunked, but not last', `${start}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    [
      'two transfer encodings',
      `${start}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    ['space before the colon', `${start}content-length : 0\r\n\r\n${hidden}`],
    ['a folded header', `${start}x: a\r\n content-length: 0\r\n\r\n${hidden}`],
    ['a length with a sign', `${start}content-length: +0\r\n\r\n${hidden}`],
    ['a length in hex', `${start}content-length: 0x0\r\n\r\n${hidden}`],
    ['a length below nothing', `${start}content-length: -1\r\n\r\n${hidden}`],
    ['a NUL in a header', `${start}x: a\u0000b\r\n\r\n${hidden}`],
    ['a bare line feed in a header', `${start}x: a\rcontent-length: 0\r\n\r\n${hidden}`],
    ['a chunk size that is none', `${start}transfer-encoding: chunked\r\n\r\nzz\r\n\r\n${hidden}`],
    ['a chunk size with a sign', `${start}transfer-encoding: chunked\r\n\r\n-1\r\n\r\n${hidden}`],
    ['no host', `POST /v1/track HTTP/1.1\r\ncontent-length: 0\r\n\r\n`],
    ['two hosts', `POST /v1/track HTTP/1.1\r\nhost: x\r\nhost: y\r\ncontent-length: 0\r\n\r\n`],
    ['another protocol', `POST /v1/track HTTP/9.9\r\nhost: x\r\n\r\n`],
    ['no protocol at all', `\u0016\u0003\u0001\u0000\r\n\r\n`],
    ['headers of 100 KB', `${start}x: ${'a'.repeat(100_000)}\r\n\r\n`],
  ];
  test.each(shapes)('%s', async (_name, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('"status":"ok"');
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toHaveLength(1);
  });
});

test('a body of more than 32 MB is not even read to its end', async () => {
  const socket = connect(port, '127.0.0.1');
  const total = 200 * 1024 * 1024;
  socket.write(
    `POST /v1/track HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${server.serverKey}\r\ncontent-type: application/json\r\ncontent-length: ${total}\r\n\r\n`,
  );
  let written = 0;
  const chunk = Buffer.alloc(1024 * 1024, 0x20);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined); // the reset is what is expected
  socket.resume();
  while (written < total && !socket.destroyed) {
    written += chunk.length;
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
  }
  await closed;
  expect(written).toBeLessThan(100 * 1024 * 1024);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});
