/**
 * The contract as an OpenAPI 3.1 document (openapis.org, version 3.1.0, whose schemas are JSON Schema 2020-12). A pure function of the declarations,
 * so that the served document, the committed one and the checks can never differ.
 */
import type { TSchema } from 'typebox';
import { type CallerKind, type Endpoint, bodyBytesDefault, problemsOf } from './endpoint.ts';
import { endpoints } from './endpoints.ts';
import { Context, Message } from './intake.ts';
import { problems } from './problems.ts';
import { components } from './schemas.ts';

/** Plain JSON. `version` is the version of the package. */
export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, declared] of Object.entries(endpoints)) {
    const path = (paths[declared.path] ??= {});
    path[declared.method.toLowerCase()] = operationOf(name, declared);
  }
  return plain({
    openapi: '3.1.0',
    info: {
      title: 'Fairlead',
      version,
      summary: 'Personalisation that people can take themselves out of.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, definitionOf(schema)])),
      responses: {
        Problem: {
          description: 'What went wrong.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A server key, a public key, or a person token (a JWT signed by the operator).',
        },
        basic: { type: 'http', scheme: 'basic', description: 'A key as the user name, with an empty password.' },
      },
    },
  });
}

/** The document as it is committed: indented, with lists of plain values on one line where they fit into 120 columns. */
export function documentText(value: unknown, indent = '', before = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
    const isPlain = value.every((one) => typeof one !== 'object' || one === null);
    if (isPlain && before + line.length < 120) return line;
    return `[\n${value.map((one) => `${deeper}${documentText(one, deeper, deeper.length)}`).join(',\n')}\n${indent}]`;
  }
  const lines = Object.entries(value).map(([key, one]) => {
    const start = `${deeper}${JSON.stringify(key)}: `;
    return `${start}${documentText(one, deeper, start.length)}`;
  });
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
}

function operationOf(name: string, declared: Endpoint): unknown {
  return {
    operationId: name,
    tags: [declared.tag],
    summary: declared.summary,
    description: `${declared.description}\n\nMay be called by: ${callersInWords(declared.callers)}.`,
    ...(declared.callers.includes('anybody') ? { security: [] } : { security: [{ bearer: [] }, { basic: [] }] }),
    ...(declared.params === undefined && declared.query === undefined
      ? {}
      : { parameters: [...parametersOf('path', declared), ...parametersOf('query', declared)] }),
    ...(declared.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            description: `At most ${bytesInWords(declared.bodyBytesMax ?? bodyBytesDefault)}, as it unpacks; may be compressed with gzip.`,
            content: { 'application/json': { schema: schemaOf(declared.body), example: declared.example.body } },
          },
        }),
    responses: responsesOf(declared),
  };
}

function parametersOf(place: 'path' | 'query', declared: Endpoint): unknown[] {
  const schema = place === 'path' ? declared.params : declared.query;
  const example = place === 'path' ? declared.example.params : declared.example.query;
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: schemaOf(property),
    ...(example?.[name] === undefined ? {} : { example: example[name] }),
  }));
}

function responsesOf(declared: Endpoint): Record<string, unknown> {
  const byStatus = new Map<number, string[]>();
  for (const code of problemsOf(declared))
    byStatus.set(problems[code].status, [...(byStatus.get(problems[code].status) ?? []), code]);
  const answers =
    declared.answerToBrowsers === undefined ? [declared.answer] : [declared.answer, declared.answerToBrowsers];
  return {
    200: {
      description: 'Done.',
      ...(declared.answerHeaders === undefined
        ? {}
        : {
            headers: Object.fromEntries(
              Object.entries(declared.answerHeaders).map(([header, description]) => [
                header,
                { description, schema: { type: 'string' } },
              ]),
            ),
          }),
      content: {
        [declared.answerType ?? 'application/json']: {
          schema:
            answers.length === 1 ? schemaOf(declared.answer) : { anyOf: answers.map((answer) => schemaOf(answer)) },
          example: declared.example.answer,
        },
      },
    },
    ...Object.fromEntries(
      [...byStatus]
        .toSorted(([a], [b]) => a - b)
        .map(([status, codes]) => [
          status,
          { $ref: '#/components/responses/Problem', description: codes.map((code) => `\`${code}\``).join(', ') },
        ]),
    ),
  };
}

const named = { ...components, Context, Message };
const names = new Map(Object.entries(named).map(([name, schema]) => [JSON.stringify(schema), name]));

/** The schema with every named one inside it as a reference. */
function schemaOf(schema: TSchema): unknown {
  return replaced(plain(schema), false);
}

/** The definition of a named schema: its inside refers to others, itself it is written out. */
function definitionOf(schema: TSchema): unknown {
  return replaced(plain(schema), true);
}

function replaced(value: unknown, writeOut: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, false));
  if (typeof value !== 'object' || value === null) return value;
  const name = writeOut ? undefined : names.get(JSON.stringify(value));
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, false)]));
}

function plain(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>; // an object goes in, so an object comes out
}

const words: Readonly<Record<CallerKind, string>> = {
  server: 'a server key',
  public: 'a public key',
  person: 'a person token',
  loopback: 'the same machine',
  anybody: 'anybody',
};

/** For the reference: "a server key, a public key or a person token". */
export function callersInWords(callers: readonly CallerKind[]): string {
  const said = callers.map((caller) => words[caller]);
  const last = said.at(-1) ?? '';
  return said.length < 2 ? last : `${said.slice(0, -1).join(', ')} or ${last}`;
}

export function bytesInWords(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MB` : `${bytes / 1024} KB`;
}
