import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trial } from '../../src/cli/try-file.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type CliRun, runCli, startCli } from '../support/run-cli.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-cli-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let places = 0;
function emptyPlace(): string {
  const place = path.join(directory, `place-${(places += 1)}`);
  mkdirSync(place);
  return place;
}

/** No stack, and nothing of ours that a person cannot use. */
function expectSentences(run: CliRun): void {
  expect(run.stderr).not.toMatch(/\n\s+at |node:internal|\.ts:\d+:\d+\)/);
  expect(run.stderr.trim()).not.toBe('');
}

describe('the command line', () => {
  test('says what there is, and which version it is', async () => {
    const help = await runCli(['--help'], { cwd: directory });
    expect(help.status).toBe(0);
    const names = 'init check serve import learn decide why forget evaluate verify batch stop bench doctor'.split(' ');
    const helps = await Promise.all(names.map((name) => runCli([name, '--help'], { cwd: directory })));
    for (const [index, own] of helps.entries()) {
      expect(help.stdout).toContain(`\n  ${names[index]} `);
      expect(own).toMatchObject({ status: 0, stderr: '' });
      expect(own.stdout).toMatch(/Examples?:\n {2}fairlead /);
    }
    expect(await runCli(['--version'], { cwd: directory })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test('answers what it does not know with exit code 2 and where to look', async () => {
    const asked = [['nothing'], ['check', '--nothing'], ['why'], ['serve', '--port', '99999'], []];
    for (const run of await Promise.all(asked.map((words) => runCli(words, { cwd: directory })))) {
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toMatch(/fairlead|Usage/);
    }
  });
});

describe('a policy file', () => {
  test('that init writes passes check, wherever it lies and whatever package it lies in', async () => {
    const alone = emptyPlace();
    expect(await runCli(['init'], { cwd: alone })).toMatchObject({ status: 0, stderr: '' });
    expect(await runCli(['check'], { cwd: alone })).toMatchObject({ status: 0, stderr: '' });
    const inPackage = emptyPlace();
    writeFileSync(path.join(inPackage, 'package.json'), '{ "name": "a-shop", "type": "commonjs" }\n');
    await runCli(['init'], { cwd: inPackage });
    expect(readFileSync(path.join(inPackage, 'fairlead.policy.ts'), 'utf8')).toContain("name: 'a-shop'");
    const checked = await runCli(['check', '--json'], { cwd: inPackage });
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, findings: [] });
  });

  test('is not written over unless that is said', async () => {
    const cwd = emptyPlace();
    await runCli(['init'], { cwd });
    const again = await runCli(['init'], { cwd });
    expect(again.status).toBe(2);
    expectSentences(again);
    expect((await runCli(['init', '--force', '--contact', 'not an address'], { cwd })).stderr).toContain('controller');
  });

  test('with an error is refused with its line, by check with 1 and by everything that would run it with 2', async () => {
    const cwd = emptyPlace();
    await runCli(['init'], { cwd });
    const file = path.join(cwd, 'fairlead.policy.ts');
    const text = readFileSync(file, 'utf8').replace("keepFor: '13 months'", "keepFor: 'for ever'");
    const line = text.slice(0, text.indexOf("'for ever'")).split('\n').length;
    writeFileSync(file, text);
    const checked = await runCli(['check'], { cwd });
    expect(checked.status).toBe(1);
    expect(checked.stdout).toContain(`fairlead.policy.ts:${line}:`);
    for (const command of [['serve'], ['learn'], ['verify']]) {
      const run = await runCli(command, { cwd });
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toContain(`fairlead.policy.ts:${line}:`);
      expectSentences(run);
    }
  });

  test('that cannot be run is refused with its line and without a stack trace', async () => {
    const cwd = emptyPlace();
    const file = path.join(cwd, 'fairlead.policy.ts');
    for (const [text, said] of [
      [
        "import { policy } from 'fairlead/policy';\n\nenum Colour { Red }\nexport default policy({});\n",
        /fairlead\.policy\.ts:3 cannot be run: .*enum/i,
      ],
      ['export default {{{\n', /fairlead\.policy\.ts:1 cannot be run/],
      ["throw new Error('no');\n", /fairlead\.policy\.ts:1 cannot be run: no/],
      ["import 'fairlead/nothing';\n", /cannot be run/],
    ] as const) {
      writeFileSync(file, text);
      const run = await runCli(['check'], { cwd });
      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(said);
      expectSentences(run);
    }
    writeFileSync(file, 'export const other = 1;\n');
    expect((await runCli(['check'], { cwd })).status).toBe(1);
    rmSync(file);
    expect((await runCli(['check'], { cwd })).stderr).toContain('fairlead init');
  });

  test('that changed is compared with the one before it', async () => {
    const cwd = emptyPlace();
    await runCli(['init'], { cwd });
    const file = path.join(cwd, 'fairlead.policy.ts');
    const old = readFileSync(file, 'utf8');
    writeFileSync(path.join(cwd, 'old.policy.ts'), old);
    expect(await runCli(['check', '--against', 'old.policy.ts'], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('says the same'),
    });
    writeFileSync(file, old.replace("keepFor: '13 months'", "keepFor: '14 months'"));
    const longer = await runCli(['check', '--against', 'old.policy.ts', '--json'], { cwd });
    expect(longer.status).toBe(1);
    expect(JSON.parse(longer.stdout)).toMatchObject({
      ok: false,
      changes: [{ kind: 'retention.longer', purpose: 'suggestions', isAnnounced: false }],
    });
  });
});

describe('from a file to a decision that is taken back', () => {
  let database: TestDatabase;
  let cwd: string;
  const drafts = emptyPlace();
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  const cli = async (...words: string[]) =>
    runCli([...words, '--unsafe-dev'], { cwd, env: { DATABASE_URL: database.url } });
  const cliWithoutDatabase = async (...words: string[]) => runCli(words, { cwd: drafts });
  const json = async (...words: string[]) => {
    const run = await cli(...words, '--json');
    expect(run.status, run.stderr).toBe(0);
    return JSON.parse(run.stdout) as Record<string, unknown>;
  };

  beforeAll(async () => {
    database = await testDatabase();
    cwd = emptyPlace();
    await runCli(['init'], { cwd });
    const rows = Array.from({ length: 60 }, (_, person) =>
      [0, 1, 2, 3].map(
        (step) =>
          `person-${person},item ${(person % 2) + 2 * ((person + step) % 6)},${at(step + 1)},${(person % 9) + 1}.50`,
      ),
    );
    writeFileSync(
      path.join(cwd, 'orders.csv'),
      ['customer,item,time,price', ...rows.flat(), `,item 1,${at(1)},1`, `person-1,item 1,never,1`].join('\n'),
    );
  });

  test('nothing can be decided before there is a model, and doctor says what to do', async () => {
    const run = await cli('doctor', '--json');
    expect(run.status).toBe(1);
    const checks = (JSON.parse(run.stdout) as { checks: { name: string; ok: boolean; remedy: string | null }[] })
      .checks;
    expect(checks.filter((check) => !check.ok).map((check) => check.name)).toEqual([
      'database',
      'catalogue',
      'model alsoLiked',
      'intake',
    ]);
    for (const check of checks) if (!check.ok) expect(check.remedy).not.toBeNull();
  });

  test('init drafts a policy from the same file, says why, and tries what could be learned', async () => {
    const run = await cliWithoutDatabase('init', '--from', path.join(cwd, 'orders.csv'), '--json');
    expect(run.status, run.stderr).toBe(0);
    const { columns, trial } = JSON.parse(run.stdout) as {
      columns: { name: string; looksLike: string }[];
      trial: Trial;
    };
    expect(columns.map(({ looksLike }) => looksLike)).toEqual(['person', 'item', 'time', 'price']);
    expect(trial).toMatchObject({ people: 60, items: 12, forgotten: { isEqual: true } });
    expect(trial.quality.map(({ name }) => name)).toEqual(['popular', 'local-ridge']);
    expect(trial.customers).toHaveLength(3);
    expect(run.stdout).not.toContain('person-');
    const told = await cliWithoutDatabase('init', '--force', '--from', path.join(cwd, 'orders.csv'));
    expect(told.stdout).toContain('byte for byte');
    expect(told.stdout).toContain('--person customer --item item --time time');
  });

  test('an import without a basis keeps everybody out and says so', async () => {
    const run = await cli(
      'import',
      'orders.csv',
      '--person',
      'customer',
      '--item',
      'item',
      '--time',
      'time',
      '--event-name',
      'Order Completed',
    );
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('--evidence');
    const doctor = await cli('doctor');
    expect(doctor.stdout).toContain('240 of 240 events dropped: no standing purpose');
  });

  test('an import states its basis, counts every row, and says the same in JSON', async () => {
    const words = [
      'import',
      'orders.csv',
      '--person',
      'customer',
      '--item',
      'item',
      '--time',
      'time',
      '--event-name',
      'Order Completed',
      '--items-from-rows',
      '--price',
      'price',
      '--currency',
      'EUR',
    ];
    const noEvidence = await cli(...words, '--consent', 'suggestions');
    expect(noEvidence.status).toBe(2);
    expectSentences(noEvidence);
    expect(await json(...words, '--consent', 'suggestions', '--evidence', 'test form')).toEqual({
      read: 242,
      stored: 240,
      anonymous: 1,
      withoutBasis: 0,
      rejected: 1,
      duplicates: 0,
    });
    expect(await json(...words, '--consent', 'suggestions', '--evidence', 'test form')).toEqual({
      read: 242,
      stored: 0,
      anonymous: 1,
      withoutBasis: 0,
      rejected: 1,
      duplicates: 240,
    });
    expect(readFileSync(path.join(cwd, 'orders.csv.rejects'), 'utf8')).toBe(
      '{"line":243,"reason":"its time cannot be read (--time-format)"}\n',
    );
  });

  test('a decision is made, explained, replayed, and taken back with a receipt', async () => {
    expect(await json('learn')).toMatchObject({ versions: [{ model: 'alsoLiked', people: 60, items: 12 }] });
    const before = await json('decide', '--user', 'person-3', '--placement', 'home');
    expect(Object.keys(before)).toEqual(['decision', 'placement', 'personal', 'basis', 'model', 'items', 'why']);
    expect(before).toMatchObject({ personal: true, basis: [{ purpose: 'suggestions', notice: 1 }] });
    const id = String(before['decision']);
    const items = before['items'] as { score: number; terms: { of: string; points: number }[] }[];
    for (const item of items) expect(item.terms.reduce((sum, term) => sum + term.points, 0)).toBe(item.score);
    expect(await json('why', id)).toMatchObject({ decision: id, personal: true });
    expect(await json('why', id, '--replay')).toEqual({ result: 'same', differences: [] });

    const receipt = await json('forget', '--user', 'person-3', '--withdraw', 'suggestions');
    expect(Object.keys(receipt)).toEqual(
      expect.arrayContaining(['receipt', 'kind', 'at', 'sumDigestBefore', 'sumDigestAfter', 'modelVersion', 'log']),
    );
    expect(receipt).toMatchObject({ kind: 'withdraw', modelVersion: null });
    expect(receipt['sumDigestAfter']).not.toBe(receipt['sumDigestBefore']);
    expect(await json('decide', '--user', 'person-3', '--placement', 'home')).toMatchObject({
      personal: false,
      basis: [],
      model: null,
    });
    expect(await json('why', id, '--replay')).toEqual({ result: 'redacted', differences: [] });
    expect(await json('learn')).toMatchObject({ versions: [{ people: 59 }] });
    const verified = await json('verify');
    expect(verified).toMatchObject({ ok: true });
    for (const check of verified['checks'] as object[])
      expect(Object.keys(check)).toEqual(['name', 'ok', 'rows', 'finding']);
  });

  test('one row that was changed by other means is a finding', async () => {
    await database.query(
      "update events set item_ids = item_ids || 'one more'::text where ctid = (select min(ctid) from events)",
    );
    const run = await cli('verify');
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('FOUND');
  });

  test('what cannot be done is said in a sentence with exit code 2', async () => {
    const unknown = '00000000-0000-7000-8000-000000000000';
    const asked = [
      ['decide', '--placement', 'home'],
      ['decide', '--user', 'x', '--placement', 'nowhere'],
      ['forget', '--user', 'nobody', '--erase'],
      ['forget', '--user', 'person-1'],
      ['forget', '--user', 'person-1', '--withdraw', 'nothing'],
      ['forget', '--user', 'person-1', '--erase', '--exclude', 'x'],
      ['why', unknown],
      ['learn', 'nothing'],
      ['import', 'nothing.csv', '--person', 'a', '--time', 'b', '--event-name', 'Order Completed'],
      ['import', 'orders.csv'],
      ['import', 'orders.csv', '--items'],
      ['import', 'orders.csv', '--consents'],
      ['import', 'orders.csv', '--person', 'customer', '--item', 'item', '--time', 'time', '--event-name', 'Nothing'],
      [
        'import',
        'orders.csv',
        '--person',
        'nobody',
        '--item',
        'item',
        '--time',
        'time',
        '--event-name',
        'Order Completed',
      ],
      [
        'import',
        'orders.csv',
        '--person',
        'customer',
        '--item',
        'item',
        '--time',
        'time',
        '--event-name',
        'Order Completed',
        '--rejects',
        '/dev/full',
      ],
    ];
    const runs = await Promise.all(asked.map((words) => cli(...words)));
    for (const [index, run] of runs.entries()) {
      expect(run, asked[index]?.join(' ')).toMatchObject({ status: 2, stdout: '' });
      expectSentences(run);
    }
    const asJson = await cli('why', unknown, '--json');
    expect(JSON.parse(asJson.stderr)).toMatchObject({ code: 'decision.unknown', message: expect.any(String) });
  });

  test('other keys, missing keys and a database that is not there are refused', async () => {
    const otherKeys = await runCli(['learn', '--unsafe-dev', '--data', path.join(emptyPlace(), 'other')], {
      cwd,
      env: { DATABASE_URL: database.url },
    });
    expect(otherKeys).toMatchObject({ status: 2, stdout: '' });
    expect(otherKeys.stderr).toContain('key file');
    const elsewhere = await runCli(['learn', '--unsafe-dev'], {
      cwd,
      env: { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' },
    });
    expect(elsewhere).toMatchObject({ status: 2 });
    expect(elsewhere.stderr).toContain('DATABASE_URL');
    const fresh = await testDatabase();
    const firstStart = emptyPlace();
    await runCli(['init'], { cwd: firstStart });
    expect(
      await runCli(['learn', '--unsafe-dev'], { cwd: firstStart, env: { DATABASE_URL: fresh.url } }),
    ).toMatchObject({ status: 0 });
    const foreign = await runCli(['learn', '--unsafe-dev', '--keys', path.join(firstStart, '.fairlead/keys')], {
      cwd,
      env: { DATABASE_URL: database.url },
    });
    expect(foreign.stderr).toContain('is not the one this database was written under');
    for (const run of [otherKeys, elsewhere, foreign]) expectSentences(run);
  });

  test('a server runs beside other commands, shows its first keys once, and ends on request', async () => {
    const options = { cwd, env: { DATABASE_URL: database.url } };
    const server = startCli(['serve', '--port', '0', '--unsafe-dev'], options);
    const url = (await server.line(/^Interface/)).split(/\s+/)[1] ?? '';
    const keyFile = path.join(cwd, '.fairlead/access-keys.json');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const keys = JSON.parse(readFileSync(keyFile, 'utf8')) as { server: string; public: string };
    expect(server.stdout()).toContain(keys.server);
    const answer = await fetch(`${url}/v1/decisions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.server}`, 'content-type': 'application/json' },
      body: JSON.stringify({ person: { userId: 'person-5' }, placement: 'home' }),
    });
    expect(await answer.json()).toMatchObject({ personal: true });
    expect(await json('decide', '--user', 'person-5', '--placement', 'home')).toMatchObject({ personal: true });
    const second = await runCli(['serve', '--port', new URL(url).port, '--unsafe-dev'], options);
    expect(second).toMatchObject({ status: 2 });
    expect(second.stderr).toContain('--port');
    expectSentences(second);
    server.process.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ status: 0 });
    const later = startCli(['serve', '--port', '0', '--unsafe-dev'], options);
    await later.line(/^Interface/);
    expect(later.stdout()).not.toContain('fairlead_server_');
    later.process.kill('SIGINT');
    expect(await later.ended).toMatchObject({ status: 0 });
  });

  test('where no policy file lies, the policy last in force holds', async () => {
    rmSync(path.join(cwd, 'fairlead.policy.ts'));
    expect(await json('decide', '--user', 'person-5', '--placement', 'home')).toMatchObject({ personal: true });
    const [versions] = await database.query<{ count: number }>(
      'select count(*)::integer as count from policy_versions',
    );
    expect(versions?.count).toBe(1);
  });
});
