import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryTree, memoryEntries, memoryFiles, memorySigner, readMemory } from '../../test/support/memory-log.ts';
import { signCheckpoint } from './checkpoint.ts';
import { commitmentOf } from './commitment.ts';
import { signerOf } from './note.ts';
import { proofOf, proofText } from './proof.ts';
import type { Opening } from './proof.ts';
import { readDirectory, readUrl } from './reader.ts';
import { inclusionRanges } from './tree.ts';
import { compareCheckpoints, verifyLog, verifyProof } from './verify.ts';

const { verifierKey } = memorySigner;
const size = 300;
const record = '{"decision":"018f","items":[{"item":"mug","score":12}]}';
const opening: Opening = { record, key: Buffer.alloc(32, 3) };
const place = 150;
const entries = memoryEntries(size).with(place, commitmentOf(opening.record, opening.key));
const tree = new MemoryTree(entries);
const files = memoryFiles(tree);
const noteOf = (count: number, of = tree) => signCheckpoint({ size: count, root: of.root(0, count) }, memorySigner);
const proofAt = (index: number, count: number, open?: Opening) => {
  const hashes = inclusionRanges(index, count).map(({ start, end }) => tree.root(start, end));
  const proof = { index, hashes, checkpoint: noteOf(count) };
  return proofText(open === undefined ? proof : { ...proof, opening: open });
};
const forked = new MemoryTree([...entries.slice(0, 200), ...memoryEntries(150, 'other ')]);

describe('a proof', () => {
  test('is text of the specified form, read back as it was written', () => {
    const text = proofAt(2, 5, { record: '{}', key: Buffer.alloc(32, 1) });
    const [first, extra, index, ...rest] = text.split('\n');
    expect([first, index]).toEqual(['c2sp.org/tlog-proof@v1', 'index 2']);
    expect(extra).toBe(
      `extra ${Buffer.concat([Buffer.of(1), Buffer.alloc(32, 1), Buffer.from('{}')]).toString('base64')}`,
    );
    expect(rest.indexOf('')).toBe(3);
    expect(rest.slice(4).join('\n')).toBe(noteOf(5));
    expect(proofText(proofOf(text))).toBe(text);
    expect(proofText(proofOf(Buffer.from(proofAt(0, 1))))).toBe(proofAt(0, 1));
  });

  test('with its record checks with the public key alone', async () => {
    const verdict = await verifyProof(proofAt(place, size, opening), { verifierKey });
    expect(verdict).toMatchObject({ ok: true, record, place: { origin: 'shop.example/log', index: place, size } });
    expect(verdict.checks.map(({ name }) => name)).toEqual(['proof', 'checkpoint', 'record', 'inclusion']);
  });

  test('without its record needs the entry or the log', async () => {
    const proof = proofAt(7, size);
    expect(await verifyProof(proof, { verifierKey })).toMatchObject({ ok: false });
    expect(await verifyProof(proof, { verifierKey, leaf: entries[7] ?? Buffer.alloc(0) })).toMatchObject({ ok: true });
    expect(await verifyProof(proof, { verifierKey, leaf: entries[8] ?? Buffer.alloc(0) })).toMatchObject({ ok: false });
    expect(await verifyProof(proof, { verifierKey, read: readMemory(files) })).toMatchObject({ ok: true });
  });

  test('under another key, or of another log, proves nothing', async () => {
    const stranger = signerOf({ name: memorySigner.name, seed: Buffer.alloc(32, 1) });
    const verdict = await verifyProof(proofAt(place, size, opening), { verifierKey: stranger.verifierKey });
    expect(verdict).toMatchObject({ ok: false });
    expect(verdict).not.toHaveProperty('place');
    expect(verdict).not.toHaveProperty('record');
  });

  test('is not believed when the log shows another history, or less of it, than the proof', async () => {
    const proof = proofAt(place, size, opening);
    for (const shown of [memoryFiles(forked), memoryFiles(new MemoryTree(entries.slice(0, 250)))]) {
      const verdict = await verifyProof(proof, { verifierKey, read: readMemory(shown) });
      expect(verdict.checks.find(({ name }) => name === 'log')).toMatchObject({ ok: false });
      expect(verdict).not.toHaveProperty('record');
    }
    const longer = memoryFiles(new MemoryTree([...entries, ...memoryEntries(5, 'later ')]));
    expect(await verifyProof(proof, { verifierKey, read: readMemory(longer) })).toMatchObject({ ok: true });
  });

  test('of any other form is refused', () => {
    const text = proofAt(2, 5);
    const forms = [
      '',
      'c2sp.org/tlog-proof@v1',
      text.replace('@v1', '@v2'),
      `\n${text}`,
      text.replace('index 2', 'index 02'),
      text.replace('index 2', 'index -2'),
      text.replace('index 2\n', ''),
      text.replace('index 2', 'Index 2'),
      text.replace('index', 'extra AA==\nindex'),
      text.replace('index', 'extra \nindex'),
      text.replace('index', 'extra !\nindex'),
      text.replaceAll('\n', '\r\n'),
      text.replace('index 2', 'index 2 '),
      text.replace('=\n', '\n'),
      text.replace('index 2\n', `index 2\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`),
      text.replace('index 2', 'index 9007199254740992'),
    ];
    for (const form of forms) expect(() => proofOf(form), form).toThrow(expect.objectContaining({ code: 'log.proof' }));
  });
});

describe('a log', () => {
  test('of any size up to 600 entries checks as a whole', async () => {
    const many = new MemoryTree(memoryEntries(600));
    for (const count of [0, 1, 2, 255, 256, 257, 511, 512, 513, 600]) {
      const shown = readMemory(memoryFiles(new MemoryTree(many.entries.slice(0, count))));
      expect(await verifyLog(shown, { verifierKey }), String(count)).toMatchObject({
        ok: true,
        checkpoint: { size: count },
      });
    }
  });

  test('is read alike from a directory, from an address, and with full tiles in the place of partial ones', async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-log-'));
    for (const [file, bytes] of files) {
      mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
      writeFileSync(path.join(directory, file), bytes);
    }
    const server = createServer((request, response) => {
      const bytes = files.get((request.url ?? '').replace('/log/', ''));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`; // A server that listens on a port has no other address.
    const longer = memoryFiles(new MemoryTree([...entries, ...memoryEntries(400, 'later ')]));
    const widened = new Map([...longer, ['checkpoint', files.get('checkpoint') ?? Buffer.alloc(0)]]);
    widened.set('tile/1/000.p/1', files.get('tile/1/000.p/1') ?? Buffer.alloc(0));
    try {
      const expected = await verifyLog(readMemory(files), { verifierKey });
      expect(expected.ok).toBe(true);
      for (const read of [readDirectory(directory), readUrl(address), readUrl(`${address}/`), readMemory(widened)])
        expect(await verifyLog(read, { verifierKey })).toEqual(expected);
    } finally {
      server.close();
      rmSync(directory, { recursive: true });
    }
  });

  test('that cannot be reached, or answers with a flood, has not been checked: that is no finding', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/flood/checkpoint')
        for (let part = 0; part < 40; part++) response.write(Buffer.alloc(50_000));
      if (request.url === '/moved/checkpoint') response.writeHead(302, { location: '/elsewhere' });
      if (request.url === '/broken/checkpoint') response.writeHead(500);
      if (request.url !== '/silent/checkpoint') response.end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // As above.
    try {
      for (const shop of ['flood', 'moved', 'broken', 'silent'])
        await expect(
          verifyLog(readUrl(`${address}/${shop}`, { timeoutMs: 300 }), { verifierKey }),
          shop,
        ).rejects.toMatchObject({ code: 'log.unreadable' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
    await expect(verifyLog(readUrl(address, { timeoutMs: 300 }), { verifierKey })).rejects.toMatchObject({
      code: 'log.unreadable',
    });
  });

  test('may not take back what it has shown', async () => {
    const known = [noteOf(0), noteOf(1), noteOf(255), noteOf(size)];
    expect(await verifyLog(readMemory(files), { verifierKey, known })).toMatchObject({ ok: true });
    for (const seen of [noteOf(size + 1, forked), noteOf(250, forked), noteOf(size, forked)]) {
      const verdict = await verifyLog(readMemory(files), { verifierKey, known: [...known, seen] });
      expect(verdict.checks.at(-1)).toMatchObject({ name: 'known checkpoints', ok: false, rows: 5 });
    }
  });
});

describe('two checkpoints', () => {
  const read = readMemory(files);

  test('of one history are consistent, in either order', async () => {
    for (const [one, other] of [
      [0, 1],
      [1, 300],
      [255, 256],
      [256, 257],
      [100, 299],
    ] as const)
      for (const notes of [
        [noteOf(one), noteOf(other)],
        [noteOf(other), noteOf(one)],
      ] as const)
        expect(await compareCheckpoints(notes, { verifierKey, read })).toMatchObject({
          ok: true,
          relation: 'consistent',
        });
    expect(await compareCheckpoints([noteOf(9), noteOf(9)], { verifierKey })).toMatchObject({
      ok: true,
      relation: 'same',
    });
  });

  test('of two histories show the fork, with both notes as evidence', async () => {
    const fork = await compareCheckpoints([noteOf(250, forked), noteOf(300)], { verifierKey, read });
    expect(fork).toMatchObject({
      ok: false,
      relation: 'fork',
      fork: {
        size: 250,
        roots: [forked.root(0, 250).toString('base64'), tree.root(0, 250).toString('base64')],
        notes: [noteOf(250, forked), noteOf(300)],
      },
    });
    expect(await compareCheckpoints([noteOf(300), noteOf(300, forked)], { verifierKey })).toMatchObject({
      relation: 'fork',
    });
    expect(await compareCheckpoints([noteOf(250), noteOf(299, forked)], { verifierKey, read })).toMatchObject({
      relation: 'fork',
      fork: { size: 299 },
    });
    // Their common beginning is no fork.
    expect(await compareCheckpoints([noteOf(200, forked), noteOf(300)], { verifierKey, read })).toMatchObject({
      relation: 'consistent',
    });
  });

  test('are not judged from files that lead to neither, or without any', async () => {
    const others = readMemory(memoryFiles(new MemoryTree(memoryEntries(350, 'third '))));
    const bare: ReturnType<typeof readMemory> = (file) =>
      file === 'checkpoint' ? Promise.resolve(undefined) : others(file);
    for (const options of [{ verifierKey, read: bare }, { verifierKey }])
      expect(await compareCheckpoints([noteOf(250), noteOf(300)], options)).toMatchObject({
        ok: false,
        relation: 'unproven',
      });
    expect(await compareCheckpoints(['nonsense', noteOf(300)], { verifierKey, read })).toMatchObject({
      relation: 'unproven',
    });
  });
});

/** A change of some bytes; `others` are whole files that could stand in their place. */
type Mutation = (bytes: Buffer, others: readonly Buffer[]) => Buffer;

const kinds = {
  flip: (bytes: Buffer, at: number, _to: number, value: number) =>
    Buffer.from(bytes).fill((bytes[at] ?? 0) ^ (1 << (value % 8)), at, at + 1),
  delete: (bytes: Buffer, at: number, _to: number, value: number) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 40))]),
  insert: (bytes: Buffer, at: number, _to: number, value: number) =>
    Buffer.concat([bytes.subarray(0, at), Buffer.of(value), bytes.subarray(at)]),
  swap: (bytes: Buffer, at: number, to: number, value: number) => {
    const [low, high] = [Math.min(at, to), Math.max(at, to)];
    const width = Math.min(1 + (value % 34), high - low, bytes.length - high);
    const swapped = Buffer.from(bytes);
    bytes.copy(swapped, low, high, high + width);
    bytes.copy(swapped, high, low, low + width);
    return swapped;
  },
  truncate: (bytes: Buffer, at: number) => bytes.subarray(0, at),
  repeat: (bytes: Buffer, at: number, to: number) =>
    Buffer.concat([bytes.subarray(0, Math.max(at, to)), bytes.subarray(Math.min(at, to))]),
  append: (bytes: Buffer, at: number) => Buffer.concat([bytes, bytes.subarray(at)]),
};

const mutations: fc.Arbitrary<Mutation> = fc
  .tuple(fc.constantFrom(...Object.values(kinds), undefined), fc.nat(), fc.nat(), fc.nat({ max: 255 }))
  .map(([kind, first, second, value]) => (bytes, others) => {
    const within = Math.max(1, bytes.length);
    return kind?.(bytes, first % within, second % within, value) ?? others[first % others.length] ?? Buffer.alloc(0);
  });

const isOther = (mutated: Buffer, original: Buffer) => !mutated.equals(original);

describe('10,000 mutations are refused, every one', () => {
  let refused = 0;

  test('of proofs (4,000)', async () => {
    const places = fc.constantFrom(0, 1, place, 255, 256, 299);
    const elsewhere = fc.constantFrom(2, 151, 298);
    await fc.assert(
      fc.asyncProperty(places, elsewhere, mutations, async (index, other, mutate) => {
        const open = index === place ? opening : undefined;
        const original = Buffer.from(proofAt(index, size, open));
        const mutated = mutate(original, [Buffer.from(proofAt(other, size))]);
        fc.pre(isOther(mutated, original));
        const leaf = open === undefined ? { leaf: entries[index] ?? Buffer.alloc(0) } : {};
        expect(await verifyProof(mutated, { verifierKey, ...leaf })).toMatchObject({ ok: false });
        refused += 1;
      }),
      { seed: 4400, numRuns: 4_000 },
    );
  }, 30_000);

  test('of checkpoints (3,000): changed, rolled back, forked, signed by others, or signed again with a stale size or root', async () => {
    const others = [
      noteOf(size - 1),
      noteOf(0),
      noteOf(size, forked),
      noteOf(350, forked),
      signCheckpoint({ size: size - 1, root: tree.root() }, memorySigner),
      signCheckpoint({ size: size + 1, root: tree.root() }, memorySigner),
      signCheckpoint({ size, root: tree.root(0, size - 1) }, memorySigner),
      signCheckpoint({ size, root: tree.root() }, signerOf({ name: memorySigner.name, seed: Buffer.alloc(32, 1) })),
      signCheckpoint({ size, root: tree.root() }, signerOf({ name: 'other.example', seed: Buffer.alloc(32, 7) })),
    ].map((note) => Buffer.from(note));
    const original = files.get('checkpoint') ?? Buffer.alloc(0);
    // The witness remembers; the check itself is that of checkpoints alone, so that 3,000 take a second.
    const known = original.toString();
    await fc.assert(
      fc.asyncProperty(mutations, async (mutate) => {
        const mutated = mutate(original, others);
        fc.pre(isOther(mutated, original));
        const shown = readMemory(new Map([...files, ['checkpoint', mutated]]));
        const compared = await compareCheckpoints([known, mutated], { verifierKey, read: shown });
        const isRolledBack = compared.ok && (await shownSize(mutated)) < size;
        expect(compared.ok && !isRolledBack).toBe(false);
        refused += 1;
      }),
      { seed: 4400, numRuns: 3_000 },
    );
    for (const other of others)
      expect(
        await verifyLog(readMemory(new Map([...files, ['checkpoint', other]])), { verifierKey, known: [known] }),
      ).toMatchObject({ ok: false });
  }, 30_000);

  test('of tiles and bundles (3,000)', async () => {
    const paths = [...files.keys()].filter((file) => file !== 'checkpoint');
    const all = [...memoryFiles(forked).values(), ...files.values()];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), mutations, fc.boolean(), async (file, mutate, lost) => {
        const original = files.get(file) ?? Buffer.alloc(0);
        const mutated = mutate(original, all);
        fc.pre(isOther(mutated, original));
        const shown = new Map([...files, [file, mutated]]);
        if (lost && mutated.length === 0) shown.delete(file);
        expect(await verifyLog(readMemory(shown), { verifierKey })).toMatchObject({ ok: false });
        refused += 1;
      }),
      { seed: 4400, numRuns: 3_000 },
    );
    expect(refused).toBe(10_000);
  }, 60_000);
});

async function shownSize(note: Buffer): Promise<number> {
  const { checkpoint } = await verifyLog(readMemory(new Map([['checkpoint', note]])), { verifierKey });
  return checkpoint?.size ?? Number.NaN;
}
