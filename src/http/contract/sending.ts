/** Whom something goes to, and what is handed over. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Moment, Uuid, closed } from './schemas.ts';

const Name = Type.String({ minLength: 1, maxLength: 100 });

const audience = {
  audience: Name,
  segment: Type.String(),
  placement: Type.String(),
  channel: Type.String({ description: 'web, email or ads.' }),
  purposes: Type.Array(Type.String(), { description: 'All that somebody has to allow to be in it.' }),
};

const exampleAudience = {
  audience: 'grownWeekly',
  segment: 'grown',
  placement: 'weekly',
  channel: 'email',
  purposes: ['suggestions', 'email'],
};

export const listAudiences = endpoint({
  method: 'GET',
  path: '/v1/audiences',
  tag: 'Sending',
  summary: 'The audiences of the policy',
  description: 'Each is a segment at a placement. No list of its people is kept: it is asked for whenever it is used.',
  callers: ['server'],
  answer: Type.Object({ audiences: Type.Array(Type.Object(audience)) }),
  problems: [],
  example: { answer: { audiences: [exampleAudience] } },
});

export const countAudience = endpoint({
  method: 'GET',
  path: '/v1/audiences/{name}',
  tag: 'Sending',
  summary: 'Count an audience',
  description:
    'How many people are in it at this moment: who allows all of its purposes, meets the rule of its segment, and is protected by no safeguard. Fewer than five are not counted aloud.',
  callers: ['server'],
  params: Type.Object({ name: Name }),
  answer: Type.Object({
    ...audience,
    people: Type.Union([Type.Integer(), Type.Null()], { description: 'Null when they are fewer than `least`.' }),
    least: Type.Integer(),
  }),
  problems: ['audience.unknown'],
  example: { params: { name: 'grownWeekly' }, answer: { ...exampleAudience, people: 1204, least: 5 } },
});

const Batch = Type.Object({
  batch: Uuid,
  placement: Name,
  audience: Name,
  to: Type.String({ description: 'smtp, csv or webhook.' }),
  recipient: Type.Union([Type.String(), Type.Null()], {
    description: 'Who gets the file or the webhook; null for mail.',
  }),
  template: Type.Union([Type.String(), Type.Null()], {
    description: 'SHA-256 of the template, in hex: what was agreed to is these bytes.',
  }),
  state: Type.String({ description: 'waiting, approved, sending, paused, done, cancelled or expired.' }),
  pausedBecause: Type.Union([Type.String(), Type.Null()]),
  createdBy: Type.String(),
  createdAt: Moment,
  expiresAt: Moment,
  approvedBy: Type.Union([Type.String(), Type.Null()]),
  approvedAt: Type.Union([Moment, Type.Null()]),
  endedAt: Type.Union([Moment, Type.Null()]),
  counts: Type.Object(
    {
      handing: Type.Integer(),
      'handed over': Type.Integer(),
      refused: Type.Integer(),
      unanswered: Type.Integer(),
      withdrawn: Type.Integer(),
    },
    {
      description:
        'People by what became of theirs. `unanswered` may have been taken and is not sent again; `withdrawn` took it back, before or after.',
    },
  ),
  removals: Type.Union([Type.String(), Type.Null()], {
    description: 'The path under which the recipient fetches whom it has to remove; a secret between you and it.',
  }),
});

const exampleBatch = {
  batch: '01980000-0000-7000-8000-000000000009',
  placement: 'weekly',
  audience: 'grownWeekly',
  to: 'smtp',
  recipient: null,
  template: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  state: 'waiting',
  pausedBecause: null,
  createdBy: 'key "shop"',
  createdAt: '2026-03-01T09:00:00.000Z',
  expiresAt: '2026-03-02T09:00:00.000Z',
  approvedBy: null,
  approvedAt: null,
  endedAt: null,
  counts: { handing: 0, 'handed over': 0, refused: 0, unanswered: 0, withdrawn: 0 },
  removals: null,
};

export const createBatch = endpoint({
  method: 'POST',
  path: '/v1/batches',
  tag: 'Sending',
  summary: 'Make a batch',
  description:
    'One sending to one audience. Unless the policy lets one person decide, another key than this one has to approve it; it then goes out by itself where the server has a mail server or a webhook, and a file is written with `fairlead batch --run`. It is good for 24 hours. With `dryRun`, it is checked and counted, and nothing is made.',
  callers: ['server'],
  body: Type.Object(
    {
      audience: Name,
      placement: Name,
      to: Type.Union([Type.Literal('smtp'), Type.Literal('csv'), Type.Literal('webhook')]),
      recipient: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      template: Type.Optional(
        Type.String({
          maxLength: 100_000,
          description: 'MJML with merge fields; a plain list of the items when left out.',
        }),
      ),
      dryRun: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  bodyBytesMax: 256 * 1024,
  answer: Type.Object({
    people: Type.Integer({ description: 'How many are in the audience now.' }),
    batch: Type.Union([Batch, Type.Null()], { description: 'Null for a dry run.' }),
  }),
  problems: ['audience.unknown', 'audience.too-small', 'batch.refused', 'template.refused'],
  example: {
    body: { audience: 'grownWeekly', placement: 'weekly', to: 'smtp' },
    answer: { people: 1204, batch: exampleBatch },
  },
});

export const listBatches = endpoint({
  method: 'GET',
  path: '/v1/batches',
  tag: 'Sending',
  summary: 'The newest batches',
  description: 'Newest first, at most fifty, each with what has become of it.',
  callers: ['server'],
  answer: Type.Object({ batches: Type.Array(Batch) }),
  problems: [],
  example: { answer: { batches: [exampleBatch] } },
});

const one = {
  callers: ['server'],
  tag: 'Sending',
  params: Type.Object({ id: Uuid }),
  answer: Batch,
  example: { params: { id: exampleBatch.batch }, answer: exampleBatch },
} as const;

export const readBatch = endpoint({
  ...one,
  method: 'GET',
  path: '/v1/batches/{id}',
  summary: 'Read a batch',
  description: 'Who made it, who agreed to it, how far it is, and what became of its people.',
  problems: ['batch.unknown'],
});

export const approveBatch = endpoint({
  ...one,
  method: 'POST',
  path: '/v1/batches/{id}/approve',
  summary: 'Agree to a batch',
  description:
    'With another key than the one that made it. What is agreed to is the batch as it is told here: audience, destination, the digest of the template, the version of the policy; the agreement enters the transparency log.',
  problems: ['batch.unknown', 'batch.state', 'batch.second-person', 'batch.refused'],
});

export const cancelBatch = endpoint({
  ...one,
  method: 'POST',
  path: '/v1/batches/{id}/cancel',
  summary: 'Cancel a batch',
  description: 'Nothing more of it leaves. What has left has left.',
  problems: ['batch.unknown', 'batch.state'],
});

export const listRemovals = endpoint({
  method: 'GET',
  path: '/v1/audiences/removals/{token}',
  tag: 'Sending',
  summary: 'Whom a recipient has to remove',
  description:
    'For whoever got a file or a webhook: the references of people who have withdrawn or been erased since, oldest first. Ask at least once a day, from the last `removal` that you have seen; the last minute is always told again. The address is secret and shows one recipient its own references alone.',
  callers: ['anybody'],
  params: Type.Object({ token: Type.String({ minLength: 1, maxLength: 400 }) }),
  query: Type.Object({ after: Type.Optional(Uuid) }, closed),
  answer: Type.Object({
    removals: Type.Array(Type.Object({ removal: Uuid, reference: Type.String(), at: Moment })),
    more: Type.Boolean({ description: 'Whether there are more: ask again after the last.' }),
  }),
  problems: ['removals.unknown', 'database.unavailable'],
  example: {
    params: { token: 'b3duIHN5c3RlbXM.7Qn0' },
    query: {},
    answer: {
      removals: [
        {
          removal: '01980000-0000-7000-8000-00000000000a',
          reference: 'CgGaPc2HRU26SQeVhb6kkOb2ZGMJSIlJhDbIbNq2Yl8',
          at: '2026-03-01T09:00:00.000Z',
        },
      ],
      more: false,
    },
  },
});

export const readContent = endpoint({
  method: 'GET',
  path: '/v1/content/{token}',
  tag: 'Sending',
  summary: 'What one person gets, made now',
  description:
    'For a provider that fetches content when it sends or when a mail is opened: the mail of one person with the catalogue of now, as long as they allow it. Whoever is told `content.unknown` is to be left out. The address stands in `content_url` of a file and in `contentUrl` of a webhook.',
  callers: ['anybody'],
  params: Type.Object({ token: Type.String({ minLength: 1, maxLength: 400 }) }),
  answer: Type.Object({
    subject: Type.String(),
    html: Type.String(),
    text: Type.String(),
    items: Type.Array(
      Type.Object({
        item: Type.String(),
        title: Type.String(),
        url: Type.Union([Type.String(), Type.Null()]),
        image: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    whyUrl: Type.String(),
    unsubscribeUrl: Type.String(),
  }),
  problems: ['content.unknown', 'database.unavailable'],
  example: {
    params: { token: 'x8kTq0' },
    answer: {
      subject: 'A few things from Northwind Gifts',
      html: '<!doctype html>…',
      text: 'Northwind Gifts…',
      items: [
        {
          item: 'item-4',
          title: 'Copper pan',
          url: 'https://shop.example/item-4',
          image: 'https://shop.example/item-4.jpg',
        },
      ],
      whyUrl: 'https://fairlead.shop.example/why/aV9k',
      unsubscribeUrl: 'https://fairlead.shop.example/u/x8kTq0',
    },
  },
});
