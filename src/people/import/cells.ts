/**
 * Reads single values of a row: an id, a moment, a price, a yes or no. Each answers `undefined` for what it cannot read, because the value itself
 * must not stand in a message.
 */

const idMax = 200;

/** Text of an id without outer space; undefined when there is none. Numbers count only where they are exact. */
export function idIn(value: unknown): string | undefined {
  const text =
    typeof value === 'string'
      ? value.trim()
      : typeof value === 'bigint' || Number.isSafeInteger(value)
        ? String(value)
        : '';
  return text === '' ? undefined : text;
}

/** Why a text cannot be an id of a person, an item or a message; undefined when it can. The reason quotes nothing of it. */
export function faultOfId(id: string): string | undefined {
  if (id.length > idMax) return `is longer than ${idMax} characters`;
  if (id.includes('\uFFFD') || !id.isWellFormed()) return 'holds bytes that are no text in this encoding (--encoding)';
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u001f\u007f]/.test(id))
    return 'holds a line break or another control character, as after a quote that was never closed';
  return undefined;
}

/** How times are written: `iso`, `seconds`, `milliseconds`, or a pattern of YYYY, MM, DD, HH, mm, ss such as `DD/MM/YYYY HH:mm`. Times without a zone are UTC. */
export type TimeReader = (value: unknown) => Date | undefined;

/** The reader of a time format, or undefined for a format that is none. */
export function timeReader(format: string): TimeReader | undefined {
  switch (format) {
    case 'iso':
      return isoTime;
    case 'seconds':
      return (value) => epochTime(value, 1000);
    case 'milliseconds':
      return (value) => epochTime(value, 1);
    default:
      return patternReader(format);
  }
}

function isoTime(value: unknown): Date | undefined {
  if (value instanceof Date) return validDate(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const match = /^\d{4}-\d{2}-\d{2}(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)( ?Z|[+-]\d{2}(?::?\d{2})?)?)?$/i.exec(
    text,
  );
  if (match === null) return undefined;
  const [, time, zone] = match;
  // Already in the one form that every engine reads the same way: the common case.
  if (zone === 'Z' && text[10] === 'T') return validDate(new Date(text), text);
  const offset =
    zone === undefined || zone.trim().toUpperCase() === 'Z'
      ? 'Z'
      : `${zone.slice(0, 3)}:${zone.replace(':', '').slice(3) || '00'}`;
  return validDate(new Date(`${text.slice(0, 10)}T${time ?? '00:00'}${offset}`), text);
}

/** `Date` lets the 31st of April pass as the 1st of May; a day that does not exist is no time. */
function validDate(date: Date, written?: string): Date | undefined {
  if (Number.isNaN(date.getTime())) return undefined;
  if (written === undefined) return date;
  return Number(written.slice(8, 10)) <= daysIn(Number(written.slice(0, 4)), Number(written.slice(5, 7)))
    ? date
    : undefined;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

function epochTime(value: unknown, scale: number): Date | undefined {
  if (value instanceof Date) return validDate(value);
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'bigint'
        ? Number(value)
        : typeof value === 'string' && /^\s*-?\d{1,17}(\.\d+)?\s*$/.test(value)
          ? Number(value)
          : Number.NaN;
  return validDate(new Date(number * scale));
}

const patternParts: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
};

function patternReader(format: string): TimeReader | undefined {
  const parts: readonly string[] = format.match(/YYYY|MM|DD|HH|mm|ss/g) ?? [];
  if (!['YYYY', 'MM', 'DD'].every((part) => parts.includes(part)) || new Set(parts).size !== parts.length)
    return undefined;
  const source = format.replaceAll(
    /YYYY|MM|DD|HH|mm|ss|[^]/g,
    (part) => patternParts[part] ?? part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`),
  );
  const pattern = new RegExp(`^${source}$`);
  return (value) => {
    if (value instanceof Date) return validDate(value);
    const found = typeof value === 'string' ? pattern.exec(value.trim())?.groups : undefined;
    if (found === undefined) return undefined;
    const part = (name: string): number => Number(found[name] ?? 0);
    const [year, month, day] = [part('year'), part('month'), part('day')];
    if (
      month < 1 ||
      month > 12 ||
      day < 1 ||
      day > daysIn(year, month) ||
      part('hour') > 23 ||
      part('minute') > 59 ||
      part('second') > 59
    )
      return undefined;
    return new Date(Date.UTC(year, month - 1, day, part('hour'), part('minute'), part('second')));
  };
}

/** Minor units and currency of `12.00 GBP`, `GBP 12`, or `12.00` beside a currency of its own. */
export function priceIn(value: unknown, currency: string | undefined): { minor: number; currency: string } | undefined {
  const text =
    typeof value === 'number' || typeof value === 'bigint'
      ? String(value)
      : typeof value === 'string'
        ? value.trim()
        : '';
  const match = /^(?:([A-Z]{3}) ?)?(\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.(\d{1,6}))?(?: ?([A-Z]{3}))?$/i.exec(text);
  if (match === null) return undefined;
  const [, before, whole = '', fraction = '', after] = match;
  if (before !== undefined && after !== undefined) return undefined;
  const code = (before ?? after ?? currency)?.toUpperCase();
  const digits = code === undefined ? undefined : minorDigits(code);
  if (code === undefined || digits === undefined || fraction.slice(digits).replaceAll('0', '') !== '') return undefined;
  const minor = Number(whole.replaceAll(',', '') + fraction.slice(0, digits).padEnd(digits, '0'));
  return Number.isSafeInteger(minor) ? { minor, currency: code } : undefined;
}

const digitsOf = new Map<string, number>();

/** How many digits a currency has after the point (ISO 4217, as CLDR has it); undefined for three letters that are no currency in use. */
function minorDigits(code: string): number | undefined {
  if (digitsOf.size === 0) {
    for (const known of Intl.supportedValuesOf('currency')) {
      digitsOf.set(
        known,
        new Intl.NumberFormat('en', { style: 'currency', currency: known }).resolvedOptions().maximumFractionDigits ??
          2,
      );
    }
  }
  return digitsOf.get(code);
}

/** A yes or a no as tables write it. */
export function booleanIn(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (['true', 'yes', 'y', '1', 't'].includes(text)) return true;
  if (['false', 'no', 'n', '0', 'f'].includes(text)) return false;
  return undefined;
}
