/** How commands name a person. */
import { type Command, Option } from 'commander';
import { Refusal } from '../database/refusal.ts';
import type { Engine } from '../deciding/engine.ts';
import { type Named, findPerson } from '../people/persons.ts';

export interface PersonOptions {
  readonly user?: string;
  readonly anonymous?: string;
}

export function withPerson(command: Command): Command {
  return command
    .addOption(new Option('--user <id>', 'the person with this user id').conflicts('anonymous'))
    .addOption(new Option('--anonymous <id>', 'the visitor with this anonymous id'));
}

/** The name that was given. Refuses with `person.unnamed`. */
export function namedBy({ user, anonymous }: PersonOptions): Named {
  if (user !== undefined) return { userId: user };
  if (anonymous !== undefined) return { anonymousId: anonymous };
  throw new Refusal('person.unnamed', 'It was not said who is meant.', { remedy: 'Say --user ID or --anonymous ID.' });
}

/** The person who is meant. Refuses with `person.unknown`. */
export async function personBy(engine: Engine, options: PersonOptions): Promise<string> {
  const personId = await findPerson(engine, engine.database, namedBy(options));
  if (personId !== undefined) return personId;
  throw new Refusal('person.unknown', 'Nobody is known by this id: nothing is held about them.', {
    remedy: 'Check the id, and whether it is a user id or an anonymous one.',
  });
}
