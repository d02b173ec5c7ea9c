/** The person whom a token speaks for. */
import type { Engine } from '../../deciding/engine.ts';
import { type Named, findPerson } from '../../people/persons.ts';
import type { Caller } from './caller.ts';

/** Undefined for callers who speak for no person, and for a person who is not here. */
export async function ownPerson(engine: Engine, caller: Caller): Promise<string | undefined> {
  const own: Named = caller.kind === 'person' ? { userId: caller.userId } : {};
  return findPerson(engine, engine.database, own);
}
