/** The privacy centre in a real browser: axe in every language and theme, its weight, its switches with and without JavaScript, and without cookies. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoStage } from '../../src/cli/demo/demo-stage.ts';
import { northwindPolicy } from '../../src/cli/demo/northwind-policy.ts';
import { openShop } from '../../src/cli/demo/play-demo.ts';
import { simulateShop } from '../../src/cli/demo/shop.ts';
import { decide } from '../../src/deciding/decide.ts';
import { languages } from '../../src/http/pages/languages/language.ts';
import { forget } from '../../src/people/forget.ts';
import { linkToken } from '../../src/people/person-sessions.ts';
import { findPerson } from '../../src/people/persons.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where to leave pictures for people to look at; nowhere when not set. */
const pictures = process.env['FAIRLEAD_TEST_PICTURES'];

let browser: Browser;
let engine: TestEngine;
let url: string;
let personId: string;

beforeAll(async () => {
  engine = await testEngine({ policy: northwindPolicy });
  const shop = simulateShop({ seed: 1, people: 400, now: engine.database.world.now() });
  await openShop(engine, shop, { isFilled: false, onProgress: () => undefined });
  const stage = demoStage(engine, shop);
  const placement = Object.keys(engine.policy.placements)[0] ?? '';
  personId = (await findPerson(engine, engine.database, { userId: stage.main.userId })) ?? '';
  for (let turn = 0; turn < 3; turn++) await decide(engine, { person: { userId: stage.main.userId }, placement });
  const decision = await decide(engine, { person: { userId: stage.main.userId }, placement });
  const used = decision.items.flatMap(({ terms }) => terms).find(({ of }) => of !== 'everyone')?.of ?? '';
  await forget(engine, personId, { kind: 'exclude', itemId: used });
  const server = await testHttp({ engine });
  ({ url } = server);
  await server.asServer.exportPerson({ params: { person: personId } });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
});

afterAll(async () => {
  await browser.close();
});

/** Goes in through a fresh link, as a customer does. */
async function enter(context: BrowserContext, language = 'en'): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/privacy/enter/${linkToken(engine, personId, 600)}?language=${language}`);
  await page.locator('main button').click();
  await page.waitForSelector('#allow');
  return page;
}

async function axeFaults(page: Page): Promise<unknown> {
  await page.evaluate(axeSource);
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
  );
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

/** Axe in both themes, and nothing that sticks out at any width. */
async function expectNoFault(page: Page, name: string): Promise<void> {
  for (const colours of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: colours });
    await page.setViewportSize({ width: 390, height: 844 });
    await picture(page, `${name}-phone-${colours}`);
    expect(await axeFaults(page), `${name} ${colours}`).toEqual([]);
    if (pictures === undefined) continue;
    await page.setViewportSize({ width: 1_280, height: 844 });
    await picture(page, `${name}-desk-${colours}`);
  }
  for (const width of [320, 390, 1_280]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), name).toBeLessThanOrEqual(0);
  }
}

test.each(languages)(
  'in %s no page has a fault that axe finds, in light or dark colours, and nothing comes from elsewhere',
  async (language) => {
    const context = await browser.newContext({ bypassCSP: true });
    const complaints: string[] = [];
    context.on('console', (message) => complaints.push(message.text()));
    context.on('request', (sent) => {
      if (!sent.url().startsWith(url)) complaints.push(`asked ${sent.url()}`);
    });
    const door = await context.newPage();
    await door.goto(`${url}/privacy?language=${language}`);
    await expectNoFault(door, `door-${language}`);
    await door.goto(`${url}/privacy/enter/nothing?language=${language}`);
    await expectNoFault(door, `link-${language}`);
    const page = await enter(context, language);
    await expectNoFault(page, `centre-${language}`);
    await page.locator('#know form[action^="/privacy/preview"] button').first().click();
    await page.waitForSelector('#take-out');
    await expectNoFault(page, `preview-${language}`);
    await page.goto(`${url}/privacy?language=${language}`);
    await page.locator('#ask-complain').click();
    await page.waitForSelector('#complain');
    await expectNoFault(page, `complain-${language}`);
    await page.goto(`${url}/privacy?language=${language}`);
    await page.locator('#ask-erase').click();
    await page.waitForSelector('#erase');
    await expectNoFault(page, `erase-${language}`);
    expect(complaints).toEqual([]);
    await context.close();
  },
);

test('the page weighs at most 60 kB with everything that it needs, unpacked', async () => {
  const context = await browser.newContext();
  const page = await enter(context);
  let bytes = 0;
  page.on('response', (response) => {
    void response.body().then((body) => {
      bytes += body.length;
    });
  });
  await page.goto(`${url}/privacy`, { waitUntil: 'networkidle' });
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(60_000);
  await context.close();
});

test.each([
  ['with', true],
  ['without', false],
])('a switch flips and flips back %s JavaScript, by the keyboard too', async (_, javaScriptEnabled) => {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await enter(context);
  const button = page.locator('#switch-fairness');
  const before = await button.getAttribute('aria-checked');
  const flipped = before === 'true' ? 'false' : 'true';
  await button.focus();
  await page.keyboard.press('Space');
  await page.waitForSelector(`#switch-fairness[aria-checked="${flipped}"]`);
  expect(await page.locator('#said').innerText()).toMatch(/Switched/);
  if (javaScriptEnabled) expect(await page.evaluate('document.activeElement.id')).toBe('switch-fairness');
  await page.locator('#switch-fairness').click();
  await page.waitForSelector(`#switch-fairness[aria-checked="${before}"]`);
  await context.close();
});

test('the first paint shows the same with and without JavaScript', async () => {
  const said: string[] = [];
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await enter(context);
    await page.goto(`${url}/privacy`);
    said.push(await page.locator('body').innerText());
    await context.close();
  }
  expect(said[0]).toBe(said[1]);
});
