import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDuration,
  capOf,
  durationMsMax,
  durationMsMean,
  durationOf,
  goalOf,
  intervalOf,
  parsedCap,
  parsedDuration,
  parsedGoal,
  subtractDuration,
} from './durations.ts';

const unit = fc.constantFrom('minute', 'hour', 'day', 'week', 'month', 'year');
const durationText = fc.tuple(fc.integer({ min: 1, max: 500 }), unit).map(([count, unit]) => `${count} ${unit}s`);
const moment = fc.date({ min: new Date('1600-01-01'), max: new Date('2600-01-01'), noInvalidDate: true });

describe('a length of time', () => {
  it('is a number and a unit', () => {
    expect(durationOf('13 months')).toEqual({ months: 13, days: 0, ms: 0 });
    expect(durationOf('1 year')).toEqual({ months: 12, days: 0, ms: 0 });
    expect(durationOf('2 weeks')).toEqual({ months: 0, days: 14, ms: 0 });
    expect(durationOf('90 minutes')).toEqual({ months: 0, days: 0, ms: 5_400_000 });
    expect(durationOf('999999 years').months).toBe(11_999_988);
  });

  it.each([
    '',
    '0 days',
    '-1 days',
    '1.5 days',
    '1e3 days',
    '1 Day',
    '1  day',
    ' 1 day',
    '1 day\n',
    '1 fortnight',
    '10 daysx',
    '١ day',
    '1000000 days',
    'soon',
  ])('is not %j', (text) => {
    expect(parsedDuration(text)).toBeUndefined();
    expect(() => durationOf(text)).toThrow(RangeError);
  });

  it('added to a date keeps its day, or takes the last day of a shorter month', () => {
    expect(addDuration(new Date('2024-01-31T10:30:00.123Z'), '1 month').toISOString()).toBe('2024-02-29T10:30:00.123Z');
    expect(addDuration(new Date('2023-01-31T00:00:00Z'), '13 months').toISOString()).toBe('2024-02-29T00:00:00.000Z');
    expect(addDuration(new Date('2024-02-29T23:59:59.999Z'), '1 year').toISOString()).toBe('2025-02-28T23:59:59.999Z');
    expect(subtractDuration(new Date('2024-03-31T00:00:00Z'), '1 month').toISOString()).toBe(
      '2024-02-29T00:00:00.000Z',
    );
    expect(subtractDuration(new Date('2024-01-15T00:00:00Z'), '13 months').toISOString()).toBe(
      '2022-12-15T00:00:00.000Z',
    );
    expect(addDuration(new Date('0050-01-31T00:00:00Z'), '1 month').getUTCFullYear()).toBe(50);
    expect(addDuration(new Date('1969-12-31T23:00:00Z'), '2 hours').toISOString()).toBe('1970-01-01T01:00:00.000Z');
  });

  it('is longer than nothing, in both directions', () => {
    fc.assert(
      fc.property(moment, durationText, (date, text) => {
        expect(addDuration(date, text).getTime()).toBeGreaterThan(date.getTime());
        expect(subtractDuration(date, text).getTime()).toBeLessThan(date.getTime());
      }),
    );
  });

  it('never reorders two dates', () => {
    fc.assert(
      fc.property(moment, moment, durationText, (one, other, text) => {
        const [earlier, later] = one <= other ? [one, other] : [other, one];
        // Whole days only: within the day that a short month cuts to, times of day may cross.
        earlier.setUTCHours(0, 0, 0, 0);
        later.setUTCHours(0, 0, 0, 0);
        expect(addDuration(earlier, text).getTime()).toBeLessThanOrEqual(addDuration(later, text).getTime());
        expect(subtractDuration(earlier, text).getTime()).toBeLessThanOrEqual(subtractDuration(later, text).getTime());
      }),
    );
  });

  it('lasts no longer than its greatest length', () => {
    fc.assert(
      fc.property(moment, durationText, (date, text) => {
        const lasted = addDuration(date, text).getTime() - date.getTime();
        expect(lasted).toBeLessThanOrEqual(durationMsMax(durationOf(text)));
        expect(durationMsMean(durationOf(text))).toBeLessThanOrEqual(durationMsMax(durationOf(text)));
      }),
    );
  });

  it('without months is undone by taking it away again', () => {
    fc.assert(
      fc.property(moment, durationText, (date, text) => {
        const duration = { ...durationOf(text), months: 0 };
        expect(subtractDuration(addDuration(date, duration), duration)).toEqual(date);
      }),
    );
  });

  it('has an ISO 8601 form', () => {
    expect(intervalOf(durationOf('13 months'))).toBe('P13M');
    expect(intervalOf(durationOf('1 week'))).toBe('P7D');
    expect(intervalOf(durationOf('90 minutes'))).toBe('PT5400S');
    expect(intervalOf({ months: 1, days: 2, ms: 1500 })).toBe('P1M2DT1.5S');
    expect(intervalOf({ months: 0, days: 0, ms: 0 })).toBe('PT0S');
  });
});

describe('a cap', () => {
  it('is how many in which time', () => {
    expect(capOf('1 per week')).toEqual({ count: 1, per: durationOf('1 week') });
    expect(capOf('3 per 10 days')).toEqual({ count: 3, per: durationOf('10 days') });
  });

  it.each(['', '1', '0 per week', '1 per 0 weeks', '1 per', '1 per fortnight', 'one per week', '1 per week '])(
    'is not %j',
    (text) => {
      expect(parsedCap(text)).toBeUndefined();
      expect(() => capOf(text)).toThrow(RangeError);
    },
  );
});

describe('a goal', () => {
  it('is an event and the time in which it counts, whatever the event is called', () => {
    expect(goalOf('Order Completed within 7 days')).toEqual({ event: 'Order Completed', within: durationOf('7 days') });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), durationText, (event, text) => {
        expect(goalOf(`${event} within ${text}`)).toEqual({ event, within: durationOf(text) });
      }),
    );
    expect(goalOf('Came within reach within 2 days').event).toBe('Came within reach');
  });

  it.each(['', 'Order Completed', ' within 7 days', 'Order Completed within', 'Order Completed within soon'])(
    'is not %j',
    (text) => {
      expect(parsedGoal(text)).toBeUndefined();
      expect(() => goalOf(text)).toThrow(RangeError);
    },
  );
});
