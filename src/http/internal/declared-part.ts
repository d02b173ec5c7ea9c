/**
 * What of a value a schema declares: made once from the schema, then a plain copy. Everything that leaves the server goes through it, so that a field
 * which somebody adds to an object deep inside does not leave because nobody thought of it.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

export type Copy = (value: unknown) => unknown;

/** A copier for values that fit the schema. Of a union, the first variant that fits decides. */
export function declaredPart(schema: TSchema): Copy {
  const { type, properties, items, anyOf, patternProperties } = schema as Shape; // the members of JSON Schema that our schemas use
  if (anyOf !== undefined) {
    const variants = anyOf.map((variant) => ({ check: Compile(variant), copy: declaredPart(variant) }));
    return (value) => variants.find(({ check }) => check.Check(value))?.copy(value);
  }
  if (type === 'array' && items !== undefined) {
    const copy = declaredPart(items);
    return (value) => (value as readonly unknown[]).map(copy); // the schema has been checked
  }
  if (type === 'object' && properties !== undefined) {
    const copies = Object.entries(properties).map(([name, property]) => [name, declaredPart(property)] as const);
    return (value) => {
      const source = value as Readonly<Record<string, unknown>>; // the schema has been checked
      const part: Record<string, unknown> = {};
      for (const [name, copy] of copies)
        if (Object.hasOwn(source, name) && source[name] !== undefined) part[name] = copy(source[name]);
      return part;
    };
  }
  const pattern = Object.values(patternProperties ?? {})[0];
  if (type === 'object' && pattern !== undefined) {
    const copy = declaredPart(pattern);
    return (value) => Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, copy(one)])); // the schema has been checked
  }
  return (value) => value;
}

interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
}
