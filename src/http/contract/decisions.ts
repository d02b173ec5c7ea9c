/** What somebody is shown, why, and what came of it. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Basis, ItemId, Move, Person, Term, Uuid, closed } from './schemas.ts';

const decisionHeaders = {
  'Fairlead-Decision': 'The id of the decision, for `shown`, `clicked` and `why`.',
  Link: 'The page that explains it to the person: `</why/…>; rel="describedby"`.',
};

export const decide = endpoint({
  method: 'POST',
  path: '/v1/decisions',
  tag: 'Decisions',
  summary: 'Decide what somebody sees',
  description:
    'The items for a person at a placement. A personal answer has been recorded before it leaves. Without consent, history or anything else that is needed, it is the non-personal answer: then the body is the same, byte for byte, whoever was asked about. A server key gets scores and their terms, which add up exactly; a browser gets reasons in words. A public key asks for its own visitor, a person token for its own person.',
  callers: ['server', 'public', 'person'],
  body: Type.Object(
    {
      person: Person,
      placement: Type.String({ minLength: 1, maxLength: 100 }),
      context: Type.Optional(
        Type.Object(
          {
            exclude: Type.Optional(
              Type.Array(ItemId, {
                maxItems: 200,
                description: 'Items to leave out, for example what lies in the cart.',
              }),
            ),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  answer: Type.Object({
    placement: Type.String(),
    personal: Type.Boolean(),
    basis: Type.Array(Basis),
    model: Type.Union([Type.String(), Type.Null()], { description: 'The version of the model.' }),
    items: Type.Array(
      Type.Object({
        item: ItemId,
        score: Type.Integer({ description: 'In fixed point; the sum of its terms.' }),
        terms: Type.Array(Term),
        moves: Type.Array(Move, { description: 'Later changes of rank, each with its cause.' }),
      }),
    ),
  }),
  answerToBrowsers: Type.Object({
    placement: Type.String(),
    personal: Type.Boolean(),
    items: Type.Array(
      Type.Object({ item: ItemId, because: Type.String({ description: 'One sentence for the person.' }) }),
    ),
  }),
  answerHeaders: decisionHeaders,
  problems: ['placement.unknown', 'key.public', 'token.other-person'],
  example: {
    body: { person: { userId: 'u-17' }, placement: 'home' },
    answer: {
      placement: 'home',
      personal: true,
      basis: [{ purpose: 'suggestions', consent: '01980000-0000-7000-8000-000000000001', notice: 1 }],
      model: '01980000-0000-7000-8000-000000000002',
      items: [
        {
          item: 'item-4',
          score: 700,
          terms: [
            { of: 'everyone', points: 200 },
            { of: 'item-3', points: 500 },
          ],
          moves: [],
        },
      ],
    },
    answerToBrowsers: {
      placement: 'home',
      personal: true,
      items: [{ item: 'item-4', because: 'Because you looked at or bought Copper kettle.' }],
    },
  },
});

const params = Type.Object({ id: Uuid });
const exampleParams = { id: '01980000-0000-7000-8000-000000000003' };

const head = {
  decision: Uuid,
  placement: Type.String(),
  at: Type.String(),
  personal: Type.Boolean(),
  redacted: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: 'The kinds of forgetting that have stripped the record since; null while it is whole.',
  }),
};

export const readDecision = endpoint({
  method: 'GET',
  path: '/v1/decisions/{id}',
  tag: 'Decisions',
  summary: 'Read the record of a decision',
  description:
    'What was used, on what basis, each item with its terms and later moves, what was left unused and why, and what came of it.',
  callers: ['server'],
  params,
  answer: Type.Object({
    ...head,
    basis: Type.Array(Basis),
    model: Type.Union([Type.String(), Type.Null()]),
    items: Type.Array(
      Type.Object({
        item: ItemId,
        title: Type.String(),
        score: Type.Integer(),
        terms: Type.Array(Term),
        moves: Type.Array(Move),
        because: Type.String(),
      }),
    ),
    used: Type.Array(Type.String()),
    notUsed: Type.Array(Type.Object({ what: Type.String(), why: Type.String() })),
    outcomes: Type.Array(
      Type.Object({
        kind: Type.String({ description: 'shown, clicked or goal.' }),
        item: Type.Union([Type.String(), Type.Null()]),
        at: Type.String(),
      }),
    ),
  }),
  problems: ['decision.unknown'],
  example: {
    params: exampleParams,
    answer: {
      decision: '01980000-0000-7000-8000-000000000003',
      placement: 'home',
      at: '2026-03-01T09:00:00.000Z',
      personal: true,
      redacted: null,
      basis: [{ purpose: 'suggestions', consent: '01980000-0000-7000-8000-000000000001', notice: 1 }],
      model: '01980000-0000-7000-8000-000000000002',
      items: [
        {
          item: 'item-4',
          title: 'Copper pan',
          score: 700,
          terms: [
            { of: 'everyone', points: 200 },
            { of: 'item-3', points: 500 },
          ],
          moves: [],
          because: 'Because you looked at or bought Copper kettle.',
        },
      ],
      used: ['Copper kettle'],
      notUsed: [{ what: 'gender', why: 'only checks fairness' }],
      outcomes: [],
    },
  },
});

export const readWhy = endpoint({
  method: 'GET',
  path: '/v1/decisions/{id}/why',
  tag: 'Decisions',
  summary: 'Why somebody saw what they saw',
  description:
    'The explanation in words, without scores: for a page of your own. A person token reads its own decisions; those of others do not exist for it.',
  callers: ['server', 'person'],
  params,
  answer: Type.Object({
    ...head,
    basis: Type.Array(Type.Object({ purpose: Type.String(), title: Type.String(), notice: Type.Integer() })),
    items: Type.Array(Type.Object({ item: ItemId, title: Type.String(), because: Type.String() })),
    used: Type.Array(Type.String()),
    notUsed: Type.Array(Type.Object({ what: Type.String(), why: Type.String() })),
  }),
  problems: ['decision.unknown'],
  example: {
    params: exampleParams,
    answer: {
      decision: '01980000-0000-7000-8000-000000000003',
      placement: 'home',
      at: '2026-03-01T09:00:00.000Z',
      personal: true,
      redacted: null,
      basis: [{ purpose: 'suggestions', title: 'Suggestions made for you', notice: 1 }],
      items: [{ item: 'item-4', title: 'Copper pan', because: 'Because you looked at or bought Copper kettle.' }],
      used: ['Copper kettle'],
      notUsed: [{ what: 'gender', why: 'only checks fairness' }],
    },
  },
});

export const readProof = endpoint({
  method: 'GET',
  path: '/v1/decisions/{id}/proof',
  tag: 'Decisions',
  summary: 'Prove that a decision is in the log',
  description:
    'A receipt to keep (C2SP tlog-proof): the record and the key that opens its entry, its place in the transparency log, and the signed checkpoint. `fairlead verify --proof FILE --key KEY` checks it offline with the key of the log alone. A record that was stripped since is proved to have been there, and can no longer be opened; an answer that was not personal has no entry. The record names its person and what was used, so hand it to that person alone.',
  callers: ['server'],
  params,
  answer: Type.String(),
  answerType: 'text/plain',
  answerHeaders: { 'Content-Disposition': 'The name of the file to keep it under, which ends in `.tlog-proof`.' },
  problems: ['decision.unknown', 'log.pending'],
  example: {
    params: exampleParams,
    answer:
      'c2sp.org/tlog-proof@v1\nindex 0\n\nshop.example/log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n— shop.example/log …\n',
  },
});

const outcome = {
  method: 'POST',
  tag: 'Decisions',
  callers: ['server', 'public', 'person'],
  params,
  answer: Type.Object({ success: Type.Literal(true) }),
  problems: ['decision.unknown', 'item.unknown'],
} as const;

export const reportShown = endpoint({
  ...outcome,
  path: '/v1/decisions/{id}/shown',
  summary: 'The list was shown',
  description: 'Tells that the person saw the list, or one item of it. Kept with the decision and forgotten with it.',
  body: Type.Object({ item: Type.Optional(ItemId) }, closed),
  example: { params: exampleParams, body: {}, answer: { success: true } },
});

export const reportClicked = endpoint({
  ...outcome,
  path: '/v1/decisions/{id}/clicked',
  summary: 'An item was clicked',
  description: 'Tells that the person followed an item of the list. Kept with the decision and forgotten with it.',
  body: Type.Object({ item: ItemId }, closed),
  example: { params: exampleParams, body: { item: 'item-4' }, answer: { success: true } },
});
