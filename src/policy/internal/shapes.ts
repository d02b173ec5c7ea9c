/**
 * Small descriptions of what a value has to look like, that say in words what they expect and what stands there instead. The shape pack
 * composes the whole policy from them. They never throw, whatever the value, and look no deeper than they describe.
 */
import { nearestName } from './nearest-name.ts';
import type { Violation } from './rule.ts';

export type ShapeCode =
  | 'shape.type'
  | 'shape.missing'
  | 'shape.unknown-key'
  | 'shape.empty-list'
  | 'shape.repeated'
  | 'shape.name'
  | 'shape.form';

export interface ShapeViolation extends Violation {
  readonly code: ShapeCode;
  /** Whether the rules that read the policy could stumble over it. */
  readonly blocks: boolean;
}

export interface Shape {
  /** A noun phrase: "a list of names of purposes". */
  readonly expects: string;
  readonly check: (value: unknown, path: readonly string[], report: Report) => void;
}

type Report = (violation: ShapeViolation) => void;

/** A text that satisfies `hasForm`; the wrong form does not keep the rules from running. */
export function text(expects: string, hasForm: (text: string) => boolean): Shape {
  return {
    expects,
    check(value, path, report) {
      if (typeof value !== 'string') reportType(value, expects, path, report);
      else if (!hasForm(value)) {
        report({
          code: 'shape.form',
          blocks: false,
          path,
          message: `${nameOf(path)} is ${quoted(value)}, which is not ${expects}`,
          remedy: `Write ${expects}.`,
        });
      }
    },
  };
}

/** One of a few words. */
export function oneOf(words: readonly string[]): Shape {
  const expects = words.map(quoted).join(' or ');
  return {
    expects,
    check(value, path, report) {
      if (typeof value === 'string' && words.includes(value)) return;
      const near = typeof value === 'string' ? nearestName(value, words) : undefined;
      report({
        code: 'shape.type',
        blocks: true,
        path,
        message: `${nameOf(path)} is ${described(value)}, but only ${expects} can stand there`,
        remedy: near === undefined ? `Write ${expects}.` : `Write ${quoted(near)}.`,
      });
    },
  };
}

export function numberBetween(least: number, most: number, options: { whole: boolean; of: string }): Shape {
  const expects = `a ${options.whole ? 'whole ' : ''}number${options.of} from ${least} to ${most}`;
  return {
    expects,
    check(value, path, report) {
      const isRight =
        typeof value === 'number' &&
        value >= least &&
        value <= most &&
        (options.whole ? Number.isInteger(value) : Number.isFinite(value));
      if (!isRight) reportType(value, expects, path, report);
    },
  };
}

export function listOf(element: Shape, options: { expects: string; mayBeEmpty: boolean }): Shape {
  return {
    expects: options.expects,
    check(value, path, report) {
      if (!Array.isArray(value)) {
        reportType(value, options.expects, path, report);
        return;
      }
      if (value.length === 0 && !options.mayBeEmpty) {
        report({
          code: 'shape.empty-list',
          blocks: false,
          path,
          message: `${nameOf(path)} is an empty list`,
          remedy: `Write ${options.expects} with at least one entry, or take the whole entry out.`,
        });
      }
      const seen = new Set<unknown>();
      for (let index = 0; index < value.length; index++) {
        const inner: unknown = value[index];
        const innerPath = [...path, String(index)];
        element.check(inner, innerPath, report);
        if (typeof inner === 'string' && seen.has(inner)) {
          report({
            code: 'shape.repeated',
            blocks: false,
            path: innerPath,
            message: `${nameOf(path)} names ${quoted(inner)} twice`,
            remedy: 'Take one of the two out.',
          });
        }
        seen.add(inner);
      }
    },
  };
}

/** Entries under names of the author's own choice. */
export function entriesOf(
  entry: Shape,
  options: { expects: string; name: { expects: string; hasForm: (name: string) => boolean } },
): Shape {
  return {
    expects: options.expects,
    check(value, path, report) {
      const members = membersOf(value);
      if (members === undefined) {
        reportType(value, options.expects, path, report);
        return;
      }
      for (const [name, inner] of members) {
        const innerPath = [...path, name];
        if (name in Object.prototype || !options.name.hasForm(name)) {
          report({
            code: 'shape.name',
            blocks: false,
            path: innerPath,
            message: `${quoted(name)} cannot be a name in ${nameOf(path)}`,
            remedy: `Choose ${options.name.expects}.`,
          });
        }
        entry.check(inner, innerPath, report);
      }
    },
  };
}

/** An object with known keys. The type makes sure that every key of the interface it describes has a shape. */
export function objectOf<Described extends object>(
  expects: string,
  keys: {
    required: readonly (keyof Described & string)[];
    shapes: { readonly [Key in keyof Described & string]-?: Shape };
  },
): Shape {
  const shapes = new Map(Object.entries<Shape>(keys.shapes));
  return {
    expects,
    check(value, path, report) {
      const members = membersOf(value);
      if (members === undefined) {
        reportType(value, expects, path, report);
        return;
      }
      for (const key of keys.required) {
        if (members.get(key) !== undefined) continue;
        const shape = keys.shapes[key];
        report({
          code: 'shape.missing',
          blocks: true,
          path: [...path, key],
          message: `${nameOf(path)} does not say ${quoted(key)}`,
          remedy: `Add ${quoted(key)}: ${shape.expects}.`,
        });
      }
      for (const [key, inner] of members) {
        const shape = shapes.get(key);
        if (shape === undefined) reportUnknownKey(key, [...shapes.keys()], path, report);
        else if (inner !== undefined) shape.check(inner, [...path, key], report);
      }
    },
  };
}

/** An object whose member `tag` says which of several it is. */
export function taggedBy(tag: string, options: { expects: string; shapes: Readonly<Record<string, Shape>> }): Shape {
  return {
    expects: options.expects,
    check(value, path, report) {
      const word = membersOf(value)?.get(tag);
      const shape = typeof word === 'string' && Object.hasOwn(options.shapes, word) ? options.shapes[word] : undefined;
      if (shape === undefined) reportType(value, options.expects, path, report);
      else shape.check(value, path, report);
    },
  };
}

/** One of two shapes, told apart by a look at the value. */
export function either(expects: string, choose: (value: unknown) => Shape): Shape {
  return { expects, check: (value, path, report) => choose(value).check(value, path, report) };
}

/** Own members of a plain object; `undefined` for everything else. */
export function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

/** A path as somebody would say it: `placements.home.show`, `events["Order Completed"].for[1]`. */
function nameOf(path: readonly string[]): string {
  if (path.length === 0) return 'the policy';
  return path.reduce((name, step) => {
    if (/^\d+$/.test(step)) return `${name}[${step}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `${name}[${JSON.stringify(step)}]`;
    return name === '' ? step : `${name}.${step}`;
  }, '');
}

/** A text between quotes, cut where it gets long. */
export function quoted(text: string): string {
  return `'${text.length > 80 ? `${text.slice(0, 77)}…` : text}'`;
}

function described(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `of the type ${typeof value}`;
}

function reportType(value: unknown, expects: string, path: readonly string[], report: Report): void {
  report({
    code: 'shape.type',
    blocks: true,
    path,
    message: `${nameOf(path)} has to be ${expects}, and is ${described(value)}`,
    remedy: `Write ${expects}.`,
  });
}

function reportUnknownKey(key: string, known: readonly string[], path: readonly string[], report: Report): void {
  const near = nearestName(key, known);
  report({
    code: 'shape.unknown-key',
    blocks: false,
    path: [...path, key],
    message: `${nameOf(path)} says ${quoted(key)}, which means nothing there, so it would not be obeyed`,
    remedy: near === undefined ? `Take it out; known there are ${known.join(', ')}.` : `Did you mean ${quoted(near)}?`,
  });
}
