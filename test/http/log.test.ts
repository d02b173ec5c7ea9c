import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { whyToken } from '../../src/deciding/why-token.ts';
import { ProblemError } from '../../src/http/client.ts';
import { learn } from '../../src/models/learn.ts';
import { appendRecords } from '../../src/transparency/append.ts';
import { readDatabase } from '../../src/transparency/database-reader.ts';
import { signerOf } from '../../src/transparency/note.ts';
import { readDirectory, readUrl } from '../../src/transparency/reader.ts';
import { sequenceOnce } from '../../src/transparency/sequencer.ts';
import { verifyLog, verifyProof } from '../../src/transparency/verify.ts';
import { allow, crowd, send, stock, testEngine, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';
import { runCli } from '../support/run-cli.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-log-'));
const besides = `${directory}.txt`;
writeFileSync(besides, 'a file beside the log');
afterAll(() => {
  rmSync(directory, { recursive: true });
  rmSync(besides);
});

const keys = { origin: 'shop.example/log', seed: Buffer.alloc(32, 3) };
const { verifierKey } = signerOf({ name: keys.origin, seed: keys.seed });
const engine = await testEngine();
await stock(engine, 24);
await crowd(engine, 60, 24);
const [ada = ''] = await allow(engine, ['ada']);
await send(engine, [viewed('ada', 'item-2'), viewed('ada', 'item-4')]);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');
// More than one full tile.
await engine.database.transaction((tx) =>
  appendRecords(
    tx,
    Array.from({ length: 300 }, (_, at) => ({ record: `{"number":${at}}` })),
  ),
);

const server = await testHttp({ engine, publicLog: { read: readDirectory(directory), verifierKey } });
const { asServer, asPage } = server;

async function sequence(): Promise<void> {
  for (;;) if ((await sequenceOnce(engine.database, { keys, directory }))?.more !== true) return;
}

async function decideFor(userId: string): Promise<string> {
  const { headers } = await asServer.decide({ body: { person: { userId }, placement: 'home' } });
  return headers.get('fairlead-decision') ?? '';
}

/** Sends a path exactly as it is written, which `fetch` would tidy. */
function statusOf(rawPath: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}/`, { path: rawPath }, (answer) => {
      let body = '';
      answer.on('data', (part: Buffer) => (body += part.toString('utf8')));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('before anything is signed, the page says so, and a proof is to be asked for again', async () => {
  expect(await (await fetch(`${server.url}/log`)).text()).toContain('Nothing has been signed yet.');
  const id = await decideFor('ada');
  const refused = await asServer.readProof({ params: { id } }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ProblemError);
  expect(refused).toMatchObject({ status: 409, code: 'log.pending', retryAfterSeconds: 1 });
  await sequence();
  expect((await asServer.readProof({ params: { id } })).body).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
});

describe('a log that is served', () => {
  test('is verified whole over HTTP, from its directory and from the database, with the public key alone', async () => {
    await sequence();
    const fromDatabase = await testHttp({ engine, publicLog: { read: readDatabase(engine.database), verifierKey } });
    for (const { url } of [server, fromDatabase]) {
      const verdict = await verifyLog(readUrl(`${url}/log`), { verifierKey });
      expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(verdict.checkpoint?.size).toBeGreaterThan(300);
    }
  });

  test('may be kept for ever where it is whole, briefly where it grows, and read by auditors of any origin', async () => {
    const cacheOf = async (file: string): Promise<string | null> => {
      const answer = await fetch(`${server.url}/log/${file}`);
      expect(answer.status, file).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      return answer.headers.get('cache-control');
    };
    expect(await cacheOf('checkpoint')).toBe('public, max-age=2');
    expect(await cacheOf('tile/0/000')).toBe('public, max-age=31536000, immutable');
    expect(await cacheOf('tile/entries/000')).toBe('public, max-age=31536000, immutable');
    const size = Number((await readDirectory(directory)('checkpoint'))?.toString().split('\n')[1]);
    expect(await cacheOf(`tile/0/001.p/${size - 256}`)).toBe('public, max-age=3600');
  });

  test.each([
    '/log/',
    '/log//checkpoint',
    '/log/checkpoint/',
    '/log/checkpoint?x=1',
    '/log/checkpoint?',
    '/log/%63heckpoint',
    '/log/tile%2F0%2F000',
    '/log/tile/0/000%00',
    '/log/tile/00/000',
    '/log/tile/0/x000/000',
    '/log/tile/0/000.p/256',
    '/log/tile/0/../0/000',
    '/log/tile/64/000',
    '/log/tile/-1/000',
    '/log/tile/0/999',
    `/log/../${path.basename(besides)}`,
    `/log/..%2f${path.basename(besides)}`,
    `/log/%2e%2e/${path.basename(besides)}`,
    `/log/tile/..\\..\\${path.basename(besides)}`,
    `/log/${'../'.repeat(12)}etc/passwd`,
    '/log/....//....//etc/passwd',
    '/log//etc/passwd',
    `/log/tile/entries/${'x001/'.repeat(3_000)}001`,
  ])('has nothing at %s', async (rawPath) => {
    const { status, body } = await statusOf(rawPath);
    expect(status).toBe(404);
    expect(body).not.toContain('a file beside the log');
    expect(body).toContain('"code":"route.unknown"');
  });

  test('is explained on a page: name, size, key and time, and how to check', async () => {
    const answer = await fetch(`${server.url}/log`);
    const html = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const said of ['shop.example/log', verifierKey.replaceAll('+', '&#43;'), 'UTC', `${server.url}/log`])
      expect(html.replaceAll('+', '&#43;'), said).toContain(said);
    expect(html).not.toContain('not vouched for');
  });

  test('that another key has signed is said to be so', async () => {
    const foreign = signerOf({ name: keys.origin, seed: Buffer.alloc(32, 4) }).verifierKey;
    const other = await testHttp({ engine, publicLog: { read: readDirectory(directory), verifierKey: foreign } });
    expect(await (await fetch(`${other.url}/log`)).text()).toContain('not vouched for');
  });
});

test('a server without a log has no such page', async () => {
  const without = await testHttp({ engine });
  expect((await fetch(`${without.url}/log`)).status).toBe(404);
  expect((await fetch(`${without.url}/log/checkpoint`)).status).toBe(404);
});

describe('the proof of a decision', () => {
  test('opens to its record, holds offline and against the served log, and falls with one changed bit', async () => {
    const id = await decideFor('ada');
    await sequence();
    const { body: proof, headers } = await asServer.readProof({ params: { id } });
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="decision-${id}.tlog-proof"`);
    const offline = await verifyProof(proof, { verifierKey });
    expect(offline.ok).toBe(true);
    expect(JSON.parse(offline.record ?? '{}')).toMatchObject({ record: 'decision', decision: id, person: ada });
    expect((await verifyProof(proof, { verifierKey, read: readUrl(`${server.url}/log`) })).ok).toBe(true);
    const forged = proof.replace(/index \d+/, 'index 0');
    expect((await verifyProof(forged, { verifierKey })).ok).toBe(false);
  });

  test('is for server keys, and for decisions that have an entry', async () => {
    const id = await decideFor('ada');
    const general = await decideFor('stranger');
    const unknown = '01980000-0000-7000-8000-000000000003';
    await expect(asPage.readProof({ params: { id } })).rejects.toMatchObject({ code: 'key.forbidden' });
    for (const none of [general, unknown])
      await expect(asServer.readProof({ params: { id: none } })).rejects.toMatchObject({ code: 'decision.unknown' });
  });

  test('no longer opens once something was taken out of the record, and still proves the entry', async () => {
    const id = await decideFor('ada');
    await sequence();
    await asServer.excludeFromPerson({ params: { person: ada }, body: { item: 'item-2' } });
    const { body: proof } = await asServer.readProof({ params: { id } });
    expect(proof).not.toContain('\nextra ');
    const verdict = await verifyProof(proof, { verifierKey, read: readUrl(`${server.url}/log`) });
    expect(verdict.ok).toBe(true);
    expect(verdict.record).toBeUndefined();
    await asServer.forgetPerson({ params: { person: ada }, body: { kind: 'erase' } });
    await expect(asServer.readProof({ params: { id } })).rejects.toMatchObject({ code: 'decision.unknown' });
    expect((await fetch(`${server.url}/why/${whyToken(engine, id)}`)).status).toBe(404);
  });
});

describe('fairlead verify, run by somebody who has no database', () => {
  const place = mkdtempSync(path.join(os.tmpdir(), 'fairlead-outside-'));
  const file = path.join(place, 'decision.tlog-proof');
  afterAll(() => rmSync(place, { recursive: true }));

  async function verify(...words: string[]): ReturnType<typeof runCli> {
    const run = await runCli(['verify', ...words], { cwd: place });
    expect(readdirSync(place).filter((name) => name !== path.basename(file))).toEqual([]);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    return run;
  }

  test('checks a proof from its file and the key alone, and against the log by address and by directory', async () => {
    await allow(engine, ['ben']);
    await send(engine, [viewed('ben', 'item-2'), viewed('ben', 'item-4')]);
    const id = await decideFor('ben');
    await sequence();
    writeFileSync(file, (await asServer.readProof({ params: { id } })).body);
    for (const log of [[], ['--log', `${server.url}/log`], ['--log', directory]]) {
      const run = await verify('--proof', file, '--key', verifierKey, '--json', ...log);
      expect(run, run.stderr).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(run.stdout)).toMatchObject({
        ok: true,
        place: { origin: keys.origin },
        record: { record: 'decision', decision: id },
      });
    }
    const told = await verify('--proof', file, '--key', verifierKey);
    expect(told.stdout).toContain('The proof holds: entry');
    expect(told.stdout).toContain(id);
  });

  test('names a record that was changed, another key and another history, with exit code 1', async () => {
    const proof = readFileSync(file, 'utf8');
    const extra = /^extra (.*)$/m.exec(proof)?.[1] ?? '';
    const bytes = Buffer.from(extra, 'base64');
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    writeFileSync(file, proof.replace(extra, bytes.toString('base64')));
    const changed = await verify('--proof', file, '--key', verifierKey, '--json');
    expect(changed.status).toBe(1);
    expect(JSON.parse(changed.stdout)).toMatchObject({ ok: false, holds: null });
    expect(changed.stdout).not.toContain('"record": {');
    writeFileSync(file, proof);
    const foreign = signerOf({ name: keys.origin, seed: Buffer.alloc(32, 4) }).verifierKey;
    expect((await verify('--proof', file, '--key', foreign)).status).toBe(1);
    expect((await verify('--log', `${server.url}/log`, '--key', foreign)).stdout).toContain('FOUND');
    expect((await verify('--log', place, '--key', verifierKey)).status).toBe(1);
  });

  test('goes through a whole log by address and by directory', async () => {
    const logs = [`${server.url}/log`, `${server.url}/log/`, directory];
    for (const run of await Promise.all(logs.map((log) => verify('--log', log, '--key', verifierKey, '--json')))) {
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, checkpoint: { origin: keys.origin } });
    }
  });

  test('says with exit code 2 what it lacks', async () => {
    const asked = [
      ['--proof', file],
      ['--key', verifierKey],
      ['--proof', file, '--key', 'not a key'],
      ['--proof', path.join(place, 'none'), '--key', verifierKey],
      ['--log', 'http://127.0.0.1:1/log', '--key', verifierKey],
    ];
    for (const run of await Promise.all(asked.map((words) => verify(...words))))
      expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(existsSync(path.join(place, '.fairlead'))).toBe(false);
  });
});
