/** What people allow, and what they are asked. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Moment, Person, Receipt, Standing, closed } from './schemas.ts';

const Ask = Type.Array(Type.String(), {
  description:
    'Purposes that this person may be asked about now: never asked, or agreed under an earlier notice. Who said no is left in peace for twelve months.',
});

const Signals = Type.Object(
  {
    gpc: Type.Optional(
      Type.Boolean({
        description:
          'The browser sent `Sec-GPC: 1`. A call that comes from the browser itself needs no more than that header.',
      }),
    ),
    gpp: Type.Optional(
      Type.String({
        maxLength: 8_000,
        description: 'A GPP string, as another consent tool wrote it. Its opt-outs are obeyed.',
      }),
    ),
    tcf: Type.Optional(
      Type.String({
        maxLength: 8_000,
        description: 'A TCF string. It counts as a choice about the purposes that the policy maps to its purposes.',
      }),
    ),
  },
  {
    ...closed,
    description: 'What was said elsewhere. Strings are read, never written; one that cannot be read says nothing.',
  },
);

export const listPurposes = endpoint({
  method: 'GET',
  path: '/v1/consents',
  tag: 'Consent',
  summary: 'What can be allowed',
  description: 'The purposes of the policy with the notice that a person reads before they choose. It is about nobody.',
  callers: ['server', 'public', 'person'],
  query: Type.Object(
    {
      language: Type.Optional(
        Type.String({
          pattern: '^[a-z]{2}$',
          description:
            'For title and notice: en, de, fr, es or ar. Where there are none in it, those of the policy’s own language.',
        }),
      ),
    },
    closed,
  ),
  answer: Type.Object({
    purposes: Type.Array(
      Type.Object({
        purpose: Type.String(),
        title: Type.String(),
        notice: Type.String(),
        noticeVersion: Type.Integer(),
        noticeLanguage: Type.String({ description: 'The language that title and notice are in.' }),
        basis: Type.String({ description: 'consent, explicit-consent or opt-out.' }),
        keepFor: Type.String(),
      }),
    ),
  }),
  problems: [],
  example: {
    query: { language: 'en' },
    answer: {
      purposes: [
        {
          purpose: 'suggestions',
          title: 'Suggestions made for you',
          notice: 'We use what you view and buy to suggest gifts.',
          noticeVersion: 1,
          noticeLanguage: 'en',
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
        maxProperties: 100,
        description:
          'Purpose → allowed or not; may be empty where there are signals. A yes to what a privacy signal has switched off counts only with the method `conflict notice`.',
      }),
      method: Type.Optional(
        Type.String({
          pattern: '^[a-z][a-z -]{0,39}$',
          description: 'How it was expressed: form, switch, banner… `api` when left out.',
        }),
      ),
      notices: Type.Optional(
        Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Type.Integer({ minimum: 1 }), {
          maxProperties: 100,
          description:
            'Purpose → the version of the notice that was shown. Somebody who agreed to an earlier one than that in force is asked again.',
        }),
      ),
      signals: Type.Optional(Signals),
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
    signalled: Type.Array(Type.String(), {
      description: 'Purposes that a privacy signal keeps off, whatever was said without a notice of the conflict.',
    }),
    ask: Ask,
  }),
  problems: ['consent.unknown-purpose', 'key.public', 'token.other-person', 'intake.time'],
  example: {
    body: { person: { userId: 'u-17' }, purposes: { suggestions: true }, method: 'form' },
    answer: { standing: { suggestions: true, email: false }, receipt: null, signalled: [], ask: ['email'] },
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
  answer: Type.Object({ standing: Standing, ask: Ask }),
  problems: ['key.public', 'token.other-person'],
  example: {
    body: { person: { userId: 'u-17' } },
    answer: { standing: { suggestions: true, email: false }, ask: ['email'] },
  },
});

export const consentReceiptKey = endpoint({
  method: 'GET',
  path: '/v1/consents/key',
  tag: 'Consent',
  summary: 'The key that receipts of consent verify with',
  description: 'A public Ed25519 key as a JWK (RFC 8037). With it alone, offline, anybody can check a receipt.',
  callers: ['anybody'],
  cacheSeconds: 3_600,
  answer: Type.Object({
    kty: Type.String(),
    crv: Type.String(),
    x: Type.String(),
    kid: Type.String(),
    alg: Type.String(),
    use: Type.String(),
  }),
  problems: [],
  example: {
    answer: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      kid: 'a thumbprint',
      alg: 'EdDSA',
      use: 'sig',
    },
  },
});
