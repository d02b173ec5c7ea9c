/**
 * Intake, in the shape of Segment's HTTP tracking API, so that its client libraries work when they are pointed here. What a message may say beyond
 * the declared members is let through and left out by the policy, as that API does with what it does not know.
 */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Moment } from './schemas.ts';

/** The limits of Segment's API; both count bytes as they unpack. */
export const eventBytesMax = 32 * 1024;
const batchBytesMax = 500 * 1024;

const OptionalId = Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()]));
const Anything = Type.Optional(
  Type.Union([Type.Unsafe<Readonly<Record<string, unknown>>>(Type.Object({})), Type.Null()], {
    description: 'An object; what the policy does not declare is left out.',
  }),
);

const ConsentManagement = Type.Object({
  allowedConsentIds: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 200 })),
  deniedConsentIds: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 200 })),
});

export const Context = Type.Union(
  [
    Type.Object({
      consent: Type.Optional(
        Type.Object({
          categoryPreferences: Type.Optional(
            Type.Record(Type.String({ maxLength: 200 }), Type.Boolean(), { maxProperties: 200 }),
          ),
        }),
      ),
      consentManagement: Type.Optional(ConsentManagement),
    }),
    Type.Null(),
  ],
  {
    description:
      'Only consent is read from it: `consent.categoryPreferences`, or `consentManagement` with allowed and denied ids. A purpose that several categories stand for needs all of them. With a server key it grants and withdraws; with any other it can only restrict the message that it came with.',
  },
);

const common = {
  messageId: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'The same message sent twice under the same key counts once. Made by the server when left out.',
    }),
  ),
  userId: OptionalId,
  anonymousId: OptionalId,
  context: Type.Optional(Context),
  timestamp: Type.Optional(
    Type.Union([Moment, Type.Null()], { description: 'When it happened, by the clock of the sender.' }),
  ),
  sentAt: Type.Optional(
    Type.Union([Moment, Type.Null()], {
      description: 'When it was sent, by the same clock: what it lies off by is corrected.',
    }),
  ),
  writeKey: Type.Optional(Type.String({ maxLength: 100, description: 'The key, where a header cannot be sent.' })),
};

const track = {
  event: Type.String({
    minLength: 1,
    maxLength: 1_000,
    description: 'The name that the policy declares under `events`.',
  }),
  properties: Anything,
};
const named = {
  name: Type.Optional(Type.Union([Type.String({ maxLength: 1_000 }), Type.Null()])),
  properties: Anything,
};

export const Message = Type.Object({
  ...common,
  type: Type.Union(
    [
      Type.Literal('identify'),
      Type.Literal('track'),
      Type.Literal('page'),
      Type.Literal('screen'),
      Type.Literal('group'),
      Type.Literal('alias'),
    ],
    { description: 'Which of the calls it is.' },
  ),
  event: Type.Optional(Type.Union([Type.String({ maxLength: 1_000 }), Type.Null()])),
  properties: Anything,
  traits: Anything,
  previousId: OptionalId,
});

export const Batch = Type.Object({
  batch: Type.Array(Message, { minItems: 1, maxItems: 2_500 }),
  context: Type.Optional(Context),
  sentAt: common.sentAt,
  timestamp: common.timestamp,
  writeKey: common.writeKey,
});

const Taken = Type.Object({ success: Type.Literal(true) });

const shared = {
  method: 'POST',
  tag: 'Intake',
  callers: ['server', 'public', 'person'],
  bodyBytesMax: batchBytesMax,
  answer: Taken,
  problems: ['key.public', 'token.other-person', 'intake.too-large', 'intake.time', 'intake.busy'],
} as const;

const durable =
  'Answered once it is durable: what the policy declares and a standing purpose covers is kept, everything else is left out and counted.';

export const trackMessage = endpoint({
  ...shared,
  path: '/v1/track',
  summary: 'Something happened',
  description: `Tells of one event. ${durable}`,
  body: Type.Object({ ...common, ...track }),
  example: {
    body: { userId: 'u-17', event: 'Product Viewed', properties: { product_id: 'item-3' }, messageId: 'm-1' },
    answer: { success: true },
  },
});

export const identifyMessage = endpoint({
  ...shared,
  path: '/v1/identify',
  summary: 'Who somebody is',
  description: `Tells traits of a person. With a user id and an anonymous id it also says that the visitor is that person: the two are joined, and a refusal on either side wins. ${durable}`,
  body: Type.Object({ ...common, traits: Anything }),
  example: {
    body: { userId: 'u-17', traits: { ageBand: '25-34' }, messageId: 'm-2' },
    answer: { success: true },
  },
});

export const pageMessage = endpoint({
  ...shared,
  path: '/v1/page',
  summary: 'A page was viewed',
  description: `The event \`Page Viewed\`, as far as the policy declares it. ${durable}`,
  body: Type.Object({ ...common, ...named }),
  example: { body: { anonymousId: 'a-5', name: 'Home', messageId: 'm-3' }, answer: { success: true } },
});

export const screenMessage = endpoint({
  ...shared,
  path: '/v1/screen',
  summary: 'A screen was viewed',
  description: `The event \`Screen Viewed\`, as far as the policy declares it. ${durable}`,
  body: Type.Object({ ...common, ...named }),
  example: { body: { anonymousId: 'a-5', name: 'Cart', messageId: 'm-4' }, answer: { success: true } },
});

export const groupMessage = endpoint({
  ...shared,
  path: '/v1/group',
  summary: 'Somebody belongs to a group',
  description: `The event \`Group Joined\`, as far as the policy declares it. ${durable}`,
  body: Type.Object({ ...common, groupId: OptionalId, traits: Anything }),
  example: { body: { userId: 'u-17', groupId: 'g-1', messageId: 'm-5' }, answer: { success: true } },
});

export const aliasMessage = endpoint({
  ...shared,
  callers: ['server'],
  path: '/v1/alias',
  summary: 'Two ids are one person',
  description: `Joins what is known under \`previousId\` to the user id: two contributions are subtracted, one is added, and one receipt is written. ${durable}`,
  body: Type.Object({
    ...common,
    userId: Type.String({ minLength: 1, maxLength: 256 }),
    previousId: Type.String({ minLength: 1, maxLength: 256 }),
  }),
  example: { body: { userId: 'u-17', previousId: 'old-17', messageId: 'm-6' }, answer: { success: true } },
});

export const batchMessages = endpoint({
  ...shared,
  path: '/v1/batch',
  summary: 'Several messages at once',
  description: `Up to 500 KB of messages, each with its \`type\`; a \`context\` beside them counts for each that does not say otherwise. All are durable, or none. ${durable}`,
  body: Batch,
  example: {
    body: {
      batch: [
        {
          type: 'track',
          userId: 'u-17',
          event: 'Product Viewed',
          properties: { product_id: 'item-3' },
          messageId: 'm-7',
        },
        {
          type: 'track',
          userId: 'u-17',
          event: 'Product Viewed',
          properties: { product_id: 'item-4' },
          messageId: 'm-8',
        },
      ],
    },
    answer: { success: true },
  },
});
