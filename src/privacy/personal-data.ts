/**
 * Finds what identifies somebody in free text: addresses, numbers of phones, cards and accounts, network addresses, national ids. It
 * promises one linear pass over the text, whatever the text is. Called before a prompt is built, over model output, catalogue text,
 * complaints and log lines.
 */
import { isLuhn, nationalIds } from './internal/national-ids.ts';
import { callingCodes, ibanLengths } from './internal/numbering-plans.ts';

export type PersonalKind = 'email' | 'phone' | 'card' | 'iban' | 'ip' | 'national-id';

/** Half-open, in UTF-16 code units of the text that was given. */
export interface PersonalFinding {
  kind: PersonalKind;
  start: number;
  end: number;
}

/**
 * Everything found, in the order of the text, without overlap.
 *
 * Guarantee: recall and precision over seeded texts, the published card cases, and linear time for texts made to be slow
 * (`personal-data.test.ts`).
 * Formula: patterns of bounded length, then the check that the number's own standard gives: Luhn, mod 97, mod 11, known prefixes.
 * Source: RFC 5321, ITU-T E.164, ISO/IEC 7812, ISO 13616, RFC 4291, and the numbers' issuers.
 * Cost: 0.04 ms for 500 characters; 0.2 µs a character in the worst text found.
 * Limits: no names, postal addresses or dates of birth; no addresses spelled out ("at", "dot"); phone numbers without country or trunk prefix
 * only in the North American form. Full-width and Arabic or Indic digits are read; characters of no width are passed over.
 */
export function personalDataIn(text: string): PersonalFinding[] {
  const { plain, places } = plainForm(text);
  const findings: PersonalFinding[] = [];
  const taken = new Uint8Array(plain.length);
  const take = (kind: PersonalKind, [start, end]: Span): void => {
    if (taken.subarray(start, end).includes(1)) return;
    taken.fill(1, start, end);
    findings.push({ kind, start, end });
  };
  for (const span of emailsIn(plain)) take('email', span);
  if (/\d/u.test(plain)) {
    for (const span of ibansIn(plain)) take('iban', span);
    for (const { kind, pattern, isValid } of matchers) {
      for (const span of matchesOf(plain, pattern, isValid)) take(kind, span);
    }
  }
  findings.sort((a, b) => a.start - b.start);
  if (places === undefined) return findings;
  return findings.map(({ kind, start, end }) => ({
    kind,
    start: places[start] ?? text.length,
    end: (places[end - 1] ?? text.length - 1) + 1,
  }));
}

/**
 * The text with `[email]`, `[phone]`, … in the place of what was found. What it returns holds nothing more to find.
 * Guarantee: applying it again changes nothing (`personal-data.test.ts`).
 */
export function withoutPersonalData(text: string): string {
  let rest = text;
  // What stood apart may form a new number where something was taken out between; at most a few rounds.
  for (;;) {
    const findings = personalDataIn(rest);
    if (findings.length === 0) return rest;
    let written = '';
    let from = 0;
    for (const { kind, start, end } of findings) {
      written += `${rest.slice(from, start)}[${kind}]`;
      from = end;
    }
    rest = written + rest.slice(from);
  }
}

type Span = readonly [start: number, end: number];

interface Matcher {
  kind: PersonalKind;
  pattern: RegExp;
  isValid: (match: string) => boolean;
}

/** The start and end of a number: not within a word, a longer number, or a decimal. */
const from = String.raw`(?<![\p{L}\d_])(?<!\d[.,])`;
const to = String.raw`(?![\p{L}\d_])(?![.,]\d)`;
const form = (body: string): RegExp => new RegExp(from + body + to, 'gu');

/** Longer and better checked numbers come first: what they have found is not looked at again. */
const matchers: readonly Matcher[] = [
  {
    kind: 'ip',
    pattern: /(?<![\p{L}\d:_.])[\da-fA-F:]{2,39}(?:\d\.\d{1,3}\.\d{1,3}\.\d{1,3})?(?![\p{L}\d:_]|\.\d)/gu,
    isValid: isVersion6,
  },
  { kind: 'ip', pattern: form(String.raw`\d{1,3}(?:\.\d{1,3}){3}`), isValid: isVersion4 },
  // One group, five groups, four groups, or the 4-6-5 and 4-6-4 of American Express and Diners.
  { kind: 'card', pattern: form(String.raw`\d{12,19}`), isValid: isCard },
  { kind: 'card', pattern: form(String.raw`\d{4}([ -])\d{4}\1\d{4}\1\d{4}\1\d{1,3}`), isValid: isCard },
  { kind: 'card', pattern: form(String.raw`\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}`), isValid: isCard },
  { kind: 'card', pattern: form(String.raw`\d{4}([ -])\d{6}\1\d{4,5}`), isValid: isCard },
  ...nationalIds.map(({ pattern, isValid }): Matcher => ({
    kind: 'national-id',
    pattern,
    isValid: (match) => isValid(match.replace(/[^\p{L}\d]/gu, '').toUpperCase()),
  })),
  {
    kind: 'phone',
    pattern: form(String.raw`(?<!\+)(?:\+|00)[1-9](?:[ ./()-]{0,3}\d){6,14}`),
    isValid: isInternational,
  },
  // North America: area and exchange begin with 2 to 9.
  {
    kind: 'phone',
    pattern: form(String.raw`(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}`),
    isValid: () => true,
  },
  // Elsewhere: the trunk prefix 0, an area, one to four groups.
  {
    kind: 'phone',
    pattern: form(String.raw`(?:\(0\d{1,5}\)|0\d{1,5})(?:[ ./-]{1,3}\d{2,10}){1,5}`),
    isValid: isNational,
  },
  { kind: 'phone', pattern: form(String.raw`0[1-9]\d{8,9}`), isValid: () => true },
];

/** Every valid match; after an invalid one the search goes on at the next character, so that nothing hides behind it. */
function* matchesOf(text: string, pattern: RegExp, isValid: (match: string) => boolean): Generator<Span> {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const end = match.index + match[0].length;
    const at = pattern.lastIndex;
    const accepted = isValid(match[0]);
    if (accepted) yield [match.index, end];
    // `isValid` and the consumer may run other patterns, never this one.
    pattern.lastIndex = accepted ? at : match.index + 1;
  }
}

const localPart = /[\p{L}\p{M}\d._%+'-]/u;
const domainPart = /[\p{L}\p{M}\d.-]/u;

/** From each @ outwards: at most 64 characters to the left and 253 to the right (RFC 5321, section 4.5.3.1). */
function* emailsIn(text: string): Generator<Span> {
  let last = 0;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > last && at - start < 64 && localPart.test(text.charAt(start - 1))) start--;
    while (start < at && /[.'%+-]/u.test(text.charAt(start))) start++;
    let end = at + 1;
    while (end < text.length && end - at <= 253 && domainPart.test(text.charAt(end))) end++;
    const domain = domainOf(text.slice(at + 1, end));
    if (start === at || domain === undefined) continue;
    last = at + 1 + domain.length;
    yield [start, last];
  }
}

/** The longest beginning that is a domain: labels that neither begin nor end with a hyphen, the last of at least two letters. */
function domainOf(text: string): string | undefined {
  const labels = text.split('.');
  const wrong = labels.findIndex((label) => !/^[\p{L}\d](?:[\p{L}\p{M}\d-]{0,61}[\p{L}\p{M}\d])?$/u.test(label));
  // A hyphen after the address is punctuation.
  const bad = wrong === -1 ? undefined : labels[wrong]?.replace(/-.*$/u, '');
  const good = wrong === -1 ? labels : [...labels.slice(0, wrong), ...(bad ? [bad] : [])];
  while (good.length > 1 && !/^(?:\p{L}[\p{L}\p{M}]{1,23}|xn--[a-z\d-]{1,59})$/iu.test(good.at(-1) ?? '')) good.pop();
  return good.length > 1 ? good.join('.') : undefined;
}

function isCard(match: string): boolean {
  const digits = match.replace(/\D/gu, '');
  const lengths = issuers.find(([prefix]) => prefix.test(digits))?.[1] ?? [];
  return lengths.includes(digits.length) && isLuhn(digits) && !/^(\d)\1*$/u.test(digits);
}

/** Ranges of issuers (ISO/IEC 7812) and the lengths they issue. */
const issuers: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/u, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/u, [16]],
  [/^3[47]/u, [15]],
  [/^3(?:0[0-5]|095|[689])/u, [14, 16, 19]],
  [/^(?:6011|64[4-9]|65)/u, [16, 19]],
  [/^35(?:2[89]|[3-8])/u, [16, 19]],
  [/^62/u, [16, 17, 18, 19]],
  [/^(?:50|5[6-9]|6)/u, [12, 13, 14, 15, 16, 17, 18, 19]],
];

/** A country and two check digits say how many letters and digits belong to the number; a blank or hyphen may stand between any two. */
function* ibansIn(text: string): Generator<Span> {
  for (const head of text.matchAll(/(?<![\p{L}\d_])[A-Za-z]{2}\d\d/gu)) {
    const length = ibanLengths[head[0].slice(0, 2).toUpperCase()];
    if (length === undefined) continue;
    let compact = head[0];
    let end = head.index + compact.length;
    while (compact.length < length) {
      if (/[ -]/u.test(text.charAt(end))) end++;
      if (!/[A-Za-z\d]/u.test(text.charAt(end))) break;
      compact += text.charAt(end++);
    }
    if (compact.length === length && !/[\p{L}\d_]/u.test(text.charAt(end)) && isIban(compact)) yield [head.index, end];
  }
}

/** ISO 7064, MOD 97-10, over the number with its head at the end. */
function isIban(compact: string): boolean {
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

function isVersion4(match: string): boolean {
  return (
    match.split('.').every((part) => Number(part) <= 255 && String(Number(part)) === part) && !match.startsWith('0.')
  );
}

function isVersion6(match: string): boolean {
  if (!match.includes(':')) return false;
  const halves = match.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const dotted = groups.at(-1)?.includes('.') === true ? groups.pop() : undefined;
  if (dotted !== undefined && !isVersion4(dotted)) return false;
  const count = groups.length + (dotted === undefined ? 0 : 2);
  if (!groups.every((group) => /^[\da-f]{1,4}$/iu.test(group)) || !/\d/u.test(match)) return false;
  return halves.length === 2 ? count >= 2 && count <= 7 : count === 8;
}

function isInternational(match: string): boolean {
  const digits = match.replace(/\D/gu, '').replace(/^00/u, '');
  return digits.length >= 8 && digits.length <= 15 && callingCodes.test(digits) && isBracketed(match);
}

function isNational(match: string): boolean {
  const digits = match.replace(/\D/gu, '');
  const isDate = /^\d\d?([./-])\d\d?\1(?:(?:19|20)\d\d(?!\d)|\d\d(?!\d|\1))/u.test(match);
  return digits.length >= 9 && digits.length <= 12 && !digits.startsWith('00') && !isDate && isBracketed(match);
}

/** No bracket is opened that is not closed. */
function isBracketed(match: string): boolean {
  return (match.match(/\(/gu)?.length ?? 0) === (match.match(/\)/gu)?.length ?? 0);
}

/**
 * The text as ASCII knows it: digits of other scripts, full-width forms, special blanks and dashes become their plain fellows, characters of
 * no width go. `places` leads back; it is missing when nothing changed its place.
 */
function plainForm(text: string): { plain: string; places: Uint32Array | undefined } {
  if (!/[^\p{ASCII}]/u.test(text)) return { plain: text, places: undefined };
  const places = new Uint32Array(text.length + 1);
  const units = new Uint16Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isWidthless(unit)) continue;
    places[length] = at;
    units[length++] = unit < 128 ? unit : plainUnit(unit);
  }
  places[length] = text.length;
  let plain = '';
  for (let at = 0; at < length; at += 8192)
    plain += String.fromCharCode(...units.subarray(at, Math.min(length, at + 8192)));
  return { plain, places };
}

/** Soft hyphen, zero-width space and joiners, direction marks, word joiner, variation selectors, byte order mark. */
function isWidthless(unit: number): boolean {
  return (
    unit === 0xad ||
    (unit >= 0x200b && unit <= 0x200f) ||
    (unit >= 0x202a && unit <= 0x202e) ||
    (unit >= 0x2060 && unit <= 0x2069) ||
    (unit >= 0xfe00 && unit <= 0xfe0f) ||
    unit === 0xfeff
  );
}

/** Where the digit zero stands in Arabic-Indic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Kannada, Thai. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xc66, 0xce6, 0xe50];

function plainUnit(unit: number): number {
  if (unit >= 0xff01 && unit <= 0xff5e) return unit - 0xfee0;
  if (unit === 0xa0 || (unit >= 0x2000 && unit <= 0x200a) || unit === 0x202f || unit === 0x3000) return 0x20;
  if ((unit >= 0x2010 && unit <= 0x2015) || unit === 0x2212) return 0x2d;
  if (unit < 0x660 || unit > 0xe59) return unit;
  const zero = zeros.find((first) => unit >= first && unit < first + 10);
  return zero === undefined ? unit : 0x30 + unit - zero;
}
