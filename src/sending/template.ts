/**
 * The template of a mail: MJML by the operator, with the fields that are declared merged in. Compiled once and checked whole before anybody is written to:
 * a field that the policy does not declare, a value where it could do more than be read, or a mail that does not say who sends it, why, and how to end it, is
 * refused with its line. What is merged is escaped, is one line, and has a bounded length (law 6).
 */
import { createHash } from 'node:crypto';
import { Liquid, type Template } from 'liquidjs';
import { Refusal } from '../database/refusal.ts';
import { type PlacementRule, type Policy } from '../policy/policy.ts';
import { purposesOfField } from '../policy/views.ts';
import { decoded, mailText } from './internal/mail-text.ts';

/** What one mail is filled with. */
export interface MailValues {
  readonly items: readonly ItemValues[];
  /** Fields of the person that a purpose of the placement may see. */
  readonly person: Readonly<Record<string, string | number | boolean>>;
  /** The page that says why. */
  readonly whyUrl: string;
  /** The page, and the one-click address, of unsubscribing. */
  readonly unsubscribeUrl: string;
}

/** An item of the catalogue, as it is now. */
export interface ItemValues {
  readonly title: string;
  readonly category?: string | null;
  readonly supplier?: string | null;
  readonly priceMinor?: number | null;
  readonly currency?: string | null;
  readonly url?: string | null;
  readonly image?: string | null;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Why it is in the list, in one sentence. */
  readonly because: string;
}

export interface FilledMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export interface MailTemplate {
  /** SHA-256 of the template as it was written, hex: what an approval is bound to. */
  readonly digest: string;
  readonly merge: (values: MailValues) => FilledMail;
}

/** A template has at most this many bytes: mail programs cut what is longer (Gmail at 102 KB of HTML). */
const templateBytesMax = 100_000;
const textMax = 200;
const subjectMax = 150;
const urlMax = 2_000;

/** Compiles and checks a template for a placement. Refuses with `template.*`, naming the line. */
export async function compileTemplate(source: string, policy: Policy, placement: PlacementRule): Promise<MailTemplate> {
  if (Buffer.byteLength(source) > templateBytesMax)
    throw new Refusal('template.too-large', `The template has more than ${templateBytesMax / 1_000} KB.`, {
      remedy: 'Mail programs cut long mails. Leave pictures where they are and name their address.',
    });
  refuseStrangers(source);
  const declared = declaredFields(policy, placement);
  const urls = new Set(['whyUrl', 'unsubscribeUrl', ...declared.itemUrls.map((field) => `item.${field}`)]);
  refuseFields(parsed(source), declared);
  refusePlaces(source, urls);
  const html = await compiled(source);
  const lang = /<mjml\b[^>]*\blang="([^"]{1,20})"/.exec(source)?.[1] ?? 'en';
  const title = decoded(/<mj-title>([^]*?)<\/mj-title>/.exec(source)?.[1] ?? '').trim();
  if (title === '')
    throw new Refusal('template.subject', 'The template has no subject.', {
      remedy: 'Write it into the head: <mj-title>Your gifts this week</mj-title>.',
    });
  const parts = { html: escaping.parse(html), text: plain.parse(mailText(html)), subject: plain.parse(title) };
  const sender = { name: policy.controller.name, contact: policy.controller.contact };
  const reason = reasonOf(policy, placement);
  const price = priceFormat(lang);
  return {
    digest: createHash('sha256').update(source).digest('hex'),
    merge(values) {
      const scope = {
        sender: { name: bounded(sender.name), contact: bounded(sender.contact) },
        reason,
        whyUrl: values.whyUrl,
        unsubscribeUrl: values.unsubscribeUrl,
        person: filledWith(declared.person, (field) => values.person[field]),
        items: values.items.map((item) => ({
          ...filledWith(declared.item, (field) => (field === 'price' ? price(item) : itemValue(item, field))),
          ...Object.fromEntries(declared.itemUrls.map((field) => [field, webAddress(itemValue(item, field))])),
        })),
      };
      return {
        subject: String(plain.renderSync(parts.subject, scope))
          .replaceAll(/\s+/g, ' ')
          .trim()
          .slice(0, subjectMax)
          .toWellFormed(),
        html: String(escaping.renderSync(parts.html, scope)),
        text: String(plain.renderSync(parts.text, scope)).replaceAll(/\n{3,}/g, '\n\n'),
      };
    },
  };
}

const liquidOptions = {
  ownPropertyOnly: true,
  strictFilters: true,
  strictVariables: true,
  jsTruthy: false,
  parseLimit: 200_000,
  renderLimit: 1_000,
  memoryLimit: 10_000_000,
  relativeReference: false,
  templates: {}, // no partials: nothing is read from the file system
} as const;

/** Only what chooses and repeats. No filter hands a value on without being escaped, no tag reads a file. */
const tags = new Set(['for', 'if', 'unless', 'else', 'elsif', 'comment', '#']);
const filters = new Set(['default', 'upcase', 'downcase', 'capitalize', 'truncate', 'size', 'first', 'last']);

const escaping = engine({ outputEscape: 'escape' });
const plain = engine({});

function engine(options: { outputEscape?: 'escape' }): Liquid {
  const liquid = new Liquid({ ...liquidOptions, ...options });
  for (const tag of Object.keys(liquid.tags)) if (!tags.has(tag)) delete liquid.tags[tag];
  for (const filter of Object.keys(liquid.filters)) if (!filters.has(filter)) delete liquid.filters[filter];
  return liquid;
}

interface DeclaredFields {
  readonly item: readonly string[];
  readonly person: readonly string[];
  /** Those of `item` that are addresses. */
  readonly itemUrls: readonly string[];
}

/** What may be merged at a placement: the fields of items, and those of people which one of its purposes may see. */
function declaredFields(policy: Policy, placement: PlacementRule): DeclaredFields {
  const item = ['title', 'because', ...Object.keys(policy.items)];
  return {
    item,
    person: Object.entries(policy.people).flatMap(([field, { kind }]) =>
      kind === 'attribute' && purposesOfField(policy, field).some((purpose) => placement.purposes.includes(purpose))
        ? [field]
        : [],
    ),
    itemUrls: Object.entries(policy.items).flatMap(([field, type]) => (type === 'url' ? [field] : [])),
  };
}

/** What brings others into the mail: files of this machine, and fonts or scripts that tell their server who reads. */
function refuseStrangers(source: string): void {
  const found = /<\s*(mj-include|mj-font|script|iframe|object|embed|form|link)\b|@import|\bjavascript:/i.exec(source);
  if (found === null) return;
  throw new Refusal(
    'template.stranger',
    `Line ${lineAt(source, found.index)} of the template holds ${found[0].trim()}.`,
    {
      remedy: 'A mail brings nothing from elsewhere but pictures: write fonts as font-family, and leave the rest out.',
    },
  );
}

function parsed(source: string): Template[] {
  try {
    return plain.parse(source);
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new Refusal('template.syntax', `The template cannot be read: ${message.replace(/, file:.*$/, '')}.`, {
      remedy: `Merge fields are {{ item.title }}; what chooses and repeats is for, if, unless, else and elsif; filters are ${[...filters].join(', ')}.`,
    });
  }
}

function refuseFields(template: Template[], declared: DeclaredFields): void {
  const known = new Set([
    'items',
    'items.size',
    'item',
    'reason',
    'whyUrl',
    'unsubscribeUrl',
    'sender.name',
    'sender.contact',
    'forloop.first',
    'forloop.last',
    'forloop.index',
    'forloop.index0',
    ...declared.item.map((field) => `item.${field}`),
    ...declared.person.map((field) => `person.${field}`),
  ]);
  const { variables } = plain.analyzeSync(template, { partials: false });
  const used = Object.values(variables).flat();
  for (const variable of used) {
    const name = variable.segments.map(String).join('.');
    if (known.has(name)) continue;
    throw new Refusal(
      'template.field',
      `Line ${variable.location.row} of the template merges ${name}, which is not declared here.`,
      {
        remedy: `What may be merged at this placement: ${[...known].filter((one) => !/^(?:items?|forloop.*)$/.test(one)).join(', ')}. Items stand in {% for item in items %} … {% endfor %}.`,
      },
    );
  }
  for (const [name, what] of [
    ['unsubscribeUrl', 'how to unsubscribe'],
    ['whyUrl', 'why somebody gets it'],
    ['sender.name', 'who sends it'],
    ['sender.contact', 'where to write to the sender'],
  ] as const)
    if (!used.some((variable) => variable.segments.map(String).join('.') === name))
      throw new Refusal('template.missing', `The template does not say ${what}.`, {
        remedy: `Add {{ ${name} }} where people find it, for example at the end.`,
      });
}

/** Where a value may stand: in text, or alone as the address of a link or a picture. Anywhere else it could become style or markup. */
function refusePlaces(source: string, urls: ReadonlySet<string>): void {
  const refuse = (index: number, what: string): never => {
    throw new Refusal('template.place', `Line ${lineAt(source, index)} of the template merges a field ${what}.`, {
      remedy:
        'Merge fields into text, into alt and title, or as the whole address of href and src: href="{{ item.url }}".',
    });
  };
  for (const found of source.matchAll(/<(mj-style|mj-attributes|style)\b[^]*?<\/\1>/gi))
    if (/\{[{%]/.test(found[0])) refuse(found.index, 'into style');
  for (const tag of source.matchAll(/<[a-z][^<>]*>/gi)) {
    for (const [attribute, name = '', value = ''] of tag[0].matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)) {
      if (!/\{[{%]/.test(value)) continue;
      if (/^(?:alt|title)$/i.test(name)) continue;
      const field = /^\s*\{\{\s*([\w.]+)\s*\}\}\s*$/.exec(value)?.[1];
      if (/^(?:href|src)$/i.test(name) && field !== undefined && urls.has(field)) continue;
      refuse(tag.index, `into ${name}, as ${attribute.slice(0, 80)}`);
    }
    // What is left when whole attributes are gone must not merge: attribute names, single quotes, no quotes.
    if (/\{[{%]/.test(tag[0].replaceAll(/[\w-]+\s*=\s*"[^"]*"/g, ''))) refuse(tag.index, 'into markup');
  }
}

/** MJML to HTML, without the web fonts that it would bring. Loaded when it is needed, since it is much. */
async function compiled(source: string): Promise<string> {
  const { default: mjml2html } = await import('mjml');
  try {
    const { html } = await mjml2html(source, {
      validationLevel: 'strict',
      ignoreIncludes: true,
      keepComments: false,
      fonts: {},
    });
    return html.replaceAll(/\n\s+/g, '\n');
  } catch (error) {
    const message =
      error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').trim().slice(0, 300) : 'it is no MJML';
    throw new Refusal('template.mjml', `The template is not MJML as it should be: ${message}`, {
      remedy: 'Compare the line with the reference of MJML (documentation.mjml.io).',
    });
  }
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}

/** Why somebody gets the mail at all, for its foot. */
function reasonOf(policy: Policy, placement: PlacementRule): string {
  const titles = placement.purposes.flatMap((purpose) => policy.purposes[purpose]?.title ?? []);
  return `You allowed: ${titles.join(', ')}.`;
}

/** Every declared field has a value, so that a template may ask for it: text, or empty text for what is not there. */
function filledWith(fields: readonly string[], valueOf: (field: string) => unknown): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field, bounded(valueOf(field))]));
}

/** One line of bounded length, without signs that steer: controls, marks of direction, tags (RFC 9839). The two joiners stay, because scripts need them. */
function bounded(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  const text = String(value)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp} ]+/gu, ' ')
    .replaceAll(/(?![\u200c\u200d])[\p{Cf}\p{Cs}\p{Co}]/gu, '')
    .trim();
  return text.length <= textMax
    ? text
    : `${text
        .slice(0, textMax - 1)
        .toWellFormed()
        .trimEnd()}…`;
}

function itemValue(item: ItemValues, field: string): unknown {
  const own: unknown = Object.hasOwn(item, field) ? Reflect.get(item, field) : undefined;
  return (
    own ?? (item.attributes !== undefined && Object.hasOwn(item.attributes, field) ? item.attributes[field] : undefined)
  );
}

/** An address of the web, or nothing. It is not cut: half an address leads elsewhere. */
function webAddress(value: unknown): string {
  if (typeof value !== 'string' || value.length > urlMax || !URL.canParse(value)) return '';
  const url = new URL(value);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : '';
}

function priceFormat(lang: string): (item: ItemValues) => string | undefined {
  const locale = /^[a-z]{2,3}(?:-[a-z\d]{2,8})*$/i.test(lang) ? lang : 'en';
  const formats = new Map<string, Intl.NumberFormat>();
  const formatOf = (currency: string): Intl.NumberFormat => {
    let format = formats.get(currency);
    if (format === undefined) {
      format = new Intl.NumberFormat(locale, { style: 'currency', currency });
      formats.set(currency, format);
    }
    return format;
  };
  return ({ priceMinor, currency }) => {
    if (priceMinor === null || priceMinor === undefined || !/^[A-Z]{3}$/.test(currency ?? '')) return undefined;
    const format = formatOf(currency ?? '');
    return format.format(priceMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  };
}
