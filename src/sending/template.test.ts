/** Templates: what may be merged, where, and that whatever is merged stays text. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../database/refusal.ts';
import { type Policy, attribute, identifier, policy, recommender, safeguard, sensitive } from '../policy/policy.ts';
import { defaultTemplate } from './default-template.ts';
import { mailText } from './internal/mail-text.ts';
import { type ItemValues, type MailValues, compileTemplate } from './template.ts';

const shop = policy({
  controller: { name: 'Test & Shop', contact: 'privacy@shop.example', regions: ['EU'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions', notice: 'We suggest.', keepFor: '13 months' },
    email: { basis: 'consent', title: 'Offers by e-mail', notice: 'We write.', keepFor: '13 months' },
    fairness: { basis: 'explicit-consent', title: 'Fairness', notice: 'We check.', keepFor: '13 months' },
  },
  people: {
    email: identifier('email', { for: ['email'] }),
    firstName: attribute({ type: 'text', for: ['email'] }),
    shoeSize: attribute({ type: 'number', for: ['fairness'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male'], for: ['fairness'] }),
  },
  items: {
    category: 'text',
    supplier: 'text',
    price: 'money',
    available: 'boolean',
    url: 'url',
    image: 'url',
    colour: 'text',
  },
  events: { Viewed: { item: 'properties.id', for: ['suggestions'] } },
  models: { liked: recommender({ for: 'suggestions', from: ['Viewed'] }) },
  placements: {
    weekly: { channel: 'email', purposes: ['suggestions', 'email'], model: 'liked', show: 3, approval: 'one person' },
  },
});
const { weekly } = shop.placements;

const foot = `<mj-text>{{ sender.name }} {{ sender.contact }} <a href="{{ whyUrl }}">Why</a> <a href="{{ unsubscribeUrl }}">Stop</a></mj-text>`;
function template(body: string, head = '<mj-title>Hello {{ person.firstName }}</mj-title>'): string {
  return `<mjml lang="de"><mj-head>${head}</mj-head><mj-body>
    <mj-section><mj-column>
    ${body}
    ${foot}
    </mj-column></mj-section></mj-body></mjml>`;
}
const list = (inside: string): string => `<mj-text>{% for item in items %}${inside}{% endfor %}</mj-text>`;

const kettle: ItemValues = {
  title: 'Copper kettle',
  category: 'Kitchen',
  priceMinor: 1250,
  currency: 'EUR',
  url: 'https://shop.example/kettle',
  image: 'https://shop.example/kettle.jpg',
  attributes: { colour: 'red' },
  because: 'Many people choose this.',
};
function values(part: Partial<MailValues> = {}): MailValues {
  return {
    items: [kettle],
    person: { firstName: 'Ada' },
    whyUrl: 'https://fairlead.shop.example/why/w',
    unsubscribeUrl: 'https://fairlead.shop.example/u/u',
    ...part,
  };
}

async function refusalOf(source: string, given: Policy = shop): Promise<Refusal> {
  const error: unknown = await compileTemplate(source, given, weekly).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error('the template was taken', { cause: error });
  return error;
}

describe('a template', () => {
  it('is filled with what is declared, in HTML, in text and in the subject', async () => {
    const made = await compileTemplate(
      template(list('<a href="{{ item.url }}">{{ item.title }}</a>, {{ item.colour }}, {{ item.price }}; ')),
      shop,
      weekly,
    );
    const mail = made.merge(values());
    expect(mail.subject).toBe('Hello Ada');
    expect(mail.html).toContain('<a href="https://shop.example/kettle">Copper kettle</a>, red, 12,50\u00a0€;');
    expect(mail.html).toContain('Test &amp; Shop');
    expect(mail.text).toContain('Copper kettle: https://shop.example/kettle, red, 12,50\u00a0€;');
    expect(mail.text).toContain('Test & Shop privacy@shop.example Why: https://fairlead.shop.example/why/w');
    expect(mail.text).toContain('Stop: https://fairlead.shop.example/u/u');
  });

  it('brings no web font and asks nobody anything when it is opened, unless it names a picture', async () => {
    const mail = (await compileTemplate(template('<mj-text>Hello</mj-text>'), shop, weekly)).merge(values());
    const addresses = [...mail.html.matchAll(/(?:src|href)\s*=\s*"([^"]*)"|url\(([^)]*)\)/g)].map(([, a, b]) => a ?? b);
    expect(addresses.toSorted()).toEqual([values().unsubscribeUrl, values().whyUrl].toSorted());
  });

  it('that nobody wrote shows the items, who sends, why, and how to end it', async () => {
    const made = await compileTemplate(defaultTemplate(shop), shop, weekly);
    const mail = made.merge(values({ items: [kettle, { title: 'Towel', because: '' }] }));
    for (const part of [mail.html, mail.text]) {
      expect(part).toContain('Copper kettle');
      expect(part).toContain('Towel');
      expect(part).toContain('privacy@shop.example');
      expect(part).toContain(values().whyUrl);
      expect(part).toContain(values().unsubscribeUrl);
    }
    expect(mail.subject).toBe('A few things from Test & Shop');
    const bare = { ...shop, items: { available: 'boolean' } } as const;
    expect((await compileTemplate(defaultTemplate(bare), bare, weekly)).merge(values()).html).toContain(
      'Copper kettle',
    );
  });

  it('has the digest of its bytes: one byte changed is another template', async () => {
    const [a, b] = await Promise.all(
      ['Hello', 'Hallo'].map((word) => compileTemplate(template(`<mj-text>${word}</mj-text>`), shop, weekly)),
    );
    expect(a?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(a?.digest).not.toBe(b?.digest);
  });
});

describe('what is merged', () => {
  const made = compileTemplate(
    template(
      list('<a href="{{ item.url }}" title="{{ item.title }}">{{ item.title }}</a><b>{{ person.firstName }}</b>'),
    ),
    shop,
    weekly,
  );

  it('stays text, whatever it is: no tag, no attribute, no merge field, no line comes of it', async () => {
    const { merge } = await made;
    const harmless = merge(values({ person: { firstName: 'x' }, items: [{ ...kettle, title: 'x' }] }));
    // Every tag without the values of its attributes, as a reader of HTML cuts them.
    const shape = (html: string): string[] =>
      (html.match(/<[a-z/!](?:[^<>"]|"[^"]*")*>/gi) ?? []).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom(
        '<script>alert(1)</script>',
        '" onmouseover="x',
        "'><img src=x>",
        '{{ sender.contact }}{% include "x" %}',
        '-->',
        ']]>',
        'a\r\nBcc: eve@people.example',
        '&lt;b onclick=x&gt;',
        '\u202eevil',
        '\u{e0041}\u{e0042}',
      ),
    );
    fc.assert(
      fc.property(nasty, nasty, nasty, (title, name, url) => {
        const mail = merge(values({ person: { firstName: name }, items: [{ ...kettle, title, url }] }));
        expect(shape(mail.html)).toEqual(shape(harmless.html));
        expect(mail.html.split('\n').length).toBe(harmless.html.split('\n').length);
        expect(mail.subject).not.toMatch(/[\p{Cc}]/u);
        expect(mail.html).not.toMatch(/[\u202a-\u202e\u{e0000}-\u{e007f}]/u);
      }),
      { numRuns: 300 },
    );
  });

  it('has a bounded length, and an address that is cut or leads nowhere on the web is left out', async () => {
    const { merge } = await made;
    const mail = merge(
      values({ items: [{ ...kettle, title: 'x'.repeat(5_000) }], person: { firstName: 'y'.repeat(5_000) } }),
    );
    expect(mail.html).toContain(`>${'x'.repeat(199)}…<`);
    expect(mail.html).not.toContain('x'.repeat(200));
    expect(mail.subject.length).toBeLessThanOrEqual(150);
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      '//shop.example/x',
      `https://shop.example/${'x'.repeat(2_000)}`,
    ])
      expect(merge(values({ items: [{ ...kettle, url }] })).html).toContain('<a href="" title');
  });

  it('may be empty where nothing is known', async () => {
    const mail = (await made).merge(values({ items: [{ title: 'Towel', because: '' }], person: {} }));
    expect(mail.html).toContain('<b></b>');
    expect(mail.subject).toBe('Hello');
  });

  it('keeps the joiners that scripts need, and prices in the minor units of their currency', async () => {
    const priced = await compileTemplate(template(list('{{ item.title }}={{ item.price }};')), shop, weekly);
    const { html } = priced.merge(
      values({ items: [{ ...kettle, title: 'می‌خواهم', priceMinor: 1250, currency: 'JPY' }] }),
    );
    expect(html).toContain('می‌خواهم=1.250\u00a0¥;');
  });
});

describe('a template is refused, with its line, when it', () => {
  it.each([
    ['merges what is not declared', template('<mj-text>{{ person.lastName }}</mj-text>'), 'template.field', 3],
    ['merges an identifier', template('<mj-text>{{ person.email }}</mj-text>'), 'template.field', 3],
    ['merges a sensitive attribute', template('<mj-text>{{ person.gender }}</mj-text>'), 'template.field', 3],
    ['merges a safeguard', template('<mj-text>{{ person.isMinor }}</mj-text>'), 'template.field', 3],
    ['merges what another purpose may see', template('<mj-text>{{ person.shoeSize }}</mj-text>'), 'template.field', 3],
    [
      'asks whether',
      template('<mj-text>{% if person.gender == "female" %}x{% endif %}</mj-text>'),
      'template.field',
      3,
    ],
    ['reaches for a prototype', template('<mj-text>{{ person.constructor }}</mj-text>'), 'template.field', 3],
    ['merges a whole person', template('<mj-text>{{ person }}</mj-text>'), 'template.field', 3],
    ['names a field by another', template('<mj-text>{{ person[reason] }}</mj-text>'), 'template.field', 3],
    ['merges into style', template('<mj-text color="{{ item.colour }}">x</mj-text>'), 'template.place', 3],
    ['merges text as an address', template(list('<a href="{{ item.title }}">x</a>')), 'template.place', 3],
    [
      'merges into an address',
      template(list('<a href="https://x.example/?q={{ item.title }}">x</a>')),
      'template.place',
      3,
    ],
    ['merges without quotes', template(list('<a href={{ item.url }}>x</a>')), 'template.place', 3],
    ['merges a tag name', template(list('<b {{ item.title }}>x</b>')), 'template.place', 3],
    [
      'merges into a style sheet',
      template('<mj-text>x</mj-text>', '<mj-title>x</mj-title><mj-style>.x { color: {{ item.colour }} }</mj-style>'),
      'template.place',
      1,
    ],
    ['brings a file of this machine', template('<mj-include path="/etc/passwd" />'), 'template.stranger', 3],
    [
      'brings a font',
      template('<mj-text>x</mj-text>', '<mj-title>x</mj-title><mj-font name="x" href="https://fonts.example/x" />'),
      'template.stranger',
      1,
    ],
    ['brings a script', template('<mj-text><script>x</script></mj-text>'), 'template.stranger', 3],
  ])('%s', async (_what, source, code, line) => {
    const refusal = await refusalOf(source);
    expect([refusal.code, refusal.message]).toEqual([code, expect.stringContaining(`Line ${line} `)]);
    expect(refusal.remedy).toBeTruthy();
  });

  it.each([
    ['hands a value on without escaping it', template('<mj-text>{{ reason | raw }}</mj-text>'), 'template.syntax'],
    ['includes another template', template('<mj-text>{% include "x" %}</mj-text>'), 'template.syntax'],
    ['renders another template', template('<mj-text>{% render "x" %}</mj-text>'), 'template.syntax'],
    ['assigns', template('<mj-text>{% assign x = person %}{{ x }}</mj-text>'), 'template.syntax'],
    ['does not end what it begins', template('<mj-text>{% if reason %}</mj-text>'), 'template.syntax'],
    ['has no subject', template('<mj-text>x</mj-text>', ''), 'template.subject'],
    [
      'does not say how to unsubscribe',
      template('<mj-text>x</mj-text>').replace('{{ unsubscribeUrl }}', '#'),
      'template.missing',
    ],
    ['does not say why', template('<mj-text>x</mj-text>').replace('{{ whyUrl }}', '#'), 'template.missing'],
    [
      'does not say who sends it',
      template('<mj-text>x</mj-text>').replace('{{ sender.name }}', ''),
      'template.missing',
    ],
    ['is not MJML', template('<mj-nothing>x</mj-nothing>'), 'template.mjml'],
    ['is too large', template(`<mj-text>${'x'.repeat(100_000)}</mj-text>`), 'template.too-large'],
    ['is nothing', '', 'template.missing'],
  ])('%s', async (_what, source, code) => {
    expect((await refusalOf(source)).code).toBe(code);
  });
});

describe('the text of a mail', () => {
  it.each([
    ['<p>a</p><p>b</p>', 'a\nb'],
    ['<a href="https://x.example/">here</a>', 'here: https://x.example/'],
    ['<a href="https://x.example/"><img alt="x"></a>', ''],
    ['a<br>b<br />c', 'a\nb\nc'],
    ['<head><title>t</title></head><!-- c --><style>x</style>a', 'a'],
    ['&lt;b&gt; &amp;amp; &#65;&#x42; &unknown; &#0;', '<b> &amp; AB &unknown; &#0;'],
    ['a\n   b\t c', 'a b c'],
    ['<tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>', 'ab\nc'],
  ])('%s', (html, text) => {
    expect(mailText(html)).toBe(text);
  });

  it('keeps up with anything in time that grows with its length', () => {
    for (const part of ['<', '<a href="', '<a href="x">', '<!--', '<head', '&#', '<div style="display:none']) {
      const begun = performance.now();
      mailText(part.repeat(100_000 / part.length));
      expect(performance.now() - begun, part).toBeLessThan(1_500);
    }
  });
});
