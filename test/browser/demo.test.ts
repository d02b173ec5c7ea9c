/** The demo's page in a real browser: with and without JavaScript, light and dark, on a desk and on a phone. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { demoStage } from '../../src/cli/demo/demo-stage.ts';
import { northwindPolicy } from '../../src/cli/demo/northwind-policy.ts';
import { openShop, startAdaOver } from '../../src/cli/demo/play-demo.ts';
import { type Shop, simulateShop } from '../../src/cli/demo/shop.ts';
import { registerDemo } from '../../src/http/pages/demo.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let engine: TestEngine;
let shop: Shop;
let url: string;
let browser: Browser;

beforeAll(async () => {
  engine = await testEngine({ policy: northwindPolicy });
  shop = simulateShop({ seed: 1, people: 600, now: engine.database.world.now() });
  await openShop(engine, shop, { isFilled: false, onProgress: () => undefined });
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
  ({ url } = await testHttp({ engine, pages: (app) => registerDemo(app, demoStage(engine, shop)) }));
});

beforeEach(async () => {
  await startAdaOver(engine, shop);
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

/** What went wrong or left the machine, in any page of any test. */
const complaints: string[] = [];

afterAll(() => browser.close());

async function open(
  options: { dark?: boolean; phone?: boolean; withoutScript?: boolean; still?: boolean } = {},
): Promise<Page> {
  const context = await browser.newContext({
    viewport: options.phone === true ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: options.still === false ? 'no-preference' : 'reduce',
    javaScriptEnabled: options.withoutScript !== true,
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (sent) => {
    if (new URL(sent.url()).hostname !== '127.0.0.1') complaints.push(`asked ${sent.url()}`);
  });
  page.on('response', (answer) => {
    if (answer.status() >= 400) complaints.push(`${answer.status()} ${answer.url()}`);
  });
  await page.goto(url);
  return page;
}

interface Seen {
  readonly people: number;
  readonly digest: string;
  /** The first ten items, but for places that go round among things that were shown little. */
  readonly own: readonly string[];
  readonly shown: readonly string[];
  readonly state: string;
  readonly becauses: readonly string[];
  readonly bens: readonly (string | null)[];
}

async function look(page: Page): Promise<Seen> {
  const itemsOf = (selector: string): Promise<string[]> =>
    page.locator(selector).evaluateAll((things) => things.map((thing) => thing.getAttribute('data-item') ?? ''));
  const demo = page.locator('#demo');
  return {
    people: Number(await demo.getAttribute('data-people')),
    digest: (await demo.getAttribute('data-digest')) ?? '',
    own: await itemsOf('.thing:nth-child(-n + 10):not([data-in-turn])'),
    shown: await itemsOf('.thing'),
    state: await page.locator('#list-state').innerText(),
    becauses: await page.locator('.because').allInnerTexts(),
    bens: await page
      .locator('.thumbs li:not([data-in-turn]) img')
      .evaluateAll((pictures) => pictures.map((picture) => picture.getAttribute('alt'))),
  };
}

/** Presses something and waits until the page shows what came of it. */
async function press(page: Page, selector: string): Promise<Seen> {
  const before = await page.locator('#demo').getAttribute('data-said');
  await page.locator(selector).click();
  await page.locator(`#demo:not([aria-busy]):not([data-said="${before}"])`).waitFor();
  return look(page);
}

describe.each([
  ['with JavaScript', { withoutScript: false }],
  ['without JavaScript', { withoutScript: true }],
])('%s', (_, how) => {
  test('a flipped switch changes the list at once and takes one person out of the model, and the proof holds', async () => {
    const page = await open(how);
    const before = await look(page);
    expect(before.state).toBe('Made for Ada');
    expect(before.shown).toHaveLength(12);
    expect(before.becauses.length).toBeGreaterThan(8);

    const after = await press(page, '#switch-suggestions');
    expect(after.people).toBe(before.people - 1);
    expect(await page.locator('#people').innerText()).toBe(String(before.people - 1));
    expect(after.digest).not.toBe(before.digest);
    expect(after.shown).not.toEqual(before.shown);
    expect(after.state).toBe('Same for everybody');
    expect(after.becauses).toEqual([]);
    expect(await page.locator('#receipt summary').innerText()).toContain('withdrawn');
    expect(await page.locator('#switch-suggestions').getAttribute('aria-checked')).toBe('false');

    await press(page, '#prove');
    expect(await page.locator('#proof h3').innerText()).toBe('The same, byte for byte');
    const digests = await page
      .locator('#proof code')
      .evaluateAll((codes) => codes.map((code) => code.getAttribute('title')));
    expect(digests).toHaveLength(4);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[3]).toBe(digests[2]);
    expect(after.digest.replaceAll(' ', '')).toBe(digests[0]?.slice(0, 12));

    expect((await look(page)).bens).toEqual(before.bens);
    expect(await page.locator('#other-state').innerText()).toContain('Nothing has changed for him');
  });

  test('allowing again starts from nothing, and a new walk brings her back', async () => {
    const page = await open(how);
    const before = await look(page);
    await press(page, '#switch-suggestions');
    const again = await press(page, '#switch-suggestions');
    expect(again.people).toBe(before.people - 1);
    expect(again.state).toBe('Same for everybody');
    const walked = await press(page, '#walk-again');
    expect(walked.people).toBe(before.people);
    expect(walked.own).toEqual(before.own);
    expect(walked.digest).not.toBe('');
  });

  test('one thing taken out suggests nothing any more, and one thing looked at counts', async () => {
    const page = await open(how);
    const title = 'Midnight tea-light lantern';
    const before = await look(page);
    expect(before.becauses.some((text) => text.includes(title))).toBe(true);
    const after = await press(page, '#take-out-midnight-tea-light-lantern');
    expect(after.people).toBe(before.people);
    expect(after.digest).not.toBe(before.digest);
    expect(after.becauses.some((text) => text.includes(title))).toBe(false);
    expect(await page.locator('.bill').allTextContents()).toSatisfy((bills: string[]) =>
      bills.every((bill) => !bill.includes(title)),
    );
    expect(await page.locator('#receipt summary').innerText()).toContain('taken out');
    const [first = ''] = after.shown;
    const looked = await press(page, `#look-${first}`);
    expect(looked.shown).not.toContain(first);
    expect(await page.locator(`#take-out-${first}`).count()).toBe(1);
  });

  test('erased and begun again, her story has its own days and her list is as it was', async () => {
    const page = await open(how);
    const before = await look(page);
    const since = await page.locator('.since').allInnerTexts();
    const held = await page.locator('.held li').allInnerTexts();
    await press(page, '#switch-suggestions');
    const again = await press(page, '#start-over');
    expect(again.people).toBe(before.people);
    expect(again.own).toEqual(before.own);
    expect(await page.locator('.since').allInnerTexts()).toEqual(since);
    expect(await page.locator('.held li').allInnerTexts()).toEqual(held);
    expect(await page.locator('#receipt').count()).toBe(0);
  });

  test('nothing is kept of what she looks at while she does not allow it', async () => {
    const page = await open(how);
    const off = await press(page, '#switch-suggestions');
    const [first = ''] = off.shown;
    const looked = await press(page, `#look-${first}`);
    expect(looked).toEqual(off);
    expect(await page.locator('#said').innerText()).toContain('Nothing was kept');
    expect(await page.locator(`#take-out-${first}`).count()).toBe(0);
  });
});

test('the switch works from the keyboard, keeps the focus and tells a screen reader what happened', async () => {
  const page = await open();
  await page.locator('#switch-suggestions').focus();
  await page.keyboard.press('Space');
  await page.locator('#switch-suggestions[aria-checked="false"]').waitFor();
  await page.locator('#said', { hasText: 'Ada has withdrawn' }).waitFor();
  expect(await page.locator('#switch-suggestions').evaluate((button) => button.matches(':focus'))).toBe(true);
  expect(await page.locator('#said').getAttribute('role')).toBe('status');
});

test('a bill opens, adds up, and closes with Escape', async () => {
  const page = await open();
  const summary = page.locator('.terms summary').first();
  await summary.press('Enter');
  const figures = await page.locator('.terms[open] .figure').allInnerTexts();
  const points = figures.map((figure) => Number(figure.replace('−', '-')));
  expect(points.reduce((sum, value) => sum + value, 0)).toBe(Number(/\d+/.exec(await summary.innerText())?.[0]));
  await page.keyboard.press('Escape');
  expect(await page.locator('.terms[open]').count()).toBe(0);
});

test('with motion, numbers and lists settle at what is true', async () => {
  const page = await open({ still: false });
  const before = await look(page);
  await press(page, '#switch-suggestions');
  await page.locator('#people', { hasText: new RegExp(`^${before.people - 1}$`) }).waitFor();
  await page.locator('#digest', { hasText: (await look(page)).digest }).waitFor();
  await press(page, '#prove');
  await page.locator('#proof').waitFor();
});

describe.each([
  ['light, on a desk', { dark: false, phone: false }],
  ['dark, on a desk', { dark: true, phone: false }],
  ['light, on a phone', { dark: false, phone: true }],
  ['dark, on a phone', { dark: true, phone: true }],
])('accessibility, %s', (_, how) => {
  test('axe finds nothing, before and after', async () => {
    const page = await open(how);
    await page.locator('.terms summary').first().press('Enter');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await press(page, '#switch-suggestions');
    await press(page, '#prove');
    await page.locator('#receipt summary').click();
    expect(await violations(page)).toEqual([]);
    await press(page, '#switch-suggestions');
    expect(await violations(page)).toEqual([]);
    expect(
      await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth),
      'the page is no wider than its window',
    ).toBe(0);
  });
});

async function violations(page: Page): Promise<string[]> {
  // Through the debugger, because the page's own policy lets no foreign script in.
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const axe = Reflect.get(globalThis, 'axe') as {
      run(): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }>;
    }; // just loaded
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
  });
}

test.each([
  ['another site by its origin', { origin: 'https://elsewhere.example' }],
  ['another site by the browser’s word', { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }],
  ['another port of the same machine', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
  ['nobody in particular', {}],
])('a switch flipped by %s is refused and nothing changes', async (_, headers) => {
  const page = await open({ withoutScript: true });
  const before = await look(page);
  expect(await post('/demo/choose', 'purpose=suggestions&allowed=no', headers)).toBe(403);
  await page.reload();
  const { people, digest, own, state } = before;
  expect(await look(page)).toMatchObject({ people, digest, own, state });
});

test.each(['purpose=constructor&allowed=no', 'purpose=suggestions&allowed=perhaps', 'allowed=no', ''])(
  'a form that says “%s” is refused',
  async (form) => {
    expect(await post('/demo/choose', form, { 'sec-fetch-site': 'same-origin' })).toBe(400);
  },
);

async function post(at: string, form: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const sent = request(new URL(at, url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
  sent.end(form);
  const [answer] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }]; // what node emits
  answer.resume();
  return answer.statusCode;
}

test('no page complained, and none asked another machine', () => {
  expect(complaints).toEqual([]);
});
