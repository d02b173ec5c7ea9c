/** What the server says about itself. */
import { Type } from 'typebox';
import { endpoint } from './endpoint.ts';

const shared = { method: 'GET', tag: 'Server', callers: ['anybody'], problems: [] } as const;

export const openApiDocument = endpoint({
  ...shared,
  path: '/openapi.json',
  summary: 'This interface, for machines',
  description:
    'The description of every endpoint in OpenAPI 3.1, made from the same declarations that the server checks requests and answers against.',
  cacheSeconds: 300,
  answer: Type.Record(Type.String(), Type.Unknown()),
  example: { answer: { openapi: '3.1.0' } },
});

export const healthy = endpoint({
  ...shared,
  path: '/healthz',
  summary: 'Whether the process lives',
  description:
    'Answers as long as the process can answer anything. It asks nobody else, so a database that is away does not get the process killed.',
  answer: Type.Object({ status: Type.Literal('ok') }),
  example: { answer: { status: 'ok' } },
});

export const ready = endpoint({
  ...shared,
  path: '/readyz',
  summary: 'Whether requests are welcome',
  description: 'Answers 200 while the database answers within a second, else 503.',
  answer: Type.Object({ status: Type.Literal('ready') }),
  problems: ['database.unavailable'],
  example: { answer: { status: 'ready' } },
});

export const metrics = endpoint({
  ...shared,
  callers: ['server', 'loopback'],
  path: '/metrics',
  summary: 'Figures for monitoring',
  description:
    'Counters and histograms in the text format of Prometheus. Names and labels come from the policy and the reference alone, never from what was sent. Open to the same machine and to server keys.',
  answer: Type.String(),
  answerType: 'text/plain',
  example: { answer: '# HELP fairlead_http_requests_total Requests by route, method and status.\n' },
});

export const globalPrivacyControl = endpoint({
  ...shared,
  path: '/.well-known/gpc.json',
  summary: 'Global Privacy Control',
  description:
    'Says that this server honours the signal `Sec-GPC: 1`, in the form of the W3C draft. Nothing is sold, shared or used for advertising across contexts.',
  cacheSeconds: 3_600,
  answer: Type.Object({ gpc: Type.Boolean(), lastUpdate: Type.String() }),
  example: { answer: { gpc: true, lastUpdate: '2026-01-01' } },
});

export const securityContact = endpoint({
  ...shared,
  path: '/.well-known/security.txt',
  summary: 'Whom to tell about a weakness',
  description: 'The contact of the controller, in the form of RFC 9116.',
  cacheSeconds: 3_600,
  answer: Type.String(),
  answerType: 'text/plain',
  example: {
    answer: 'Contact: mailto:privacy@northwind.example\nExpires: 2026-09-01T00:00:00.000Z\nPreferred-Languages: en\n',
  },
});
