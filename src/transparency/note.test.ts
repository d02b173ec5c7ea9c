import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCheckpoint, signCheckpoint } from './checkpoint.ts';
import type { NoteVerifier } from './note.ts';
import { base64Of, openNote, signNote, signerOf, verifierOf } from './note.ts';
import { emptyRoot } from './tree.ts';

const signer = signerOf({ name: 'shop.example/log', seed: Buffer.alloc(32, 7) });
const verifier = verifierOf(signer.verifierKey);

describe('a note', () => {
  test("of the specification's example opens with its verifier key", () => {
    const example = verifierOf('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const signature = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
    const note = `This is an example message.\n\n— example.com/foo ${signature}\n`;
    expect(openNote(note, [example])).toBe('This is an example message.\n');
    expect(openNote(Buffer.from(note), [example])).toBe('This is an example message.\n');
    expect(() => openNote(note.replace('an', 'no'), [example])).toThrow(
      expect.objectContaining({ code: 'log.signature' }),
    );
  });

  test('gives back any text that was signed, whoever else has signed it', () => {
    const lines = fc.array(
      fc.string({ unit: 'grapheme' }).filter((line) => !/\p{Cc}/u.test(line)),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(lines, fc.uint8Array({ minLength: 32, maxLength: 32 }), (lines, seed) => {
        const text = `${lines.join('\n')}\n`;
        if (text === '\n') return;
        const other = signerOf({ name: 'witness.example', seed });
        const both = signNote(text, signer) + signNote(text, other).slice(text.length + 1);
        expect(openNote(both, [verifier])).toBe(text);
        expect(openNote(both, [verifierOf(other.verifierKey)])).toBe(text);
        expect(openNote(both, [verifier, verifierOf(other.verifierKey)])).toBe(text);
      }),
    );
  });

  test('by nobody known, by the same name with another key, or with one wrong signature among right ones is refused', () => {
    const text = 'text\n';
    const other = signerOf({ name: signer.name, seed: Buffer.alloc(32, 8) });
    expect(() => openNote(signNote(text, other), [verifier])).toThrow(
      expect.objectContaining({ code: 'log.unknown-key' }),
    );
    expect(() => openNote(signNote(text, signer), [])).toThrow(expect.objectContaining({ code: 'log.unknown-key' }));
    const wrong = signNote('other\n', other).slice('other\n\n'.length);
    expect(() => openNote(signNote(text, signer) + wrong, [verifier, verifierOf(other.verifierKey)])).toThrow(
      expect.objectContaining({ code: 'log.signature' }),
    );
    expect(openNote(signNote(text, signer) + wrong, [verifier])).toBe(text);
  });

  test('takes 16 signatures and more, and refuses to read thousands', () => {
    const note = signNote('text\n', signer);
    const line = note.slice('text\n\n'.length);
    const others = Array.from({ length: 64 }, (_, at) => line.replace(signer.name, `witness${at}.example`));
    expect(openNote(note + others.slice(1).join(''), [verifier])).toBe('text\n');
    expect(() => openNote(note + others.join(''), [verifier])).toThrow('too many');
    expect(() => openNote(note + line, [verifier])).toThrow('twice');
    expect(() => openNote('a'.repeat(1_000_001), [verifier])).toThrow('too long');
  });

  test('of any other form is refused', () => {
    const note = signNote('one\n\ntwo\n', signer);
    const text = note.slice(0, note.lastIndexOf('—'));
    const line = note.slice(text.length, -1);
    const forms = [
      '',
      '\n',
      '\n\n',
      'one',
      text,
      text + line,
      `${text}${line}\n\n`,
      `${text} ${line}\n`,
      `${text}${line} \n`,
      `${text}${line}\r\n`,
      note.replace('— ', '- '),
      note.replace('— ', '—'),
      note.replace(signer.name, ''),
      note.replace(signer.name, 'a b'),
      note.replace('one', 'o\u0000ne'),
      note.replace('one', 'o\tne'),
      note.replace('one', 'o\ud800ne'),
      note.replace('=\n', '\n'),
      `${text}— ${signer.name} AAAA\n`,
      `${text}— ${signer.name} \n`,
      `\ufeff${note}`,
    ];
    for (const form of forms)
      expect(() => openNote(form, [verifier]), JSON.stringify(form)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^log\./) }),
      );
    expect(() => openNote(Buffer.from([0xff, 0x0a]), [verifier])).toThrow('UTF-8');
    expect(() => signNote('no newline', signer)).toThrow('can be signed');
  });

  const wycheproof = new URL('../../../shared/vectors/wycheproof/ed25519_test.json', import.meta.url);
  test.skipIf(!existsSync(wycheproof))('agrees with every Ed25519 case of Wycheproof (needs shared vectors)', () => {
    interface Group {
      publicKey: { pk: string };
      tests: { tcId: number; msg: string; sig: string; result: string }[];
    }
    const { testGroups } = JSON.parse(readFileSync(wycheproof, 'utf8')) as { testGroups: Group[] }; // The shape of the file that is read.
    let cases = 0;
    for (const { publicKey, tests } of testGroups)
      for (const { tcId, msg, sig, result } of tests) {
        const raw = verifierOfRawKey(Buffer.from(publicKey.pk, 'hex'));
        const valid = raw.verify(Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'));
        expect({ tcId, valid }).toEqual({ tcId, valid: result === 'valid' });
        cases += 1;
      }
    expect(cases).toBe(151);
  });
});

describe('a verifier key', () => {
  test('that was cut, changed or is of another kind is refused', () => {
    const key = signer.verifierKey;
    for (let at = 0; at < key.length; at++) {
      const changed = key.slice(0, at) + (key[at] === 'A' ? 'B' : 'A') + key.slice(at + 1);
      expect(() => verifierOf(changed), changed).toThrow();
      expect(() => verifierOf(key.slice(0, at))).toThrow();
    }
    const [name = '', id = ''] = key.split('+');
    const cosigner = Buffer.concat([Buffer.from([4]), Buffer.alloc(32, 1)]).toString('base64');
    expect(() => verifierOf(`${name}+${id}+${cosigner}`)).toThrow();
  });

  test('has a name without spaces, plus or control characters', () => {
    for (const name of ['', ' ', 'a b', 'a+b', 'a\nb', 'a\u00a0b', 'a\u2028b', '\u0085'])
      expect(() => signerOf({ name, seed: Buffer.alloc(32) }), JSON.stringify(name)).toThrow(
        expect.objectContaining({ code: 'log.origin' }),
      );
    expect(() => signerOf({ name: 'a', seed: Buffer.alloc(31) })).toThrow(
      expect.objectContaining({ code: 'log.key-length' }),
    );
  });
});

describe('a checkpoint', () => {
  test('is read back as it was signed, up to 2^53 - 1 entries, with any extension lines', () => {
    for (const size of [0, 1, 10, 255, 70_000, Number.MAX_SAFE_INTEGER]) {
      const note = signCheckpoint({ size, root: emptyRoot }, signer);
      expect(openCheckpoint(note, verifier)).toEqual({ origin: signer.name, size, root: emptyRoot, note });
    }
    const extended = signNote(`${signer.name}\n5\n${emptyRoot.toString('base64')}\nmore\nand more\n`, signer);
    expect(openCheckpoint(extended, verifier).size).toBe(5);
  });

  test('that the log has signed in another form is refused all the same', () => {
    const root = emptyRoot.toString('base64');
    const texts = [
      `${signer.name}\n05\n${root}\n`,
      `${signer.name}\n-1\n${root}\n`,
      `${signer.name}\n1e3\n${root}\n`,
      `${signer.name}\n\n${root}\n`,
      `${signer.name}\n9007199254740992\n${root}\n`,
      `${signer.name}\n99999999999999999999\n${root}\n`,
      `${signer.name}\n5\n${root.slice(4)}\n`,
      `${signer.name}\n5\n${root.replace('=', '')}\n`,
      `${signer.name}\n5\n`,
      `${signer.name}\n`,
      `other.example\n5\n${root}\n`,
      `${signer.name}\n5\n${root}\n\nmore\n`,
      `${signer.name}\n 5\n${root}\n`,
      `${signer.name}\n5\n${root} \n`,
    ];
    for (const text of texts)
      expect(() => openCheckpoint(signNote(text, signer), verifier), text).toThrow(
        expect.objectContaining({ code: 'log.checkpoint' }),
      );
    expect(() => signCheckpoint({ size: -1, root: emptyRoot }, signer)).toThrow(RangeError);
    expect(() => signCheckpoint({ size: 1, root: Buffer.alloc(31) }, signer)).toThrow(RangeError);
  });
});

test('base64 has one spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(base64Of(text)).toEqual(Buffer.from(bytes));
      if (text.endsWith('=')) expect(base64Of(text.replaceAll('=', ''))).toBeUndefined();
    }),
  );
  for (const text of ['AB==', 'A', 'AA', 'AA=', 'AA== ', 'A_==', '-A==', '====', 'AA==AA=='])
    expect(base64Of(text), text).toBeUndefined();
});

function verifierOfRawKey(publicKey: Buffer): NoteVerifier {
  const typed = Buffer.concat([Buffer.of(1), publicKey]);
  const id = hash('sha256', Buffer.concat([Buffer.from('raw\n'), typed]), 'hex').slice(0, 8);
  return verifierOf(`raw+${id}+${typed.toString('base64')}`);
}
