import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { renderPage } from './page.ts';

const probe = new URL('probe.liquid', import.meta.url);
writeFileSync(
  probe,
  '{% layout "layout.liquid" %}{% block content %}<p title="{{ said }}">{{ said }}</p>{{ inherited.constructor }}{% endblock %}',
);
afterAll(() => {
  rmSync(probe);
  expect(existsSync(probe)).toBe(false);
});

test('a value is escaped wherever it stands, and what it inherits is not reachable', async () => {
  const html = await renderPage({
    template: 'probe',
    title: '<i>',
    values: { said: `"><script>alert('x')</script>`, inherited: {} },
  });
  expect(html).not.toContain('<script>');
  expect(html).toContain('title="&#34;&gt;&lt;script&gt;');
  expect(html).toContain('<title>&lt;i&gt; · Fairlead</title>');
  expect(html).not.toContain('function');
});

test('assets carry the digest of their bytes, and an unknown one is an error', async () => {
  const html = await renderPage({ template: 'probe', title: 'Probe' });
  expect(html).toMatch(/href="\/assets\/layout\.css\?v=[\w-]{16}"/);
  await expect(renderPage({ template: 'probe', title: 'Probe', styles: ['missing.css'] })).rejects.toThrow(
    'missing.css',
  );
});
