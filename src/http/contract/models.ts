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
        recipe: Type.Union(
          [
            Type.Object({
              recipe: Uuid,
              adoptedBy: Type.String(),
              tunedPeople: Type.Union([Type.Integer(), Type.Null()], {
                description: 'On how many people it was tuned; null for the usual recipe, which was tuned on nobody.',
              }),
              tunedPeopleLeft: Type.Union([Type.Integer(), Type.Null()], {
                description:
                  'How many of them have since left; null when they are people of a file, of whom nothing is known here.',
              }),
              isProposalDue: Type.Boolean({
                description: 'More than 5 % have left: a new proposal is due (`fairlead evaluate --live`).',
              }),
            }),
            Type.Null(),
          ],
          { description: 'The recipe in force; null before the first, and for models without one.' },
        ),
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
      models: [
        {
          model: 'alsoLiked',
          purpose: 'suggestions',
          current: '01980000-0000-7000-8000-000000000002',
          recipe: {
            recipe: '01980000-0000-7000-8000-000000000007',
            adoptedBy: 'Ada Lovelace',
            tunedPeople: 400,
            tunedPeopleLeft: 3,
            isProposalDue: false,
          },
        },
      ],
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
