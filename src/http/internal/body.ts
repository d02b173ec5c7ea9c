/**
 * Reads the body of a request: at most so many bytes as it unpacks, JSON in UTF-8 (RFC 8259), not deeper than 64, and free of what no text of ours may
 * hold. Whatever is wrong is found before anything is made of it, and a sender of too much is heard out (to 32 MB), so that the answer reaches it.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { Refusal } from '../../database/refusal.ts';
import type { ProblemCode } from '../contract/problems.ts';

export interface ReadBody {
  readonly value: unknown;
  /** How much it was, as it unpacked. */
  readonly bytes: number;
  /** Of that, the largest thing that lies two levels deep: in a batch, the largest message. */
  readonly widestBytes: number;
}

const depthMax = 64;
const heardOutBytesMax = 32 * 1024 * 1024;

export async function readBody(
  stream: NodeJS.ReadableStream,
  limits: { bytesMax: number; tooLarge: ProblemCode; encoding: string | undefined },
): Promise<ReadBody> {
  const packed = await collect(stream, limits);
  return parseBody(unpack(packed, limits));
}

/** The value of a body that has been read; exported for the tests of what may stand in it. */
export function parseBody(bytes: Buffer): ReadBody {
  if (!isUtf8(bytes)) throw malformed('it is not UTF-8');
  const { depth, widestBytes } = measure(bytes);
  if (depth > depthMax) throw malformed(`it is nested deeper than ${depthMax}`);
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes what was sent.
    throw malformed('it is not JSON');
  }
  // A NUL, half a surrogate pair and a hidden key can only stand in valid JSON as an escape, and most bodies have none.
  if (text.includes('\\u') || text.includes('__proto__')) refuseHostileText(value);
  return { value, bytes: bytes.length, widestBytes };
}

async function collect(
  stream: NodeJS.ReadableStream,
  limits: { bytesMax: number; tooLarge: ProblemCode },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limits.bytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > heardOutBytesMax) {
        stream.removeAllListeners('data');
        (stream as IncomingMessage).destroy(); // the raw request: what comes after is not even read
        reject(tooLarge(limits));
      }
    });
    stream.on('end', () => {
      if (bytes > limits.bytesMax) reject(tooLarge(limits));
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes));
    });
    stream.on('error', () => reject(malformed('it broke off')));
  });
}

function unpack(
  bytes: Buffer,
  limits: { bytesMax: number; tooLarge: ProblemCode; encoding: string | undefined },
): Buffer {
  const encoding = limits.encoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return bytes;
  if (encoding !== 'gzip') throw new Refusal('request.media-type', 'The body is compressed in a way other than gzip.');
  try {
    return gunzipSync(bytes, { maxOutputLength: limits.bytesMax });
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    throw isTooLarge ? tooLarge(limits) : malformed('it does not unpack');
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** One pass over the bytes: how deep, and how long the longest thing is that lies inside two others. Cheaper than to write values out again. */
export function measure(bytes: Uint8Array): { depth: number; widestBytes: number } {
  let level = 0;
  let depth = 0;
  let widestBytes = 0;
  let from = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote:
        for (at += 1; at < bytes.length && bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1;
        break;
      case openBrace:
      case openBracket:
        level += 1;
        if (level > depth) depth = level;
        if (level === 3) from = at;
        break;
      case closeBrace:
      case closeBracket:
        if (level === 3 && at + 1 - from > widestBytes) widestBytes = at + 1 - from;
        level -= 1;
        break;
      default:
    }
  }
  return { depth, widestBytes };
}

function refuseHostileText(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) throw malformed('a text holds a NUL');
    if (!value.isWellFormed()) throw malformed('a text holds half a surrogate pair');
  } else if (Array.isArray(value)) {
    for (const one of value) refuseHostileText(one);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      if (key === '__proto__') throw malformed('a key is named __proto__');
      refuseHostileText(key);
      refuseHostileText(one);
    }
  }
}

function malformed(why: string): Refusal {
  return new Refusal('request.malformed', `The body cannot be read: ${why}.`);
}

function tooLarge(limits: { bytesMax: number; tooLarge: ProblemCode }): Refusal {
  return new Refusal(limits.tooLarge, `The body has more than ${limits.bytesMax} bytes, as it unpacks.`);
}
