/**
 * Every problem that the HTTP interface can answer with (RFC 9457): a closed list. The code is the fragment of the problem's type, so that the
 * type leads to its explanation on the reference page. Read by server, client and generated documents; free of Node.
 */

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What the reader should do, for the reference page. */
  readonly meaning: string;
}

const table = {
  'request.malformed': {
    status: 400,
    title: 'The body cannot be read',
    meaning:
      'The body is no JSON in UTF-8, is nested too deeply, or holds what no text may: a NUL, half a surrogate pair, or a key named `__proto__`. Mend the sender; sending the same again changes nothing.',
  },
  'request.invalid': {
    status: 400,
    title: 'The request does not fit its schema',
    meaning: '`errors` names each place that does not fit, as a JSON pointer.',
  },
  'request.too-large': {
    status: 413,
    title: 'The body is too large',
    meaning: 'Send less at once; each endpoint states its limit. A compressed body counts by what it unpacks to.',
  },
  'request.media-type': {
    status: 415,
    title: 'The body is of another kind than JSON',
    meaning: 'Send `content-type: application/json`, uncompressed or with `content-encoding: gzip`.',
  },
  'request.timeout': {
    status: 408,
    title: 'The request did not arrive in time',
    meaning: 'Send the whole request within 30 seconds.',
  },
  'request.origin': {
    status: 403,
    title: 'This web origin is not allowed',
    meaning: 'Add the origin to those that the server allows, or call from your own server with a server key.',
  },
  'route.unknown': {
    status: 404,
    title: 'There is no such endpoint',
    meaning: 'Compare method and path with the reference.',
  },
  'key.missing': {
    status: 401,
    title: 'A key is missing',
    meaning: 'Send a key as `authorization: Bearer KEY`, or as the user name of Basic authentication.',
  },
  'key.unknown': {
    status: 401,
    title: 'The key is not known',
    meaning: 'Compare it with the keys that `fairlead doctor` lists; a key that was disabled stays so.',
  },
  'key.forbidden': {
    status: 403,
    title: 'This kind of key may not do that',
    meaning: 'Each endpoint states who may call it. What concerns named people needs a server key or a person token.',
  },
  'key.public': {
    status: 403,
    title: 'A public key may only speak of its own visitor',
    meaning: 'Send no user id and no alias with a public key: use a server key, or a person token that you signed.',
  },
  'token.invalid': {
    status: 401,
    title: 'The person token is not valid',
    meaning: 'It must be signed by the configured key, name the configured audience, and expire within 24 hours.',
  },
  'token.other-person': {
    status: 403,
    title: 'The person token is for somebody else',
    meaning: 'A person token speaks for the user id in its `sub` alone.',
  },
  'rate.exceeded': {
    status: 429,
    title: 'Too many requests',
    meaning: 'Wait for the seconds in `Retry-After`, then go on.',
  },
  'intake.too-large': {
    status: 400,
    title: 'An event or a batch is too large',
    meaning: 'An event may have 32 KB and a batch 500 KB, as it unpacks.',
  },
  'intake.time': {
    status: 400,
    title: 'The time of a message is far off',
    meaning: 'After correction by `sentAt`, a time must lie after 1999 and at most a day ahead of the server.',
  },
  'intake.busy': {
    status: 503,
    title: 'The intake is full',
    meaning:
      'Nothing of the request was stored. Send it again after the seconds in `Retry-After`, with the same message ids.',
  },
  'consent.unknown-purpose': {
    status: 400,
    title: 'The policy has no such purpose',
    meaning: '`GET /v1/consents` lists the purposes of the policy.',
  },
  'person.unknown': {
    status: 404,
    title: 'There is no such person',
    meaning:
      'Look the person up again: they may have been merged or erased. The answer is the same for a person who is not yours to see.',
  },
  'person.unknown-field': {
    status: 400,
    title: 'The policy has no such field',
    meaning: 'Name a field that the policy declares under `people`.',
  },
  'item.unknown': {
    status: 404,
    title: 'The catalogue has no such item',
    meaning: 'Send it to `/v1/items` first, or compare its id.',
  },
  'placement.unknown': {
    status: 404,
    title: 'The policy has no such placement',
    meaning: 'Name a placement that the policy declares.',
  },
  'audience.unknown': {
    status: 404,
    title: 'The policy has no such audience',
    meaning: 'Name an audience that the policy declares.',
  },
  'audience.too-small': {
    status: 409,
    title: 'Too few people are in the audience',
    meaning: 'What so few people share tells about each of them. Widen the segment.',
  },
  'complaint.unknown': {
    status: 404,
    title: 'There is no such complaint',
    meaning:
      'It goes when the person is erased, and when the policy no longer keeps it. `GET /v1/complaints` lists the queue.',
  },
  'complaint.answered': {
    status: 409,
    title: 'The complaint has been answered already',
    meaning: 'Each is answered once. Read the answer; whoever complains again is answered anew.',
  },
  'report.unreadable': {
    status: 400,
    title: 'The abuse report cannot be used',
    meaning:
      'Send the report of the mailbox provider whole, as it came by mail; it has to quote a message that was sent from here.',
  },
  'batch.unknown': {
    status: 404,
    title: 'There is no such batch',
    meaning: '`GET /v1/batches` lists the newest.',
  },
  'batch.state': {
    status: 409,
    title: 'That cannot be done with this batch now',
    meaning: 'Read the batch: it may wait for somebody to agree, have ended, or have outlived its 24 hours.',
  },
  'batch.second-person': {
    status: 403,
    title: 'Somebody else has to agree',
    meaning: 'Approve with another key than the one that made the batch.',
  },
  'batch.refused': {
    status: 400,
    title: 'No such batch can be sent',
    meaning:
      'The detail says why: the placement is of another channel, the recipient is none that people were told of, or the policy has changed since.',
  },
  'template.refused': {
    status: 400,
    title: 'The template cannot be used',
    meaning: 'The detail names the line, and what may stand there.',
  },
  'removals.unknown': {
    status: 404,
    title: 'There are no removals under this address',
    meaning: 'Use the address that was given with the batch, unchanged.',
  },
  'content.unknown': {
    status: 404,
    title: 'There is nothing under this address, or nothing any more',
    meaning: 'Leave this person out: they may have withdrawn. The answer is the same whatever the reason.',
  },
  'decision.unknown': {
    status: 404,
    title: 'There is no such decision',
    meaning:
      'It was never made, has expired with what it cites, or was about nobody. The answer is the same for a decision that is not yours to see.',
  },
  'log.pending': {
    status: 409,
    title: 'The log has not taken it yet',
    meaning:
      'What was recorded enters the transparency log about half a second later. Ask again after the seconds in `Retry-After`; if that goes on, the log is not being written: `/log` says when it last was.',
  },
  'database.unavailable': {
    status: 503,
    title: 'The database is not available',
    meaning:
      'Nothing is known to be stored. Send the request again after the seconds in `Retry-After`, with the same message ids.',
  },
  'server.stopping': {
    status: 503,
    title: 'The server is stopping',
    meaning: 'Send the request again after the seconds in `Retry-After`.',
  },
  internal: {
    status: 500,
    title: 'Something is wrong here',
    meaning: 'The fault is on our side. The log of the server has the same request id.',
  },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof table;

export const problems: Readonly<Record<ProblemCode, ProblemKind>> = table;

export const problemCodes = Object.keys(table) as ProblemCode[]; // the keys of a constant

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(table, code);
}

/** The `type` member: a reference that resolves against the server itself. */
export function problemType(code: ProblemCode): string {
  return `/docs#${code}`;
}
