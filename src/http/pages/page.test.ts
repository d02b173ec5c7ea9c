import { expect, test } from 'vitest';
import { renderPage } from './page.ts';

const hostile = `"><script>alert('x')</script>`;

test('a value is escaped wherever it stands, also where code in backticks is marked up', async () => {
  const html = await renderPage({
    template: 'reference',
    title: hostile,
    description: hostile,
    values: {
      groups: [
        {
          tag: hostile,
          endpoints: [{ name: hostile, summary: hostile, description: `\`${hostile}\``, takes: [], headers: [] }],
        },
      ],
      problems: [{ code: hostile, status: hostile, title: hostile, meaning: hostile }],
    },
  });
  expect(html).not.toContain('<script>');
  expect(html).toContain('<code>&#34;&#62;&#60;script&#62;');
});

test('what a value inherits is not reachable', async () => {
  const html = await renderPage({
    template: 'reference',
    title: 'x',
    values: { groups: [Object.create({ tag: 'inherited' })], problems: [] },
  });
  expect(html).not.toContain('inherited');
});

test('assets carry the digest of their bytes, and an unknown one is an error', async () => {
  const html = await renderPage({ template: 'reference', title: 'x', styles: ['reference.css'] });
  expect(html).toMatch(/href="\/assets\/layout\.css\?v=[\w-]{16}"/);
  await expect(renderPage({ template: 'reference', title: 'x', styles: ['missing.css'] })).rejects.toThrow(
    'missing.css',
  );
});
