import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { declaredPart } from './declared-part.ts';

const copy = declaredPart(
  Type.Object({
    name: Type.String(),
    list: Type.Array(Type.Object({ id: Type.Integer() })),
    choice: Type.Union([Type.Object({ kind: Type.Literal('a'), a: Type.Integer() }), Type.Null()]),
    map: Type.Record(Type.String(), Type.Object({ inner: Type.Boolean() })),
    open: Type.Record(Type.String(), Type.Unknown()),
    maybe: Type.Optional(Type.String()),
  }),
);

test('what is not declared does not leave, at any depth, and what is declared does', () => {
  const value = {
    name: 'x',
    secret: 1,
    list: [{ id: 1, secret: 2 }],
    choice: { kind: 'a', a: 1, secret: 3 },
    map: { one: { inner: true, secret: 4 } },
    open: { anything: { deep: 5 } },
  };
  expect(copy(value)).toEqual({
    name: 'x',
    list: [{ id: 1 }],
    choice: { kind: 'a', a: 1 },
    map: { one: { inner: true } },
    open: { anything: { deep: 5 } },
  });
  expect(JSON.stringify(copy(value))).not.toContain('secret');
});

test('what is inherited does not leave either', () => {
  const value = Object.create({ maybe: 'inherited' }) as object;
  expect(copy(Object.assign(value, { name: 'x', list: [], choice: null, map: {}, open: {} }))).not.toHaveProperty(
    'maybe',
  );
});
