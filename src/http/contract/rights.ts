/** Complaints, who answers them, and the stop button of a placement. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Moment, Uuid, closed } from './schemas.ts';

const Name = Type.String({ minLength: 1, maxLength: 100 });
const By = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Who does this, by name: it stands in the record.',
});

const complaint = {
  complaint: Uuid,
  person: Uuid,
  about: Type.String({ description: 'decision, message or processing.' }),
  decision: Type.Union([Uuid, Type.Null()]),
  placement: Type.Union([Type.String(), Type.Null()]),
  via: Type.String({ description: 'page, api or mail.' }),
  receivedAt: Moment,
  dueAt: Type.String({ description: 'By when it has to be answered: a month after it came (GDPR Art. 12(3)).' }),
  answeredAt: Type.Union([Moment, Type.Null()]),
  answeredBy: Type.Union([Type.String(), Type.Null()]),
};
const Complaint = Type.Object(complaint);
export const OpenedComplaint = Type.Object({
  ...complaint,
  words: Type.Union([Type.String(), Type.Null()], { description: 'What the person wrote.' }),
  answer: Type.Union([Type.String(), Type.Null()]),
});

const exampleComplaint = {
  complaint: '01980000-0000-7000-8000-00000000000a',
  person: '01980000-0000-7000-8000-000000000001',
  about: 'decision',
  decision: '01980000-0000-7000-8000-000000000002',
  placement: 'home',
  via: 'api',
  receivedAt: '2026-03-01T09:00:00.000Z',
  dueAt: '2026-04-01T09:00:00.000Z',
  answeredAt: null,
  answeredBy: null,
};

export const complain = endpoint({
  method: 'POST',
  path: '/v1/complaints',
  tag: 'Rights',
  summary: 'Complain',
  description:
    'About a decision, a message, or how data is used. It is joined to the decision, nothing is put together for the person at that placement any more from the next decision on, and it waits for a human. A server key names the person or one of their decisions; a person token speaks for its own person.',
  callers: ['server', 'person'],
  body: Type.Object(
    {
      person: Type.Optional(Uuid),
      decision: Type.Optional(Uuid),
      placement: Type.Optional(Name),
      about: Type.Union([Type.Literal('decision'), Type.Literal('message'), Type.Literal('processing')]),
      words: Type.Optional(Type.String({ maxLength: 4_000 })),
    },
    closed,
  ),
  answer: Complaint,
  problems: ['person.unknown', 'decision.unknown', 'placement.unknown'],
  example: {
    body: { decision: '01980000-0000-7000-8000-000000000002', about: 'decision', words: 'This is not for me.' },
    answer: exampleComplaint,
  },
});

export const reportAbuse = endpoint({
  method: 'POST',
  path: '/v1/complaints/reports',
  tag: 'Rights',
  summary: 'Hand in an abuse report',
  description:
    'The report of a mailbox provider whose customer pressed "this is spam" (ARF, RFC 5965), whole, as it came by mail. Whom it is about stands in the unsubscribing link that it quotes; nothing else of it is kept.',
  callers: ['server'],
  body: Type.Object({ report: Type.String({ minLength: 1, maxLength: 262_144 }) }, closed),
  bodyBytesMax: 600_000,
  answer: Type.Object({
    complaint: Type.Union([Uuid, Type.Null()], { description: 'Null when the person is not here any more.' }),
  }),
  problems: ['report.unreadable'],
  example: {
    body: { report: 'Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n…' },
    answer: { complaint: exampleComplaint.complaint },
  },
});

export const listComplaints = endpoint({
  method: 'GET',
  path: '/v1/complaints',
  tag: 'Rights',
  summary: 'The queue of complaints',
  description: 'Those that wait, the most urgent first; with `answered=true` those that were answered, newest first.',
  callers: ['server'],
  query: Type.Object({ answered: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])) }, closed),
  answer: Type.Object({ complaints: Type.Array(Complaint) }),
  problems: [],
  example: { query: { answered: 'false' }, answer: { complaints: [exampleComplaint] } },
});

export const readComplaint = endpoint({
  method: 'GET',
  path: '/v1/complaints/{id}',
  tag: 'Rights',
  summary: 'A complaint, with what it is joined to',
  description:
    'The words, and the decision with what it rested on and the model behind it; `GET /v1/decisions/{id}` explains it whole. The person sees that it was looked at.',
  callers: ['server'],
  params: Type.Object({ id: Uuid }),
  answer: Type.Object({
    ...OpenedComplaint.properties,
    joined: Type.Union(
      [
        Type.Object({
          at: Moment,
          basis: Type.Array(Type.String()),
          model: Type.Union([Type.String(), Type.Null()]),
          items: Type.Array(Type.String()),
        }),
        Type.Null(),
      ],
      { description: 'The decision; null where none was named, or its record has gone.' },
    ),
  }),
  problems: ['complaint.unknown'],
  example: {
    params: { id: exampleComplaint.complaint },
    answer: {
      ...exampleComplaint,
      words: 'This is not for me.',
      answer: null,
      joined: {
        at: '2026-03-01T08:59:00.000Z',
        basis: ['suggestions'],
        model: '01980000-0000-7000-8000-000000000003',
        items: ['item-3', 'item-9'],
      },
    },
  },
});

export const answerComplaint = endpoint({
  method: 'POST',
  path: '/v1/complaints/{id}/answer',
  tag: 'Rights',
  summary: 'Answer a complaint',
  description:
    'Once, and by name. The person reads the answer in their privacy centre. With `release`, the placement may put something together for them again; leave it out unless they asked for it.',
  callers: ['server'],
  params: Type.Object({ id: Uuid }),
  body: Type.Object(
    {
      answer: Type.String({ minLength: 1, maxLength: 4_000 }),
      by: By,
      release: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  answer: OpenedComplaint,
  problems: ['complaint.unknown', 'complaint.answered'],
  example: {
    params: { id: exampleComplaint.complaint },
    body: { answer: 'We have taken it out of your suggestions.', by: 'Priya Nair' },
    answer: {
      ...exampleComplaint,
      answeredAt: '2026-03-02T09:00:00.000Z',
      answeredBy: 'Priya Nair',
      words: 'This is not for me.',
      answer: 'We have taken it out of your suggestions.',
    },
  },
});

const Pause = Type.Object({
  placement: Type.String(),
  reason: Type.String(),
  pausedBy: Type.String(),
  pausedAt: Moment,
  endedAt: Type.Union([Moment, Type.Null()]),
  endedBy: Type.Union([Type.String(), Type.Null()]),
});

const examplePause = {
  placement: 'home',
  reason: '4 of 900 people complained about it within 7 days; the policy lets 3 of 1,000 do.',
  pausedBy: 'the complaint limit of the policy',
  pausedAt: '2026-03-01T09:00:00.000Z',
  endedAt: null,
  endedBy: null,
};

export const listPauses = endpoint({
  method: 'GET',
  path: '/v1/placements/pauses',
  tag: 'Rights',
  summary: 'Which placements are paused, and were',
  description: 'Those that stand first. A paused placement answers the list that everybody gets, and its batches wait.',
  callers: ['server'],
  answer: Type.Object({ pauses: Type.Array(Pause) }),
  problems: [],
  example: { answer: { pauses: [examplePause] } },
});

export const pausePlacement = endpoint({
  method: 'POST',
  path: '/v1/placements/{placement}/pause',
  tag: 'Rights',
  summary: 'Pause a placement',
  description:
    'The stop button: from the next decision on it answers the list that everybody gets, and its batches wait.',
  callers: ['server'],
  params: Type.Object({ placement: Name }),
  body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500 }), by: By }, closed),
  answer: Pause,
  problems: ['placement.unknown'],
  example: {
    params: { placement: 'home' },
    body: { reason: 'The prices in the catalogue are wrong.', by: 'Priya Nair' },
    answer: { ...examplePause, reason: 'The prices in the catalogue are wrong.', pausedBy: 'Priya Nair' },
  },
});

export const resumePlacement = endpoint({
  method: 'POST',
  path: '/v1/placements/{placement}/resume',
  tag: 'Rights',
  summary: 'End the pause of a placement',
  description: 'By name. Ends nothing where nothing is paused; a batch that waited goes on.',
  callers: ['server'],
  params: Type.Object({ placement: Name }),
  body: Type.Object({ by: By }, closed),
  answer: Type.Object({ pause: Type.Union([Pause, Type.Null()]) }),
  problems: ['placement.unknown'],
  example: {
    params: { placement: 'home' },
    body: { by: 'Priya Nair' },
    answer: { pause: { ...examplePause, endedAt: '2026-03-01T12:00:00.000Z', endedBy: 'Priya Nair' } },
  },
});
