import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { booleanIn, faultOfId, idIn, priceIn, timeReader } from './cells.ts';

const day = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});

describe('times', () => {
  it('in ISO 8601 are read as they were written, to the millisecond', () => {
    const read = timeReader('iso');
    fc.assert(
      fc.property(day, (date) => {
        expect(read?.(date.toISOString())).toEqual(date);
      }),
    );
  });

  it('without a zone are UTC, and with an offset are moved by it', () => {
    const read = timeReader('iso');
    expect(read?.('2011-12-09')).toEqual(new Date('2011-12-09T00:00:00Z'));
    expect(read?.(' 2011-12-09 12:50 ')).toEqual(new Date('2011-12-09T12:50:00Z'));
    expect(read?.('2011-12-09T12:50:01.5+02:00')).toEqual(new Date('2011-12-09T10:50:01.500Z'));
    expect(read?.('2011-12-09T12:50:01-0330')).toEqual(new Date('2011-12-09T16:20:01Z'));
    expect(read?.('2011-12-09 12:50:01 Z')).toEqual(new Date('2011-12-09T12:50:01Z'));
    expect(read?.('2011-12-09T12:50:01+02')).toEqual(new Date('2011-12-09T10:50:01Z'));
  });

  it('that do not exist or are no times at all are not read', () => {
    for (const text of [
      '2023-02-29',
      '2023-04-31T00:00:00Z',
      '1900-02-29',
      '2023-13-01',
      '2023-01-01T25:00:00Z',
      '2023-01-01Z',
      'yesterday',
      '',
      '12/10/2011',
      '1322000000',
      null,
      5,
    ]) {
      expect(timeReader('iso')?.(text)).toBeUndefined();
    }
    expect(timeReader('iso')?.('2000-02-29')).toEqual(new Date('2000-02-29T00:00:00Z'));
  });

  it('as a number count seconds or milliseconds, as was said', () => {
    expect(timeReader('seconds')?.('1322000000')).toEqual(new Date(1_322_000_000_000));
    expect(timeReader('seconds')?.(1_322_000_000.25)).toEqual(new Date(1_322_000_000_250));
    expect(timeReader('milliseconds')?.(1_322_000_000_000n)).toEqual(new Date(1_322_000_000_000));
    for (const value of ['', 'soon', '1e9', Number.NaN, 1e300, null])
      expect(timeReader('seconds')?.(value)).toBeUndefined();
  });

  it('in a pattern are read by it, and a day that does not exist is not', () => {
    const read = timeReader('DD/MM/YYYY HH:mm');
    fc.assert(
      fc.property(day, (date) => {
        const two = (value: number) => String(value).padStart(2, '0');
        const written = `${two(date.getUTCDate())}/${two(date.getUTCMonth() + 1)}/${String(date.getUTCFullYear()).padStart(4, '0')} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
        const minute = new Date(Math.floor(date.getTime() / 60_000) * 60_000);
        if (date.getUTCFullYear() >= 100) expect(read?.(written)).toEqual(minute);
      }),
    );
    expect(timeReader('MM/DD/YYYY')?.('9/1/2011')).toEqual(new Date('2011-09-01T00:00:00Z'));
    for (const text of ['29/02/2023 10:00', '31/04/2023 10:00', '1/1/2023 24:00', '1/1/2023', '01/01/2023 10:00:00'])
      expect(read?.(text)).toBeUndefined();
  });

  it('need a format that says year, month and day once each', () => {
    for (const format of ['', 'DD/MM', 'YYYY', 'DD/MM/YYYY DD', 'tomorrow']) expect(timeReader(format)).toBeUndefined();
  });

  it('that a file format gives as dates need no reading', () => {
    const date = new Date(0);
    for (const format of ['iso', 'seconds', 'milliseconds', 'YYYYMMDD'])
      expect(timeReader(format)?.(date)).toEqual(date);
  });
});

describe('prices', () => {
  it('become minor units of their currency, exactly', () => {
    expect(priceIn('12.00 GBP', undefined)).toEqual({ minor: 1200, currency: 'GBP' });
    expect(priceIn('GBP 2.5', undefined)).toEqual({ minor: 250, currency: 'GBP' });
    expect(priceIn('1,299.99', 'usd')).toEqual({ minor: 129_999, currency: 'USD' });
    expect(priceIn(4.35, 'EUR')).toEqual({ minor: 435, currency: 'EUR' });
    expect(priceIn('500 JPY', 'GBP')).toEqual({ minor: 500, currency: 'JPY' });
    expect(priceIn('1.234 KWD', undefined)).toEqual({ minor: 1_234, currency: 'KWD' });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999 }), (minor) => {
        expect(priceIn(`${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')} EUR`, undefined)).toEqual({
          minor,
          currency: 'EUR',
        });
      }),
    );
  });

  it('that are not exact, not clear or in no currency are not read', () => {
    for (const text of [
      '12',
      '12.345 GBP',
      '1.5 JPY',
      '12,50 EUR',
      '-3 GBP',
      'free',
      '',
      '12 QQQ',
      'GBP 12 EUR',
      '99999999999999999 GBP',
      null,
    ])
      expect(priceIn(text, undefined)).toBeUndefined();
  });
});

describe('ids', () => {
  it('lose outer space, and numbers count only where they are exact', () => {
    expect(idIn('  A 1 ')).toBe('A 1');
    expect(idIn(17850)).toBe('17850');
    expect(idIn(12345678901234567890n)).toBe('12345678901234567890');
    for (const value of ['', '  ', null, undefined, {}, [], true, 1.5, 2 ** 60, Number.NaN])
      expect(idIn(value)).toBeUndefined();
  });

  it('of any plain text up to 200 characters can be kept; control characters, unreadable bytes and longer ones cannot', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (text) => {
        expect(faultOfId(text)).toBeUndefined();
      }),
    );
    for (const text of ['a\nb', 'a\u0000', '\uFFFD', '\uD800', 'x'.repeat(201)]) expect(faultOfId(text)).toBeDefined();
  });
});

it('yes and no are read in the words of tables', () => {
  for (const yes of [true, 'TRUE', ' yes ', 'y', 1, '1']) expect(booleanIn(yes)).toBe(true);
  for (const no of [false, 'False', 'no', 'N', 0, '0']) expect(booleanIn(no)).toBe(false);
  for (const neither of ['maybe', '', null, 2, {}]) expect(booleanIn(neither)).toBeUndefined();
});
