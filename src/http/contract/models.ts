/** What was learned. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';
import { Moment, Uuid } from './schemas.ts';

export const listModels = endpoint({
  method: 'GET',
  path: '/v1/models',
  tag: 'Models',
  summary: 'The models and their versions',
  description:
    'The newest versions first: from how many people each was made, under which recipe, and the digests that identify the sum and the parameters.',
  callers: ['server'],
  answer: Type.Object({
    models: Type.Array(
      Type.Object({
        model: Type.String(),
        purpose: Type.String(),
        current: Type.Union([Uuid, Type.Null()], { description: 'The version that decisions are made with.' }),
      }),
    ),
    versions: Type.Array(
      Type.Object({
        version: Uuid,
        model: Type.String(),
        recipe: Uuid,
        position: Type.Integer(),
        people: Type.Integer(),
        items: Type.Integer(),
        sumDigest: Type.String(),
        parameterDigest: Type.String(),
        solveMs: Type.Integer(),
        publishedAt: Moment,
      }),
    ),
  }),
  problems: [],
  example: {
    answer: {
      models: [{ model: 'alsoLiked', purpose: 'suggestions', current: '01980000-0000-7000-8000-000000000002' }],
      versions: [
        {
          version: '01980000-0000-7000-8000-000000000002',
          model: 'alsoLiked',
          recipe: '01980000-0000-7000-8000-000000000007',
          position: 12,
          people: 3,
          items: 4,
          sumDigest: 'a2f0',
          parameterDigest: 'b7c1',
          solveMs: 3,
          publishedAt: '2026-03-01T09:00:00.000Z',
        },
      ],
    },
  },
});
