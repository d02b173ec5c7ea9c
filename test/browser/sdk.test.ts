/** The consent element on a shop's own page, of another origin, in a real browser: nothing kept before a choice, complete by keyboard, and asked once. */
import { mkdirSync, readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { northwindPolicy } from '../../src/cli/demo/northwind-policy.ts';
import { languages } from '../../src/http/pages/languages/language.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env['FAIRLEAD_TEST_PICTURES'];

let browser: Browser;
let engine: TestEngine;
let shop: Server;
let shopUrl: string;
let fairlead = '';
let key = '';

beforeAll(async () => {
  engine = await testEngine({ policy: northwindPolicy });
  shop = createServer((request, answer) => {
    const asked = new URL(request.url ?? '/', 'http://shop.example');
    const layout = asked.searchParams.get('layout') ?? 'banner';
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    // The strictest that a shop may have: nothing inline, scripts and calls of two origins.
    answer.setHeader('content-security-policy', `default-src 'none'; script-src ${fairlead}; connect-src ${fairlead}`);
    answer.end(
      `<!doctype html><html lang="${asked.searchParams.get('language') ?? 'en'}"><head><title>A shop</title><script type="module" src="${fairlead}/sdk.js"></script></head><body><main><h1>A shop</h1><fairlead-consent key="${key}" layout="${layout}" more="/privacy"></fairlead-consent></main></body></html>`,
    );
  });
  await new Promise<void>((resolve) => {
    shop.listen(0, '127.0.0.1', resolve);
  });
  const address = shop.address();
  shopUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  ({ url: fairlead, publicKey: key } = await testHttp({ engine, origins: [shopUrl] }));
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
});

afterAll(async () => {
  await browser.close();
  shop.close();
});

async function visit(context: BrowserContext, address = ''): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${shopUrl}/${address}`);
  await page.getByRole('heading', { level: 2 }).waitFor();
  return page;
}

const kept = async (context: BrowserContext, page: Page): Promise<unknown> => [
  await context.cookies(),
  await page.evaluate('Object.keys(localStorage)'),
];

async function entries(): Promise<{ purpose: string; action: string; method: string; notice_version: number }[]> {
  return engine.database.query(
    'select purpose, action, method, notice_version from consent_entries order by recorded_at, entry_number',
  );
}

test.each(languages)(
  'has no fault that axe finds in %s, as a banner or a form, and ticks nothing beforehand',
  async (language) => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, bypassCSP: true });
    for (const layout of ['banner', 'form']) {
      const page = await visit(context, `?layout=${layout}&language=${language}`);
      if (layout === 'banner') await page.locator('summary').click();
      for (const colours of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: colours });
        if (pictures !== undefined) {
          mkdirSync(pictures, { recursive: true });
          await page.screenshot({ path: path.join(pictures, `sdk-${layout}-${language}-${colours}.png`) });
        }
        await page.evaluate(axeSource);
        expect(
          await page.evaluate(
            'axe.run({ rules: { region: { enabled: false } } }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
          ),
          `${layout} ${colours}`,
        ).toEqual([]);
      }
      expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0);
      expect(await page.getByRole('checkbox').count()).toBe(3);
    }
    await context.close();
  },
);

test('keeps nothing before a choice, takes a refusal in one press of a key, and does not ask again', async () => {
  const context = await browser.newContext();
  const page = await visit(context);
  expect(await kept(context, page)).toEqual([[], []]);
  const before = (await entries()).length;
  const [none, all] = [
    page.getByRole('button', { name: 'Refuse all' }),
    page.getByRole('button', { name: 'Allow all' }),
  ];
  const sizes = [await none.boundingBox(), await all.boundingBox()];
  expect([sizes[0]?.width, sizes[0]?.height]).toEqual([sizes[1]?.width, sizes[1]?.height]);
  await none.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 2 }).waitFor({ state: 'hidden' });
  expect((await entries()).slice(before).map(({ action, method }) => [action, method])).toEqual(
    Array.from({ length: 3 }, () => ['withdraw', 'banner']),
  );
  expect(await kept(context, page)).toEqual([[], ['fairlead-visitor']]);
  await page.reload();
  await page.waitForLoadState('networkidle');
  expect(await page.getByRole('heading', { level: 2 }).isVisible()).toBe(false);
  await page.evaluate('document.querySelector("fairlead-consent").open()');
  await page.getByRole('heading', { level: 2 }).waitFor();
  await context.close();
});

test('records what was ticked and nothing else, with the notice that was shown, and tells the page', async () => {
  const context = await browser.newContext();
  const page = await visit(context, '?layout=form');
  await page.evaluate(
    'addEventListener("fairlead-consent", ({ detail }) => { document.title = JSON.stringify(detail.standing); })',
  );
  const before = (await entries()).length;
  await page.getByRole('checkbox').first().focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Save my choice' }).click();
  await page.getByText('Saved.').waitFor();
  const said = (await entries()).slice(before);
  expect(said.filter(({ action }) => action === 'grant')).toEqual([
    { purpose: 'suggestions', action: 'grant', method: 'banner', notice_version: 1 },
  ]);
  expect(JSON.parse(await page.title())).toEqual({ suggestions: true, email: false, fairness: false });
  await context.close();
});
