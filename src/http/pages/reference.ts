/** The reference at `/docs`: every endpoint and every problem, from the contract, as one page that works without scripts. */
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { type Endpoint, bodyBytesDefault, problemsOf } from '../contract/endpoint.ts';
import { endpoints } from '../contract/endpoints.ts';
import { bytesInWords, callersInWords } from '../contract/openapi.ts';
import { problemCodes, problems } from '../contract/problems.ts';
import { answerPage } from './page.ts';

export function registerReference(app: FastifyInstance): void {
  const values = { groups: groupsOf(), problems: problemCodes.map((code) => ({ code, ...problems[code] })) };
  app.get('/docs', async (_request, reply) =>
    answerPage(reply, {
      template: 'reference',
      title: 'Reference',
      description: 'Every endpoint of this server, with what it takes, what it answers and what can go wrong.',
      styles: ['reference.css'],
      values,
    }),
  );
}

interface Group {
  readonly tag: string;
  readonly endpoints: readonly object[];
}

function groupsOf(): Group[] {
  const groups = new Map<string, object[]>();
  for (const [name, declared] of Object.entries(endpoints)) {
    groups.set(declared.tag, [...(groups.get(declared.tag) ?? []), entryOf(name, declared)]);
  }
  return [...groups].map(([tag, entries]) => ({ tag, endpoints: entries }));
}

function entryOf(name: string, declared: Endpoint): object {
  const { example } = declared;
  return {
    name,
    method: declared.method,
    path: declared.path,
    summary: declared.summary,
    description: declared.description,
    callers: callersInWords(declared.callers),
    bodyMax: declared.body === undefined ? undefined : bytesInWords(declared.bodyBytesMax ?? bodyBytesDefault),
    takes: [
      ...fieldsOf(declared.params, 'in the path'),
      ...fieldsOf(declared.query, 'in the query'),
      ...fieldsOf(declared.body, 'in the body'),
    ],
    headers: Object.entries(declared.answerHeaders ?? {}).map(([header, says]) => ({ header, says })),
    request: example.body === undefined ? undefined : JSON.stringify(example.body, undefined, 2),
    answer: typeof example.answer === 'string' ? example.answer : JSON.stringify(example.answer, undefined, 2),
    answerToBrowsers:
      example.answerToBrowsers === undefined ? undefined : JSON.stringify(example.answerToBrowsers, undefined, 2),
    problems: problemsOf(declared),
  };
}

interface Field {
  readonly name: string;
  readonly place: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string | undefined;
}

/** The members of a schema in words; of a choice, those of each variant. */
function fieldsOf(schema: TSchema | undefined, place: string): Field[] {
  if (schema === undefined) return [];
  const { properties, required = [], anyOf } = schema as Shape; // the members of JSON Schema that our schemas use
  if (anyOf !== undefined) return anyOf.flatMap((variant, index) => fieldsOf(variant, `${place}, form ${index + 1}`));
  return Object.entries(properties ?? {}).map(([name, property]) => ({
    name,
    place,
    type: typeInWords(property),
    isRequired: required.includes(name),
    description: (property as Shape).description, // as above
  }));
}

interface Shape {
  readonly type?: string;
  readonly const?: string | boolean;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
  readonly patternProperties?: object;
}

function typeInWords(schema: TSchema): string {
  const shape = schema as Shape; // as above
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.anyOf !== undefined)
    return [...new Set(shape.anyOf.map(typeInWords))].filter((type) => type !== 'null').join(' or ');
  if (shape.type === 'array') return shape.items === undefined ? 'list' : `list of ${typeInWords(shape.items)}`;
  if (shape.type === 'object' && shape.patternProperties !== undefined) return 'map';
  if (shape.type === 'object')
    return Object.keys(shape.properties ?? {}).length === 0
      ? 'object'
      : `{ ${Object.keys(shape.properties ?? {}).join(', ')} }`;
  return shape.type === 'string' ? 'text' : (shape.type ?? 'anything');
}
