import { describe, expect, it } from 'vitest';
import { type Policy, policy } from '../../policy/policy.ts';
import { type Mapping, mappingFrom, rowMapper } from './mapping.ts';

const shop: Policy = policy({
  controller: { name: 'Shop', contact: 'privacy@shop.example', regions: ['EU'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions', notice: 'n', keepFor: '13 months' },
    email: { basis: 'consent', title: 'E-mail', notice: 'n', keepFor: '2 months' },
  },
  people: {},
  items: {},
  events: {
    'Product Viewed': { item: 'properties.product_id', for: ['suggestions'] },
    'Order Completed': {
      items: 'properties.products[].product_id',
      properties: { total: 'money', gift: 'boolean' },
      for: ['suggestions', 'email'],
    },
    'Offer Opened': { for: ['email'] },
  },
  models: {},
  placements: {},
});

const now = new Date('2024-06-01T00:00:00Z');
const orders: Mapping = {
  person: 'customer',
  event: 'Order Completed',
  item: 'sku',
  time: 'at',
  properties: { total: 'sum', gift: 'wrapped' },
  skip: ['quantity<=0'],
};

function map(mapping: Mapping, row: Record<string, unknown>, line = 2) {
  const mapper = rowMapper(shop, mapping, now);
  return mapper.map(
    mapper.columns.map((column) => row[column]),
    line,
  );
}

const good = {
  customer: '17850',
  sku: ' LAMP ',
  at: '2024-05-01T10:00:00Z',
  sum: '12.50',
  wrapped: 'yes',
  quantity: '1',
};

describe('a row', () => {
  it('becomes the message that the policy expects, with the item at its path and the line as its id', () => {
    expect(map(orders, good)).toEqual({
      kind: 'message',
      itemId: 'LAMP',
      message: {
        type: 'track',
        messageId: '2',
        userId: '17850',
        anonymousId: undefined,
        event: 'Order Completed',
        properties: { total: '12.50', gift: true, products: [{ product_id: 'LAMP' }] },
        at: new Date('2024-05-01T10:00:00Z'),
      },
    });
    expect(map({ person: 'customer', event: 'Product Viewed', item: 'sku', time: 'at' }, good)).toMatchObject({
      message: { properties: { product_id: 'LAMP' } },
    });
  });

  it('without a person is anonymous, whatever else is wrong with it', () => {
    expect(map(orders, { ...good, customer: ' ' })).toEqual({ kind: 'anonymous', itemId: 'LAMP' });
    expect(map(orders, { ...good, customer: undefined, at: 'never', quantity: '-1' })).toEqual({
      kind: 'anonymous',
      itemId: undefined,
    });
  });

  it('is about a visitor where it has no user id', () => {
    const both: Mapping = { ...orders, visitor: 'cookie' };
    expect(map(both, { ...good, cookie: 'c1' })).toMatchObject({
      message: { userId: '17850', anonymousId: undefined },
    });
    expect(map(both, { ...good, customer: '', cookie: 'c1' })).toMatchObject({
      message: { userId: undefined, anonymousId: 'c1' },
    });
  });

  it('is refused with a reason that quotes nothing of it', () => {
    const reasons: [Record<string, unknown>, string][] = [
      [{ quantity: '0' }, 'is left out by the rule quantity<=0'],
      [{ sku: '' }, 'names no item'],
      [{ sku: 'x'.repeat(201) }, "the item's id is longer than 200 characters"],
      [
        { customer: 'a\nb' },
        "the person's id holds a line break or another control character, as after a quote that was never closed",
      ],
      [{ at: '01.05.2024' }, 'its time cannot be read (--time-format)'],
      [{ at: '2024-06-02' }, 'its time lies in the future'],
      [{ at: '2023-04-30' }, 'is older than its purposes keep it (13 months)'],
    ];
    for (const [change, reason] of reasons)
      expect(map(orders, { ...good, ...change })).toEqual({ kind: 'refused', reason });
  });

  it('is taken where one of its purposes keeps it that long', () => {
    expect(map(orders, { ...good, at: '2023-06-01' })).toMatchObject({ kind: 'message' });
  });

  it('may bring its event and its id in columns', () => {
    const mapping: Mapping = {
      person: 'customer',
      event: { column: 'what', names: { view: 'Product Viewed', open: 'Offer Opened' } },
      item: 'sku',
      time: { column: 'at', format: 'seconds' },
      id: 'key',
    };
    const row = { customer: 'c', what: 'view', sku: 'S', at: '1714557600', key: 'k-1' };
    expect(map(mapping, row)).toMatchObject({ message: { event: 'Product Viewed', messageId: 'k-1' } });
    expect(map(mapping, { ...row, what: 'open', sku: '' })).toMatchObject({
      kind: 'message',
      message: { event: 'Offer Opened' },
    });
    expect(map(mapping, { ...row, what: 'constructor' })).toEqual({
      kind: 'refused',
      reason: 'the policy declares no event of this name',
    });
    expect(map(mapping, { ...row, key: '' })).toEqual({ kind: 'refused', reason: 'has no id of its own' });
    expect(map({ ...mapping, event: { column: 'what' } }, { ...row, what: 'Order Completed' })).toMatchObject({
      message: { event: 'Order Completed' },
    });
  });
});

describe('a mapping', () => {
  const codes = (mapping: Mapping) => {
    try {
      rowMapper(shop, mapping, now);
      return 'fine';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('is refused before the first row where the policy does not know what it says', () => {
    expect(codes({ ...orders, event: 'Order Paid' })).toMatch(/declares no event "Order Paid"/);
    expect(codes({ person: 'p', event: 'Order Completed', time: 'at' })).toMatch(/no column for it/);
    expect(codes({ event: 'Offer Opened', time: 'at' })).toMatch(/no column for the person/);
    expect(codes({ ...orders, time: { column: 'at', format: 'soon' } })).toMatch(/no time format/);
    expect(codes({ ...orders, skip: ['quantity'] })).toMatch(/no rule/);
    expect(codes({ ...orders, skip: ['quantity<few'] })).toMatch(/not a number/);
  });

  it('in a file is read where it has its shape, and refused by the name of the member where it has not', () => {
    expect(mappingFrom(JSON.parse(JSON.stringify(orders)))).toEqual(orders);
    for (const [change, name] of [
      [{ persons: 'x' }, 'persons'],
      [{ person: 1 }, 'person'],
      [{ event: {} }, 'event'],
      [{ time: undefined }, 'time'],
      [{ properties: { a: 1 } }, 'properties'],
      [{ skip: 'quantity<=0' }, 'skip'],
    ] as const) {
      expect(() => mappingFrom({ ...orders, ...change })).toThrow(name);
    }
    expect(() => mappingFrom([])).toThrow('not a JSON object');
  });
});

describe('a rule for leaving rows out', () => {
  const leavesOut = (rule: string, value: unknown) =>
    map({ ...orders, skip: [rule] }, { ...good, x: value }).kind === 'refused';

  it('compares numbers as numbers and text as text', () => {
    expect(['-1', '0', 0, -5n, ' -2.5 '].map((value) => leavesOut('x<=0', value))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(['1', '', 'x', null, undefined].map((value) => leavesOut('x<=0', value))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(['10', '9'].map((value) => leavesOut('x >= 10', value))).toEqual([true, false]);
    expect(['test', 'TEST'].map((value) => leavesOut('x=test', value))).toEqual([true, false]);
    expect(['', ' ', 'a'].map((value) => leavesOut('x=', value))).toEqual([true, true, false]);
    expect(['1.0', '2'].map((value) => leavesOut('x!=1', value))).toEqual([false, true]);
  });
});
