/** The shapes that several endpoints share; those in `components` have a name in `openapi.json` too. */
import { type Static, Type } from 'typebox';

const idCharactersMax = 256;

/** The name of somebody or something, as its owner writes it. */
const Id = Type.String({ minLength: 1, maxLength: idCharactersMax });

export const Uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

export const Moment = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:?\\d{2})?)?$',
  maxLength: 40,
  description: 'A time in ISO 8601, best with a zone.',
});

/** Exactly the declared members. */
export const closed = { additionalProperties: false } as const;

export const Person = Type.Object(
  {
    userId: Type.Optional(Id),
    anonymousId: Type.Optional(Id),
  },
  {
    ...closed,
    minProperties: 1,
    description:
      'Somebody, by the id of your own system or by the id of an anonymous visitor. A user id counts before an anonymous id.',
  },
);

export const Receipt = Type.Object(
  {
    receipt: Uuid,
    kind: Type.String({ description: 'withdraw, exclude, expire, rectify, merge or erase.' }),
    at: Moment,
    about: Type.Array(Type.String(), { description: 'What it was about, in names of the policy; never what is gone.' }),
    sumDigestBefore: Type.Union([Type.String(), Type.Null()], {
      description: 'Digest of the sum of the first model before: the people it was made of.',
    }),
    sumDigestAfter: Type.Union([Type.String(), Type.Null()]),
    sums: Type.Array(
      Type.Object({
        model: Type.String(),
        digestBefore: Type.String(),
        digestAfter: Type.String(),
        position: Type.Integer(),
        changed: Type.Integer(),
      }),
    ),
    notUndone: Type.String({ description: 'What this does not undo, in a sentence.' }),
    log: Type.String({ description: 'The leaf of the transparency log that commits to this receipt, in hex.' }),
  },
  { description: 'Proof that something was forgotten: which sum moved from which digest to which.' },
);

export const Standing = Type.Record(Type.String(), Type.Boolean(), {
  description: 'Every purpose of the policy, and whether it stands for this person.',
});

export const Term = Type.Object({
  of: Type.String({ description: 'The item of the history that it comes from, or `everyone`.' }),
  points: Type.Integer(),
});

export const Move = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  cause: Type.String(),
  cost: Type.Integer({ description: 'In points: how much more the item had that stood there until then.' }),
});

/** The positions of the dial. */
export const Dial = Type.Union(
  [Type.Literal(-2), Type.Literal(-1), Type.Literal(0), Type.Literal(1), Type.Literal(2)],
  { description: 'From −2, more of what they like, to 2, surprise them.' },
);

/** How a person's lists are made: their dial and their switch. */
export const Settings = Type.Object({
  dial: Dial,
  personal: Type.Boolean({ description: 'Whether lists may be made for them at all.' }),
  withheld: Type.Array(Type.String(), {
    description: 'Placements at which nothing is put together for them any more, since they complained.',
  }),
});

export const Basis = Type.Object({
  purpose: Type.String(),
  consent: Type.Union([Type.String(), Type.Null()], {
    description:
      'The entry of the consent ledger that it rests on; null where the policy names a law in the place of consent.',
  }),
  notice: Type.Integer({ description: 'The version of the notice that the person had read.' }),
});

const ItemFacts = {
  title: Type.String({ minLength: 1, maxLength: 1_000 }),
  category: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
  supplier: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
  priceMinor: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }), Type.Null()], {
      description: 'In minor units: pence, cents.',
    }),
  ),
  currency: Type.Optional(Type.Union([Type.String({ pattern: '^[A-Z]{3}$' }), Type.Null()])),
  available: Type.Optional(Type.Boolean({ description: 'Only available items are ever shown. True when left out.' })),
  url: Type.Optional(Type.Union([Type.String({ maxLength: 2_000 }), Type.Null()])),
  image: Type.Optional(Type.Union([Type.String({ maxLength: 2_000 }), Type.Null()])),
  topics: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      maxItems: 50,
      description: 'Items of a sensitive topic enter no model and no personal list.',
    }),
  ),
  attributes: Type.Optional(
    Type.Record(
      Type.String({ maxLength: 100 }),
      Type.Union([Type.String({ maxLength: 2_000 }), Type.Number(), Type.Boolean()]),
      {
        maxProperties: 100,
      },
    ),
  ),
};

export const ItemId = Type.String({ minLength: 1, maxLength: 200 });

export const Item = Type.Object(
  { item: ItemId, ...ItemFacts },
  { ...closed, description: 'A thing that can be shown. Facts about the item, the same for everybody.' },
);

export const KeptItem = Type.Object({
  item: ItemId,
  number: Type.Integer({ description: 'Its permanent number in models.' }),
  title: Type.String(),
  category: Type.Union([Type.String(), Type.Null()]),
  supplier: Type.Union([Type.String(), Type.Null()]),
  priceMinor: Type.Union([Type.Integer(), Type.Null()]),
  currency: Type.Union([Type.String(), Type.Null()]),
  available: Type.Boolean(),
  url: Type.Union([Type.String(), Type.Null()]),
  image: Type.Union([Type.String(), Type.Null()]),
  topics: Type.Array(Type.String()),
  attributes: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  updatedAt: Moment,
});

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A reference to the explanation of this kind of problem.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'The fragment of the type: stable, one of a closed list.' }),
    detail: Type.Optional(Type.String()),
    remedy: Type.Optional(Type.String({ description: 'What to do about it.' })),
    request: Type.String({ description: 'The id of the request, which the log of the server has too.' }),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { description: 'What went wrong, as RFC 9457 writes it. It never quotes what was sent.' },
);

export type Problem = Static<typeof Problem>;

/** The schemas with a name of their own in `openapi.json`. */
export const components = { Person, Receipt, Standing, Basis, Item, KeptItem, Problem };
