/**
 * National identification numbers by their published form and check digits, called by `personal-data.ts`. A number without a check digit is
 * listed only where its form alone is telling. Every pattern has a fixed length, so each is tried in constant time.
 */

export interface NationalId {
  /** Country (ISO 3166) and what it is called there. */
  name: string;
  pattern: RegExp;
  /** The match without separators, upper case. */
  isValid: (compact: string) => boolean;
}

/** Not in the middle of a word or a longer number. */
const from = String.raw`(?<![\p{L}\d_])(?<!\d[.,-])`;
const to = String.raw`(?![\p{L}\d_])(?![.,-]\d)`;
const form = (body: string): RegExp => new RegExp(from + body + to, 'gu');

export const nationalIds: readonly NationalId[] = [
  {
    name: 'US social security number',
    pattern: form(String.raw`(?!000|666|9)\d{3}([ -])(?!00)\d\d\1(?!0000)\d{4}`),
    isValid: () => true,
  },
  {
    name: 'GB national insurance number',
    pattern: form(String.raw`(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]`),
    isValid: () => true,
  },
  {
    name: 'GB NHS number',
    pattern: form(String.raw`\d{3}([ -])\d{3}\1\d{4}`),
    isValid: (id) => (11 - (weighted(id.slice(0, 9), [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(id[9]),
  },
  {
    name: 'FR numéro de sécurité sociale',
    pattern: form(String.raw`[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d`),
    isValid: (id) => {
      // Corsica: 2A counts as 19 and 2B as 18.
      const number = BigInt(id.slice(0, 13).replace('2A', '19').replace('2B', '18'));
      return 97n - (number % 97n) === BigInt(id.slice(13));
    },
  },
  {
    name: 'DE Steuer-Identifikationsnummer',
    pattern: form(String.raw`[1-9]\d ?\d{3} ?\d{3} ?\d{3}`),
    isValid: (id) => isOneDigitRepeated(id.slice(0, 10)) && mod11By10(id),
  },
  {
    name: 'ES DNI or NIE',
    pattern: form(String.raw`(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]`),
    isValid: (id) => {
      const number = Number(id.slice(0, -1).replace('X', '0').replace('Y', '1').replace('Z', '2'));
      return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === id.at(-1);
    },
  },
  {
    name: 'IT codice fiscale',
    pattern: form(String.raw`[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]`),
    isValid: isCodiceFiscale,
  },
  {
    name: 'PL PESEL',
    pattern: form(String.raw`\d{11}`),
    // The month carries the century: 01–12, 21–32, …
    isValid: (id) =>
      isDay(Number(id.slice(2, 4)) % 20, Number(id.slice(4, 6))) &&
      (10 - (weighted(id.slice(0, 10), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(id[10]),
  },
  {
    name: 'BE rijksregisternummer',
    pattern: form(String.raw`\d\d(\.?)(?:0\d|1[0-2])\1[0-3]\d-?\d{3}\.?\d\d`),
    isValid: (id) => {
      const check = Number(id.slice(9));
      return [id.slice(0, 9), `2${id.slice(0, 9)}`].some((number) => 97 - (Number(number) % 97) === check);
    },
  },
  {
    name: 'NO fødselsnummer',
    pattern: form(String.raw`[0-7]\d[0-5]\d\d\d ?\d{5}`),
    isValid: (id) =>
      isDay(Number(id.slice(2, 4)) % 40, Number(id.slice(0, 2)) % 40) &&
      weighted(id, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
      weighted(id, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  },
  {
    name: 'SE personnummer',
    pattern: form(String.raw`(?:19|20)?\d\d[01]\d[0-9]\d[-+]\d{4}`),
    isValid: (id) => {
      const ten = id.slice(-10);
      return isDay(Number(ten.slice(2, 4)), Number(ten.slice(4, 6)) % 60) && isLuhn(ten);
    },
  },
  {
    name: 'FI henkilötunnus',
    pattern: form(String.raw`[0-3]\d[01]\d\d\d[-+A-FU-Y]\d{3}[\dA-FHJ-NPR-Y]`),
    isValid: (id) => {
      const digits = id.replace(/[^\d]/gu, '');
      const nine = `${id.slice(0, 6)}${digits.slice(6, 9)}`;
      return (
        isDay(Number(id.slice(2, 4)), Number(id.slice(0, 2))) &&
        '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(nine) % 31] === id.at(-1)
      );
    },
  },
  {
    name: 'DK CPR-nummer',
    pattern: form(String.raw`[0-3]\d[01]\d\d\d-\d{4}`),
    isValid: (id) => isDay(Number(id.slice(2, 4)), Number(id.slice(0, 2))),
  },
  {
    name: 'BR CPF',
    pattern: form(String.raw`\d{3}(\.?)\d{3}\1\d{3}-?\d\d`),
    isValid: isCpf,
  },
  {
    name: 'IN Aadhaar',
    pattern: form(String.raw`[2-9]\d{3}([ -]?)\d{4}\1\d{4}`),
    isValid: isVerhoeff,
  },
  {
    name: 'CA social insurance number',
    pattern: form(String.raw`[1-79]\d\d([ -])\d{3}\1\d{3}`),
    isValid: isLuhn,
  },
  {
    name: 'CN resident identity number',
    pattern: form(String.raw`[1-9]\d{5}(?:19|20)\d\d[01]\d[0-3]\d{4}[\dX]`),
    isValid: (id) =>
      isDay(Number(id.slice(10, 12)), Number(id.slice(12, 14))) &&
      '10X98765432'[weighted(id.slice(0, 17), [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] === id[17],
  },
];

/** Luhn's check: every second digit from the right doubled, digits added, a multiple of ten. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0);
}

function isDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/** Among ten digits exactly one comes twice or three times, the others once at most. */
function isOneDigitRepeated(digits: string): boolean {
  const counts = new Map<string, number>();
  for (const digit of digits) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1);
  return repeated.length === 1 && (repeated[0] ?? 0) <= 3;
}

/** ISO 7064, MOD 11,10. */
function mod11By10(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (Number(digit) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.at(-1));
}

function isCpf(digits: string): boolean {
  if (/^(\d)\1{10}$/u.test(digits)) return false;
  return [9, 10].every((length) => {
    let sum = 0;
    for (let at = 0; at < length; at++) sum += Number(digits[at]) * (length + 1 - at);
    return ((sum * 10) % 11) % 10 === Number(digits[length]);
  });
}

/** By the decree of 23 December 1976: odd places by a table of their own, even places by the alphabet. */
function isCodiceFiscale(id: string): boolean {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  let sum = 0;
  for (let at = 0; at < 15; at++) {
    const code = id.charCodeAt(at);
    const rank = code < 65 ? code - 48 : code - 65;
    sum += at % 2 === 0 ? (odd[rank] ?? 0) : rank;
  }
  return sum % 26 === id.charCodeAt(15) - 65;
}

/** Verhoeff 1969: the dihedral group of the pentagon, with a permutation that wanders with the place. */
function isVerhoeff(digits: string): boolean {
  const next = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  let check = 0;
  for (let at = 0; at < digits.length; at++) {
    let digit = Number(digits[digits.length - 1 - at]);
    for (let turn = at % 8; turn > 0; turn--) digit = next[digit] ?? 0;
    check = dihedralProduct(check, digit);
  }
  return check === 0;
}

/** Elements 0–4 turn, 5–9 flip. */
function dihedralProduct(left: number, right: number): number {
  const turn = left < 5 ? (left % 5) + (right % 5) : (left % 5) - (right % 5) + 5;
  return (turn % 5) + (left < 5 === right < 5 ? 0 : 5);
}
