/** What people allow, and what they are asked. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Moment, Person, Receipt, Standing, closed } from './schemas.ts';

export const listPurposes = endpoint({
  method: 'GET',
  path: '/v1/consents',
  tag: 'Consent',
  summary: 'What can be allowed',
  description: 'The purposes of the policy with the notice that a person reads before they choose. It is about nobody.',
  callers: ['server', 'public', 'person'],
  answer: Type.Object({
    purposes: Type.Array(
      Type.Object({
        purpose: Type.String(),
        title: Type.String(),
        notice: Type.String(),
        noticeVersion: Type.Integer(),
        basis: Type.String({ description: 'consent, explicit-consent or opt-out.' }),
        keepFor: Type.String(),
      }),
    ),
  }),
  problems: [],
  example: {
    answer: {
      purposes: [
        {
          purpose: 'suggestions',
          title: 'Suggestions made for you',
          notice: 'We use what you view and buy to suggest gifts.',
          noticeVersion: 1,
          basis: 'consent',
          keepFor: '13 months',
        },
      ],
    },
  },
});

export const recordConsents = endpoint({
  method: 'POST',
  path: '/v1/consents',
  tag: 'Consent',
  summary: 'Record what somebody chose',
  description:
    'Writes choices into the ledger. Giving and taking back are the same call: what is taken back is subtracted before this answers, and the next decision obeys. A public key speaks for its own visitor, a person token for its own person.',
  callers: ['server', 'public', 'person'],
  body: Type.Object(
    {
      person: Person,
      purposes: Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Type.Boolean(), {
        minProperties: 1,
        maxProperties: 100,
        description: 'Purpose → allowed or not.',
      }),
      method: Type.Optional(
        Type.String({
          pattern: '^[a-z][a-z -]{0,39}$',
          description: 'How it was expressed: form, switch, banner… `api` when left out.',
        }),
      ),
      at: Type.Optional(Moment),
      evidence: Type.Optional(
        Type.String({
          maxLength: 4_000,
          description: 'What proves it, for example the wording that was shown. Kept sealed.',
        }),
      ),
    },
    closed,
  ),
  answer: Type.Object({
    standing: Standing,
    receipt: Type.Union([Receipt, Type.Null()], { description: 'For what was taken back; null when nothing was.' }),
  }),
  problems: ['consent.unknown-purpose', 'key.public', 'token.other-person', 'intake.time'],
  example: {
    body: { person: { userId: 'u-17' }, purposes: { suggestions: true }, method: 'form' },
    answer: { standing: { suggestions: true, email: false }, receipt: null },
  },
});

export const lookUpConsents = endpoint({
  method: 'POST',
  path: '/v1/consents/lookup',
  tag: 'Consent',
  summary: 'What somebody allows now',
  description:
    'Every purpose, and whether it stands. Somebody who is not known is answered like somebody who has not chosen. It is a POST so that no id stands in a URL.',
  callers: ['server', 'public', 'person'],
  body: Type.Object({ person: Person }, closed),
  answer: Type.Object({ standing: Standing }),
  problems: ['key.public', 'token.other-person'],
  example: {
    body: { person: { userId: 'u-17' } },
    answer: { standing: { suggestions: true, email: false } },
  },
});
