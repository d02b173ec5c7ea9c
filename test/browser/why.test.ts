/** The why-page and the log's page in a real browser, for everybody: axe, light and dark, phone and desk, on paper, and without JavaScript. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoStage } from '../../src/cli/demo/demo-stage.ts';
import { northwindPolicy } from '../../src/cli/demo/northwind-policy.ts';
import { openShop } from '../../src/cli/demo/play-demo.ts';
import { simulateShop } from '../../src/cli/demo/shop.ts';
import { decide } from '../../src/deciding/decide.ts';
import { registerDemo } from '../../src/http/pages/demo.ts';
import { forget } from '../../src/people/forget.ts';
import { findPerson } from '../../src/people/persons.ts';
import { signerOf } from '../../src/transparency/note.ts';
import { readDirectory } from '../../src/transparency/reader.ts';
import { sequenceOnce } from '../../src/transparency/sequencer.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where to leave pictures for people to look at; nowhere when not set. */
const pictures = process.env['FAIRLEAD_TEST_PICTURES'];

const keys = { origin: 'northwind.example/log', seed: Buffer.alloc(32, 6) };
const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-log-'));
let browser: Browser;
let url: string;
const pages = new Map<string, string>();

beforeAll(async () => {
  const engine: TestEngine = await testEngine({ policy: northwindPolicy });
  const shop = simulateShop({ seed: 1, people: 600, now: engine.database.world.now() });
  await openShop(engine, shop, { isFilled: false, onProgress: () => undefined });
  const stage = demoStage(engine, shop);
  const placement = Object.keys(engine.policy.placements)[0] ?? '';
  const userId = stage.main.userId;
  const whole = await decide(engine, { person: { userId }, placement });
  const general = await decide(engine, { person: { userId: 'nobody we know' }, placement });
  expect([whole.personal, general.personal]).toEqual([true, false]);
  const { verifierKey } = signerOf({ name: keys.origin, seed: keys.seed });
  ({ url } = await testHttp({
    engine,
    publicLog: { read: readDirectory(directory), verifierKey },
    pages: (app) => registerDemo(app, stage),
  }));
  pages.set('whole', whole.why).set('everybody', general.why).set('nothing', '/why/nothing').set('log', '/log');
  // Another person's decision, from which something is taken out afterwards.
  const other = await decide(engine, { person: { userId: stage.other.userId }, placement });
  const otherId = (await findPerson(engine, engine.database, { userId: stage.other.userId })) ?? '';
  const used = other.items.flatMap(({ terms }) => terms).find(({ of }) => of !== 'everyone')?.of ?? '';
  await forget(engine, otherId, { kind: 'exclude', itemId: used });
  pages.set('stripped', other.why);
  for (;;) if ((await sequenceOnce(engine.database, { keys, directory }))?.more !== true) break;
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

afterAll(async () => {
  await browser.close();
  rmSync(directory, { recursive: true });
});

describe.each(['whole', 'stripped', 'everybody', 'nothing', 'log'])('%s', (name) => {
  test.each([
    ['phone', 'light', 390],
    ['phone', 'dark', 390],
    ['desk', 'light', 1_280],
    ['desk', 'dark', 1_280],
    ['narrowest', 'light', 320],
  ] as const)(
    'on a %s in %s colours has no fault that axe finds, and nothing sticks out',
    async (seat, colours, width) => {
      const context = await browser.newContext({
        viewport: { width, height: 844 },
        colorScheme: colours,
        bypassCSP: true,
      });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('request', (sent) => {
        if (!sent.url().startsWith(url)) complaints.push(`asked ${sent.url()}`);
      });
      await page.goto(`${url}${pages.get(name)}`);
      if (pictures !== undefined) {
        mkdirSync(pictures, { recursive: true });
        await page.screenshot({ path: path.join(pictures, `${name}-${seat}-${colours}.png`), fullPage: true });
      }
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.evaluate(axeSource);
      const faults: unknown = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
      );
      expect(faults).toEqual([]);
      expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
      await context.close();
    },
  );

  test('says the same without JavaScript, and on paper', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 794, height: 1_123 } });
    const page = await context.newPage();
    await page.goto(`${url}${pages.get(name)}`);
    const said = await page.locator('main').innerText();
    expect(said.length).toBeGreaterThan(80);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('main').innerText()).toBe(said);
    if (pictures !== undefined)
      await page.screenshot({ path: path.join(pictures, `${name}-paper.png`), fullPage: true });
    await context.close();
  });
});
