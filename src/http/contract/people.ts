/** One person: who it is, what is held, and how it is taken out. Ids of people in URLs are random; user ids stand in bodies alone. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { OpenedComplaint } from './rights.ts';
import { Dial, ItemId, Moment, Person, Receipt, Settings, Standing, Uuid, closed } from './schemas.ts';

const params = Type.Object({ person: Uuid });
const somebody = '01980000-0000-7000-8000-000000000004';
const exampleParams = { person: somebody };
const own = ' A person token reaches its own person; others do not exist for it.';

const exampleReceipt = {
  receipt: '01980000-0000-7000-8000-000000000005',
  kind: 'exclude',
  at: '2026-03-01T09:00:00.000Z',
  about: ['an item'],
  sumDigestBefore: '5c1e',
  sumDigestAfter: 'a2f0',
  sums: [{ model: 'alsoLiked', digestBefore: '5c1e', digestAfter: 'a2f0', position: 12, changed: 1 }],
  notUndone: 'What earlier models caused is not undone.',
  log: '77aa',
};

export const lookUpPerson = endpoint({
  method: 'POST',
  path: '/v1/people/lookup',
  tag: 'People',
  summary: 'Find a person',
  description: `From your id of somebody to the random id that stands in URLs here.${own}`,
  callers: ['server', 'person'],
  body: Person,
  answer: Type.Object({ person: Uuid }),
  problems: ['person.unknown', 'token.other-person'],
  example: { body: { userId: 'u-17' }, answer: { person: somebody } },
});

const Consent = Type.Object({
  purpose: Type.String(),
  action: Type.String({ description: 'grant or withdraw.' }),
  noticeVersion: Type.Integer(),
  method: Type.String(),
  source: Type.String(),
  at: Moment,
});

const exampleConsent = {
  purpose: 'suggestions',
  action: 'grant',
  noticeVersion: 1,
  method: 'form',
  source: 'api',
  at: '2026-03-01T09:00:00.000Z',
};

export const viewPerson = endpoint({
  method: 'GET',
  path: '/v1/people/{person}',
  tag: 'People',
  summary: 'See what is held, in outline',
  description: `What stands, what was chosen, and how much is kept; the things themselves are in the export.${own}`,
  callers: ['server', 'person'],
  params,
  answer: Type.Object({
    person: Uuid,
    since: Moment,
    standing: Standing,
    consents: Type.Array(Consent),
    fields: Type.Array(Type.String(), { description: 'The names of profile fields that have a value.' }),
    events: Type.Integer({ description: 'How many are kept.' }),
    exclusions: Type.Integer(),
    contributions: Type.Record(Type.String(), Type.Integer(), {
      description: 'Model → how many items the person adds to its sum.',
    }),
    receipts: Type.Integer(),
  }),
  problems: ['person.unknown'],
  example: {
    params: exampleParams,
    answer: {
      person: somebody,
      since: '2026-03-01T09:00:00.000Z',
      standing: { suggestions: true, email: false },
      consents: [exampleConsent],
      fields: ['ageBand'],
      events: 2,
      exclusions: 0,
      contributions: { alsoLiked: 2 },
      receipts: 0,
    },
  },
});

export const exportPerson = endpoint({
  method: 'GET',
  path: '/v1/people/{person}/export',
  tag: 'People',
  summary: 'Everything that is held about a person',
  description: `The right of access (GDPR Art. 15) and to take it with you (Art. 20), as one JSON document.${own}`,
  callers: ['server', 'person'],
  params,
  answer: Type.Object({
    person: Uuid,
    since: Moment,
    identifiers: Type.Array(Type.Object({ kind: Type.String(), value: Type.String() })),
    fields: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    events: Type.Array(
      Type.Object({
        event: Uuid,
        name: Type.String(),
        items: Type.Array(Type.String()),
        properties: Type.Record(Type.String(), Type.Unknown()),
        purposes: Type.Array(Type.String()),
        at: Moment,
      }),
    ),
    exclusions: Type.Array(
      Type.Object({
        item: Type.Union([Type.String(), Type.Null()]),
        from: Type.Union([Moment, Type.Null()]),
        until: Type.Union([Moment, Type.Null()]),
        at: Moment,
      }),
    ),
    consents: Type.Array(Consent),
    standing: Standing,
    contributions: Type.Array(Type.Object({ model: Type.String(), items: Type.Array(Type.String()) })),
    settings: Settings,
    receipts: Type.Array(Receipt),
    complaints: Type.Array(OpenedComplaint),
    looks: Type.Array(Type.Object({ duty: Type.String(), reason: Type.String(), at: Moment }), {
      description: 'Who else looked at all of this, and why, newest first.',
    }),
  }),
  answerHeaders: { 'Content-Disposition': 'So that a browser saves it as a file.' },
  problems: ['person.unknown'],
  example: {
    params: exampleParams,
    answer: {
      person: somebody,
      since: '2026-03-01T09:00:00.000Z',
      identifiers: [{ kind: 'userId', value: 'u-17' }],
      fields: { ageBand: '25-34' },
      events: [
        {
          event: '01980000-0000-7000-8000-000000000006',
          name: 'Product Viewed',
          items: ['item-3'],
          properties: {},
          purposes: ['suggestions'],
          at: '2026-03-01T09:00:00.000Z',
        },
      ],
      exclusions: [],
      consents: [exampleConsent],
      standing: { suggestions: true, email: false },
      contributions: [{ model: 'alsoLiked', items: ['item-3'] }],
      settings: { dial: 0, personal: true, withheld: [] },
      receipts: [],
      complaints: [],
      looks: [],
    },
  },
});

export const excludeFromPerson = endpoint({
  method: 'POST',
  path: '/v1/people/{person}/exclude',
  tag: 'People',
  summary: 'Take an item or a period out',
  description: `It is never used again for this person: their contribution is made anew without it before this answers.${own}`,
  callers: ['server', 'person'],
  params,
  body: Type.Union([Type.Object({ item: ItemId }, closed), Type.Object({ from: Moment, until: Moment }, closed)]),
  answer: Receipt,
  problems: ['person.unknown'],
  example: { params: exampleParams, body: { item: 'item-3' }, answer: exampleReceipt },
});

export const forgetPerson = endpoint({
  method: 'POST',
  path: '/v1/people/{person}/forget',
  tag: 'People',
  summary: 'Withdraw, correct or erase',
  description: `Takes back purposes, removes a profile field, or erases everything: rows are deleted, the key is destroyed, contributions are subtracted, in one transaction with one receipt.${own}`,
  callers: ['server', 'person'],
  params,
  body: Type.Union([
    Type.Object(
      {
        kind: Type.Literal('withdraw'),
        purposes: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 100 }),
      },
      closed,
    ),
    Type.Object({ kind: Type.Literal('rectify'), field: Type.String({ minLength: 1, maxLength: 100 }) }, closed),
    Type.Object({ kind: Type.Literal('erase') }, closed),
  ]),
  answer: Receipt,
  problems: ['person.unknown', 'person.unknown-field', 'consent.unknown-purpose'],
  example: {
    params: exampleParams,
    body: { kind: 'withdraw', purposes: ['suggestions'] },
    answer: { ...exampleReceipt, kind: 'withdraw', about: ['suggestions'] },
  },
});

export const listReceipts = endpoint({
  method: 'GET',
  path: '/v1/people/{person}/receipts',
  tag: 'People',
  summary: 'The receipts of a person',
  description: `What was forgotten, newest first, and for each model whether the version in force has followed.${own}`,
  callers: ['server', 'person'],
  params,
  answer: Type.Object({
    receipts: Type.Array(
      Type.Object({
        ...Receipt.properties,
        followed: Type.Array(Type.Object({ model: Type.String(), version: Type.Union([Type.String(), Type.Null()]) }), {
          description:
            'The first published version of each model whose sum has reached the position of the receipt; null until there is one.',
        }),
      }),
    ),
  }),
  problems: ['person.unknown'],
  example: {
    params: exampleParams,
    answer: { receipts: [{ ...exampleReceipt, followed: [{ model: 'alsoLiked', version: null }] }] },
  },
});

export const listConsentReceipts = endpoint({
  method: 'GET',
  path: '/v1/people/{person}/consent-receipts',
  tag: 'People',
  summary: 'What somebody said, signed',
  description: `A receipt for every choice, oldest first: the fields of ISO/IEC TS 27560 in the words of the W3C Data Privacy Vocabulary, signed as a JWS. \`/v1/consents/key\` is the key.${own}`,
  callers: ['server', 'person'],
  params,
  answer: Type.Object({
    receipts: Type.Array(
      Type.Object({
        entry: Uuid,
        purpose: Type.String(),
        action: Type.String({ description: 'grant or withdraw.' }),
        at: Moment,
        jws: Type.String({ description: 'In the compact form of RFC 7515.' }),
      }),
    ),
  }),
  problems: ['person.unknown'],
  example: {
    params: exampleParams,
    answer: {
      receipts: [
        {
          entry: '01980000-0000-7000-8000-000000000007',
          purpose: 'suggestions',
          action: 'grant',
          at: '2026-03-01T09:00:00.000Z',
          jws: 'eyJhbGciOiJFZERTQSJ9.e30.AA',
        },
      ],
    },
  },
});

export const linkToPrivacyCentre = endpoint({
  method: 'POST',
  path: '/v1/people/{person}/privacy-link',
  tag: 'People',
  summary: 'Make a link into the privacy centre',
  description:
    'A link for one person, to put into a mail or a page that only they see: it opens their privacy centre once, within a day, without a password. Where the person is signed in at your own site, hand them over with a token instead; see the guide.',
  callers: ['server'],
  params,
  answer: Type.Object({
    link: Type.String({ description: 'The path; put the address of this server before it.' }),
    endsAt: Moment,
  }),
  problems: ['person.unknown'],
  example: {
    params: exampleParams,
    answer: { link: '/privacy/enter/AZgAAAAAcACAAAAAAAAABA', endsAt: '2026-03-02T09:00:00.000Z' },
  },
});

export const readDial = endpoint({
  method: 'GET',
  path: '/v1/people/{person}/dial',
  tag: 'People',
  summary: 'See how somebody wants their lists',
  description: `The person's dial and switch.${own}`,
  callers: ['server', 'person'],
  params,
  answer: Settings,
  problems: ['person.unknown'],
  example: { params: exampleParams, answer: { dial: 0, personal: true, withheld: [] } },
});

export const setDial = endpoint({
  method: 'PUT',
  path: '/v1/people/{person}/dial',
  tag: 'People',
  summary: 'Set how somebody wants their lists',
  description: `From more of what they like to surprise me, or no lists made for them at all; the next decision obeys.${own}`,
  callers: ['server', 'person'],
  params,
  body: Type.Object({ dial: Type.Optional(Dial), personal: Type.Optional(Type.Boolean()) }, closed),
  answer: Settings,
  problems: ['person.unknown'],
  example: { params: exampleParams, body: { dial: 1 }, answer: { dial: 1, personal: true, withheld: [] } },
});
