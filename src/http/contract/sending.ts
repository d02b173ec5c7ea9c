/** Whom something goes to, and what is handed over. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';

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
