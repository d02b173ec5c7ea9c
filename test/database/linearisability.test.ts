/**
 * Grants, withdrawals and decisions about the same people at the same time, from many clients of two engines over one database: 100,000 of them here, a
 * million in `npm run test:long` (with FAIRLEAD_LONG). No decision that starts after a withdrawal was acknowledged uses that person, unless a grant may
 * have come in between; a decision that overlaps one may go either way.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { contributionCheck, sumCheck } from '../../src/auditing/internal/model-checks.ts';
import { basisCheck } from '../../src/auditing/internal/people-checks.ts';
import { connect } from '../../src/database/connect.ts';
import { decide } from '../../src/deciding/decide.ts';
import { type Engine, closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { seededRandom } from '../../src/learning/seeded-random.ts';
import { learn } from '../../src/models/learn.ts';
import { choose } from '../../src/people/choose.ts';
import { foldAll, foldOnce } from '../../src/people/fold.ts';
import { crowd, send, stock, testEngine, testKeys, viewed } from '../support/engine.ts';

const operationsMax = process.env['FAIRLEAD_LONG'] === '1' ? 1_000_000 : 100_000;
const people = 64;
const clients = 48;
const items = 24;
const seed = 20_261;

/** When something was asked for and when it had been answered, in the one order of this process. */
interface Span {
  readonly start: number;
  end: number;
}

interface Life {
  readonly grants: Span[];
  readonly withdrawals: Span[];
}

const opened: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

describe('what is acknowledged is obeyed', () => {
  it(
    `in ${operationsMax.toLocaleString('en')} concurrent grants, withdrawals and decisions`,
    async () => {
      const engines = await twoEngines();
      const lives = Array.from({ length: people }, (): Life => ({ grants: [{ start: 0, end: 0 }], withdrawals: [] }));
      const counts = { operations: 0, personal: 0, withdrawn: 0, contested: 0, violations: 0 };
      let moment = 0;
      const spanOf = async (of: Span[] | undefined, work: () => Promise<unknown>): Promise<void> => {
        const span: Span = { start: ++moment, end: Number.POSITIVE_INFINITY };
        of?.push(span);
        await work();
        span.end = ++moment;
      };
      const client = async (number: number): Promise<void> => {
        const random = seededRandom(seed + number);
        const engine = engines[number % engines.length];
        if (engine === undefined) throw new Error('there are two engines');
        while (counts.operations < operationsMax) {
          counts.operations += 1;
          const who = Math.floor(random() * people);
          const user = `user-${who}`;
          const { grants, withdrawals } = lives[who] ?? { grants: [], withdrawals: [] };
          const roll = random();
          if (roll < 0.03) {
            await spanOf(grants, () => switched(engine, user, true));
            // What a withdrawal took out does not come back with a grant, so there is something new to decide from.
            await send(engine, [viewed(user, itemOf(random)), viewed(user, itemOf(random))]);
          } else if (roll < 0.055) {
            await spanOf(withdrawals, () => switched(engine, user, false));
            counts.withdrawn += 1;
          } else {
            const start = ++moment;
            const { personal } = await decide(engine, { person: { userId: user }, placement: 'home' });
            const end = ++moment;
            if (withdrawals.some((one) => one.end > start && one.start < end)) counts.contested += 1;
            if (!personal) continue;
            counts.personal += 1;
            if (isForbidden({ grants, withdrawals }, { start, end })) counts.violations += 1;
          }
        }
      };
      const folding = (async () => {
        while (counts.operations < operationsMax) {
          for (const engine of engines) await foldOnce(engine);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      })();
      await Promise.all([...Array.from({ length: clients }, (_, number) => client(number)), folding]);

      const [engine] = engines;
      await foldAll(engine);
      expect(counts.violations, `seed ${seed}`).toBe(0);
      // It has looked: many decisions used somebody, and many met a withdrawal on its way.
      expect(counts.personal).toBeGreaterThan(operationsMax / 5);
      expect(counts.withdrawn).toBeGreaterThan(operationsMax / 50);
      expect(counts.contested).toBeGreaterThan(operationsMax / 100);
      expect((await basisCheck(engine)).findings).toEqual([]);
      expect((await contributionCheck(engine)).findings).toEqual([]);
      expect((await sumCheck(engine)).findings).toEqual([]);
    },
    operationsMax * 6,
  );
});

/** Whether a withdrawal had been acknowledged before a decision began, and no grant can have come after it and before the decision. */
function isForbidden({ grants, withdrawals }: Life, decision: Span): boolean {
  const granted = Math.max(...grants.flatMap((one) => (one.start < decision.end ? [one.end] : [])));
  return withdrawals.some((one) => one.end < decision.start && one.start > granted);
}

function itemOf(random: () => number): string {
  return `item-${Math.floor(random() * items)}`;
}

async function switched(engine: Engine, user: string, suggestions: boolean): Promise<void> {
  await choose(engine, [
    { who: { kind: 'userId', value: user }, choices: { purposes: { suggestions }, method: 'switch', source: 'test' } },
  ]);
}

/** Two processes' worth of engines over one database, each with its own connections, as `serve` has them. */
async function twoEngines(): Promise<[Engine, Engine]> {
  const first = await testEngine();
  await stock(first, items);
  await crowd(first, people, items);
  await learn(first, 'alsoLiked');
  const { url, world } = first.database;
  const [database, hot] = [await connect(url, world), await connect(url, world, { max: 4, plansOnce: true })];
  opened.push(
    () => database.close(),
    () => hot.close(),
  );
  const second = await openEngine({ database, hot, keys: testKeys, policy: first.policy, adoptedBy: 'tests' });
  opened.push(() => closeEngine(second));
  for (const engine of [first, second]) {
    await engine.models.refresh('alsoLiked');
    await engine.items.refresh();
  }
  return [first, second];
}
