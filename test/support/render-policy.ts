/**
 * A policy written as TypeScript the way people write it, in a style that dice choose: with builders or without, on one line or many,
 * commented, with parts moved into constants. It remembers where each key came to stand, which the checker has to find again.
 */
import type { Policy } from '../../src/policy/policy.ts';
import { diceOf } from './arbitrary-policy.ts';

export interface RenderedPolicy {
  readonly text: string;
  /** Line and column, from 1, of a path; of the deepest part of it that was written. */
  readonly placeOf: (path: readonly string[]) => { line: number; column: number };
}

export function renderPolicy(policy: Policy, rolls: readonly number[]): RenderedPolicy {
  const roll = diceOf(rolls);
  const places = new Map<string, number>();
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const place = (path: readonly string[]): void => {
    places.set(JSON.stringify(path), text.length);
  };

  const blank = (): string => {
    const blanks = [' ', '\n  ', ' /* a } note: { */ ', " // it's one\n", '\n\n', '\t', '\r\n'];
    return roll(3) === 0 ? (blanks[roll(blanks.length)] ?? ' ') : ' ';
  };
  const literal = (value: string): string => {
    const style = roll(3);
    if (style === 0) return JSON.stringify(value);
    const quote = style === 1 ? "'" : '`';
    const inner = value
      .replaceAll('\\', '\\\\')
      .replaceAll(quote, `\\${quote}`)
      .replaceAll('\n', '\\n')
      .replaceAll('${', '\\${');
    return `${quote}${inner}${quote}`;
  };
  const key = (name: string): string => {
    if (/^[A-Za-z_$][\w$]*$/.test(name) && roll(4) > 0) return name;
    const written = literal(name);
    // A template is no key by itself, only in brackets.
    return roll(4) === 0 || written.startsWith('`') ? `[${written}]` : written;
  };

  const writeMembers = (members: readonly [string, unknown][], path: readonly string[]): void => {
    write(`{${blank()}`);
    for (const [name, member] of members) {
      const inner = [...path, name];
      place(inner);
      write(key(name));
      write(`:${blank()}`);
      writeValue(member, inner);
      write(`,${blank()}`);
    }
    write('}');
  };

  const writeValue = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'string') write(literal(value));
    else if (Array.isArray(value)) {
      write(`[${blank()}`);
      for (const [index, element] of value.entries()) {
        if (index > 0) write(`,${blank()}`);
        place([...path, String(index)]);
        writeValue(element, [...path, String(index)]);
      }
      write(roll(2) === 0 ? ']' : '] as const');
    } else if (typeof value === 'object' && value !== null) writeObject(Object.entries(value), path);
    else write(String(value));
  };

  const writeObject = (members: readonly [string, unknown][], path: readonly string[]): void => {
    const kind = members.find(([name]) => name === 'kind')?.[1];
    if (typeof kind !== 'string' || roll(4) === 0) {
      writeMembers(members, path);
      return;
    }
    write(`${kind}(${blank()}`);
    let options = members.filter(([name]) => name !== 'kind');
    const type = options.find(([name]) => name === 'type');
    if (kind === 'identifier' && type !== undefined) {
      place([...path, 'type']);
      writeValue(type[1], [...path, 'type']);
      write(`,${blank()}`);
      options = options.filter(([name]) => name !== 'type');
    }
    writeMembers(options, path);
    write(')');
  };

  write(
    `import { attribute, identifier, policy, propensity, recommender, safeguard, sensitive } from 'fairlead/policy';\n// A { comment: 'with' policy({\n`,
  );
  const moved = new Set(Object.keys(policy).filter(() => roll(5) === 0));
  const entries = Object.entries(policy);
  for (const [name, member] of entries) {
    if (!moved.has(name)) continue;
    write(`const ${name}Part = `);
    writeValue(member, [name]);
    write(';\n');
  }
  const isNamed = roll(4) === 0;
  write(isNamed ? 'const everything = ' : 'export default ');
  place([]);
  write('policy({');
  for (const [name, member] of entries) {
    write(blank());
    place([name]);
    write(`${name}: `);
    if (moved.has(name)) write(`${name}Part`);
    else writeValue(member, [name]);
    write(',');
  }
  write('});\n');
  if (isNamed) {
    write('export default ');
    place([]);
    write('everything;\n');
  }

  return {
    text,
    placeOf(path) {
      const known = path.findLastIndex((_, index) => places.has(JSON.stringify(path.slice(0, index + 1))));
      const at = places.get(JSON.stringify(path.slice(0, known + 1))) ?? 0;
      const before = text.slice(0, at);
      return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
    },
  };
}
