/**
 * Sends a simulated shop through the real doors: the catalogue, the people's answers, then every call of theirs in batches, exactly as a shop would.
 * Nothing is written in any other way, so what the policy or a missing consent keeps out is kept out here too. Repeating it adds nothing.
 */
import { putItems } from '../../catalogue/items.ts';
import type { Engine } from '../../deciding/engine.ts';
import { choose } from '../../people/choose.ts';
import { type Message, type Outcome, takeIn } from '../../people/intake.ts';
import type { Shop, SimulatedPerson } from './shop.ts';

/** What became of everything that was sent. */
export interface Filling {
  readonly items: number;
  readonly people: number;
  /** People who said what they allow, and those among them who allow suggestions. */
  readonly answered: number;
  readonly allowing: number;
  readonly messages: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

export interface FillingProgress {
  readonly step: 'answers' | 'events';
  readonly done: number;
  readonly total: number;
}

const peopleAtOnce = 100;
const messagesAtOnce = 1_000;

/** Fills an engine. Durable when it resolves; folding and learning come after. */
export async function fillShop(
  engine: Engine,
  shop: Shop,
  options: { onProgress?: (progress: FillingProgress) => void } = {},
): Promise<Filling> {
  const report = options.onProgress ?? (() => undefined);
  const { stored } = await putItems(engine.database, shop.items);
  await engine.items.refresh();
  let [answered, allowing, messages] = [0, 0, 0];
  for (let start = 0; start < shop.peopleCount; start += peopleAtOnce) {
    const people = peopleOf(shop, start);
    const choices = people.flatMap(({ userId, answers, askedAt }) =>
      answers === undefined
        ? []
        : [
            {
              who: { kind: 'userId', value: userId },
              choices: { purposes: answers, method: 'form', source: 'checkout', at: askedAt },
            } as const,
          ],
    );
    await choose(engine, choices);
    answered += choices.length;
    allowing += people.filter(({ answers }) => answers?.['suggestions'] === true).length;
    report({ step: 'answers', done: start + people.length, total: shop.peopleCount });
  }
  const outcomes: Record<Outcome, number> = { stored: 0, duplicate: 0, undeclared: 0, 'without basis': 0, unnamed: 0 };
  let waiting: Message[] = [];
  for (let start = 0; start < shop.peopleCount; start += peopleAtOnce) {
    const people = peopleOf(shop, start);
    for (const person of people) waiting.push(...person.messages);
    const isLast = start + people.length >= shop.peopleCount;
    while (waiting.length >= messagesAtOnce || (isLast && waiting.length > 0)) {
      const batch = waiting.slice(0, messagesAtOnce);
      waiting = waiting.slice(messagesAtOnce);
      for (const outcome of await takeIn(engine, batch, { source: 'demo shop', mayGrant: true, counts: engine.counts }))
        outcomes[outcome]++;
      messages += batch.length;
    }
    report({ step: 'events', done: start + people.length, total: shop.peopleCount });
  }
  await engine.counts.flush(engine, engine.database.world.now());
  return { items: stored, people: shop.peopleCount, answered, allowing, messages, outcomes };
}

function peopleOf(shop: Shop, start: number): SimulatedPerson[] {
  return Array.from({ length: Math.min(peopleAtOnce, shop.peopleCount - start) }, (_, at) => shop.person(start + at));
}
