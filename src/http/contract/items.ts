/** The catalogue. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Item, ItemId, KeptItem, closed } from './schemas.ts';

const put = {
  path: '/v1/items',
  tag: 'Items',
  summary: 'Add or replace items',
  description:
    'Up to 1,000 items at once; an item that is there already is replaced whole. When its topics change, what people contributed through it is made anew.',
  callers: ['server'],
  body: Type.Object({ items: Type.Array(Item, { minItems: 1, maxItems: 1_000 }) }, closed),
  bodyBytesMax: 5 * 1024 * 1024,
  answer: Type.Object({ stored: Type.Integer() }),
  problems: [],
  example: {
    body: {
      items: [
        {
          item: 'item-3',
          title: 'Copper kettle',
          category: 'Kitchen',
          priceMinor: 3900,
          currency: 'EUR',
          available: true,
        },
      ],
    },
    answer: { stored: 1 },
  },
} as const;

export const putItems = endpoint({ ...put, method: 'PUT' });
export const postItems = endpoint({ ...put, method: 'POST', summary: 'Add or replace items, by POST' });

export const listItems = endpoint({
  method: 'GET',
  path: '/v1/items',
  tag: 'Items',
  summary: 'Read the catalogue',
  description: 'A page of items in the order of their numbers.',
  callers: ['server'],
  query: Type.Object(
    {
      after: Type.Optional(Type.String({ pattern: '^\\d{1,9}$', description: 'The `next` of the page before.' })),
      limit: Type.Optional(
        Type.String({ pattern: '^([1-9]\\d{0,2}|1000)$', description: '1 to 1000; 100 when left out.' }),
      ),
    },
    closed,
  ),
  answer: Type.Object({
    items: Type.Array(KeptItem),
    next: Type.Union([Type.String(), Type.Null()], { description: 'To be sent as `after`; null on the last page.' }),
  }),
  problems: [],
  example: {
    query: { limit: '1' },
    answer: {
      items: [
        {
          item: 'item-3',
          number: 3,
          title: 'Copper kettle',
          category: 'Kitchen',
          supplier: null,
          priceMinor: 3900,
          currency: 'EUR',
          available: true,
          url: null,
          image: null,
          topics: [],
          attributes: {},
          updatedAt: '2026-03-01T09:00:00.000Z',
        },
      ],
      next: '3',
    },
  },
});

export const withdrawItem = endpoint({
  method: 'DELETE',
  path: '/v1/items/{item}',
  tag: 'Items',
  summary: 'Take an item out of what is shown',
  description:
    'It is never shown again until it is sent as available. Its number and facts stay, because models and records name it.',
  callers: ['server'],
  params: Type.Object({ item: ItemId }),
  answer: Type.Object({ withdrawn: Type.Literal(true) }),
  problems: ['item.unknown'],
  example: { params: { item: 'item-3' }, answer: { withdrawn: true } },
});
