import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PersonalKind, personalDataIn, withoutPersonalData } from './personal-data.ts';

/** What was found, in words: kind and the piece of text. */
function found(text: string): [PersonalKind, string][] {
  return personalDataIn(text).map(({ kind, start, end }) => [kind, text.slice(start, end)]);
}

/** Each line is found whole and as nothing else. */
const samples: Readonly<Record<PersonalKind, readonly string[]>> = {
  email: [
    'ada@example.com',
    'ada.lovelace+shop@mail.example.co.uk',
    "o'brien@example.ie",
    'jörg@müller.example',
    'a@b.example',
    'почта@пример.рф',
    'x_y-z%1@sub-domain.example.museum',
    'ada@xn--mller-kva.example',
  ],
  phone: [
    '+49 30 901820',
    '+49 (0)30 90182-0',
    '+442079460958',
    '+44 20 7946 0958',
    '+1 212-555-0123',
    '+1 (212) 555-0123',
    '+33 6 12 34 56 78',
    '+91 98765 43210',
    '+86 138 0013 8000',
    '+353 1 234 5678',
    '+971 50 123 4567',
    '0049 30 901820',
    '(212) 555-0123',
    '212-555-0123',
    '212.555.0123',
    '1-212-555-0123',
    '020 7946 0958',
    '(020) 7946 0958',
    '030 901820123',
    '030/901820123',
    '06 12 34 56 78',
    '06.12.34.56.78',
    '07911123456',
    '0612345678',
  ],
  card: [
    '4012888888881881',
    '4012-8888-8888-1881',
    '4012 8888 8888 1881',
    '4222222222222',
    '5555555555554444',
    '2223003122003222',
    '378282246310005',
    '3782 822463 10005',
    '30569309025904',
    '3056 930902 5904',
    '6011111111111117',
    '3530111333300000',
    '6759649826438453',
  ],
  iban: [
    'DE89370400440532013000',
    'DE89 3704 0044 0532 0130 00',
    'GB82 WEST 1234 5698 7654 32',
    'gb82west12345698765432',
    'FR14 2004 1010 0505 0001 3M02 606',
    'NO93 8601 1117 947',
    'MT84MALT011000012345MTLCAST001S',
    'CH93-0076-2011-6238-5295-7',
  ],
  ip: [
    '192.0.2.17',
    '255.255.255.255',
    '2001:db8::8a2e:370:7334',
    '2001:0db8:0000:0000:0000:ff00:0042:8329',
    '::ffff:192.0.2.128',
    'fe80::1',
  ],
  'national-id': [
    '078-05-1120',
    'AB123456C',
    'AB 12 34 56 C',
    '943 476 5919',
    '1 84 12 76 451 089 46',
    '184127645108946',
    '2 69 05 49 588 157 80',
    '86095742719',
    '86 095 742 719',
    '12345678Z',
    'X1234567L',
    'RSSMRA85T10A562S',
    '44051401359',
    '85.07.30-033.28',
    '811218-9876',
    '131052-308T',
    '211062-5629',
    '111.444.777-35',
    '11144477735',
    '2341 2341 2346',
    '130 692 544',
    '11010519491231002X',
  ],
};

describe('each kind is found, whole and as itself', () => {
  for (const [kind, texts] of Object.entries(samples)) {
    test.each(texts)(`${kind}: %s`, (text) => {
      for (const around of [text, `Please use ${text}, thanks.`, `(${text})`, `Ada: ${text}\nBen`, `„${text}“`]) {
        expect(found(around)).toEqual([[kind, text]]);
      }
    });
  }

  test('published card cases', () => {
    const spans = (text: string) => personalDataIn(text).map(({ kind, start, end }) => [kind, start, end]);
    expect(spans('4012888888881881 4012-8888-8888-1881 4012 8888 8888 1881')).toEqual([
      ['card', 0, 16],
      ['card', 17, 36],
      ['card', 37, 56],
    ]);
    expect(spans('4012-8888-8888-1882')).toEqual([]);
    expect(spans('36168002586008')).toEqual([]);
  });

  test('a number beside the number does not hide it', () => {
    expect(found('No. 1234 4012 8888 8888 1881 12')).toEqual([['card', '4012 8888 8888 1881']]);
    expect(found('2 x DE89 3704 0044 0532 0130 00 3 pieces')).toEqual([['iban', 'DE89 3704 0044 0532 0130 00']]);
    expect(found('ada@example.com,ben@example.com;cleo@example.com')).toHaveLength(3);
  });

  test('digits of other scripts, full-width forms and characters of no width are no disguise', () => {
    expect(found('٤٠١٢٨٨٨٨٨٨٨٨١٨٨١')).toEqual([['card', '٤٠١٢٨٨٨٨٨٨٨٨١٨٨١']]);
    expect(found('ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ')).toEqual([['email', 'ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ']]);
    expect(found('call +४४ २० ७९४६ ०९५८ now')).toEqual([['phone', '+४४ २० ७९४६ ०९५८']]);
    expect(found('x a\u200bda@exam\u00adple.com y')).toEqual([['email', 'a\u200bda@exam\u00adple.com']]);
    expect(found('4012\u00a08888\u20118888\u00a01881')).toEqual([]);
    expect(found('4012\u00a08888\u00a08888\u00a01881')).toHaveLength(1);
  });
});

describe('what looks a little like it is left alone', { timeout: 60_000 }, () => {
  test.each([
    'Only 12.99 EUR instead of 1,299.00 until 24.12.2026, 18:30',
    'Order 2024-000123, 3 x 250 g, 1000 pieces, 20 % off, size 42-44',
    'From 01.02.2024 to 2024-03-31, open 09:00-18:30',
    'EAN 4006381333931 and ISBN 978-3-16-148410-0',
    '4012888888881882, 0000 0000 0000 0000 and 1111111111111111',
    'Version 4.12.1, 1.2.3 and 999.1.1.1 of std::vector, a::b, 12:30:45',
    'DE12345678901234567890 and GB00WEST12345698765432',
    '@fairlead and user@localhost, 5@2.50, @@, a@, @b.com',
    'SKU AB123456, A4012888888881881, model X100-200-3000',
    'Room 212, 555 0123 guests, 10 000 000 likes, 100-200-3000',
    '000-12-3456, 666-12-3456, 987-65-4321, 123-00-4567',
    'Dimensions 100 x 200 x 300 mm; weight 1.250,5 kg; pi 3.14159265358979',
    'https://shop.example/items/1234567?size=10&colour=blue',
  ])('%s', (text) => {
    expect(found(text)).toEqual([]);
  });

  test('one digit off and the check digits say no: of 10,000 changed cards and accounts none is taken for one', () => {
    const changed = fc.tuple(
      fc.constantFrom('4012888888881881', 'DE89370400440532013000', '5555555555554444'),
      fc.nat(),
      fc.integer({ min: 1, max: 9 }),
    );
    fc.assert(
      fc.property(changed, ([number, place, by]) => {
        const at = 4 + (place % (number.length - 4));
        const wrong = number.slice(0, at) + String((Number(number[at]) + by) % 10) + number.slice(at + 1);
        expect(found(wrong).filter(([kind]) => kind === 'card' || kind === 'iban')).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
  });
});

/** Any code units at all, lone surrogates too; the alphabet of fast-check's own takes two seconds to build. */
const anyText = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

describe('over seeded texts', { timeout: 60_000 }, () => {
  const plainWords = fc.constantFrom(
    'your',
    'order',
    'of',
    'two',
    'lamps',
    'is',
    'ready',
    'since',
    'Monday',
    'gift',
    '20 %',
    'EUR 12.50',
    '3 x',
    'size 42',
    'vom 24.12.2026',
  );
  const personal = fc.constantFrom(...Object.values(samples).flat());

  test('everything planted is found, and nothing else: recall and precision are 1 for the forms above', () => {
    let [planted, met, claimed] = [0, 0, 0];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(plainWords, { minLength: 1, maxLength: 6 }), personal), { maxLength: 5 }),
        (parts) => {
          const text = parts.map(([words, value]) => `${words.join(' ')}: ${value};`).join(' ');
          const values = found(text).map(([, value]) => value);
          planted += parts.length;
          claimed += values.length;
          met += parts.filter(([, value]) => values.includes(value)).length;
        },
      ),
      { numRuns: 500, seed: 20_260_101 },
    );
    expect(planted).toBeGreaterThan(500);
    expect(met).toBe(planted);
    expect(claimed).toBe(planted);
  });

  test('redaction leaves nothing to find, and applying it again changes nothing', { timeout: 60_000 }, () => {
    const any = fc.array(
      fc.oneof(plainWords, personal, anyText, fc.constantFrom('+', '@', '.', ' ', '0', '(', '-', '\u200b')),
    );
    fc.assert(
      fc.property(any, fc.constantFrom('', ' '), (parts, separator) => {
        const clean = withoutPersonalData(parts.join(separator));
        expect(personalDataIn(clean)).toEqual([]);
        expect(withoutPersonalData(clean)).toBe(clean);
      }),
      { numRuns: 150 },
    );
    expect(withoutPersonalData('Write to ada@example.com or +49 30 901820.')).toBe('Write to [email] or [phone].');
  });

  test('findings lie in the text, in order and apart, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.stringMatching(/^[0-9 +().:@a-f-]*$/)), (text) => {
        let before = 0;
        for (const { start, end } of personalDataIn(text)) {
          expect(start >= before && end > start && end <= text.length).toBe(true);
          before = end;
        }
      }),
    );
  });
});

test('half a megabyte costs no more by the character than a page does, whatever the text', { timeout: 60_000 }, () => {
  const shapes = [
    '1',
    '1 ',
    '1.',
    '1-',
    '0 1',
    '1.1.1.1 ',
    'a@',
    '@',
    'a.',
    'a',
    '+1 ',
    '(0',
    ':',
    'a:',
    '::1 ',
    'DE89 ',
    '4012 8888 ',
    '4012888888881881 ',
    '00',
    '\u200b1',
    '-',
    'A1',
    '012/34 ',
    '1234-',
  ];
  const perCharacter = (text: string): number => {
    const start = performance.now();
    personalDataIn(text);
    return (performance.now() - start) / text.length;
  };
  for (const shape of shapes) {
    // Quadratic time would make the long text 32 times dearer by the character. The best of several tries, because machines are busy.
    const [page, long] = [16_384, 524_288].map((length) => shape.repeat(Math.ceil(length / shape.length)));
    const short = Math.min(...[1, 2, 3].map(() => perCharacter(page ?? '')));
    const isLinear = [1, 2, 3].some(() => perCharacter(long ?? '') < short * 12 + 0.001);
    expect(isLinear, `"${shape}"`).toBe(true);
  }
});
