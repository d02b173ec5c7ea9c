/** Compiled checks of the contract's schemas: cheap while everything fits; the places that do not are looked for afterwards, in words. */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Misfit } from './problem-answer.ts';

export type Check = (value: unknown) => void;

const errorsMax = 10;

/** A check that throws `Misfit` with JSON pointers below `place`; it names what was declared, never what was sent. */
export function checkOf(schema: TSchema, place: string): Check {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return;
    const errors = compiled
      .Errors(value)
      .filter((error) => error.keyword !== 'boolean')
      .slice(0, errorsMax)
      .map((error) => ({ pointer: `${place}${declaredOnly(error.instancePath)}`, detail: error.message }));
    throw new Misfit(errors);
  };
}

/** Whether a value fits. */
export function fits(schema: TSchema): (value: unknown) => boolean {
  const compiled = Compile(schema);
  return (value) => compiled.Check(value);
}

/** A pointer with what may be a sender's own key taken out: names that a schema would declare are short words, the rest is a star. */
function declaredOnly(pointer: string): string {
  return pointer
    .split('/')
    .map((part) => (/^[a-zA-Z]{0,24}$|^\d{1,5}$/.test(part) ? part : '*'))
    .join('/');
}
