import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqlFailure } from './sql-failure.ts';
import { Together, type TogetherLimits } from './together.ts';

interface Ask {
  readonly number: number;
  readonly until: number;
}

const ample: TogetherLimits = { atOnceMax: 1, sizeMax: 10, waitingMax: 100 };
const someday = Number.MAX_VALUE;

/** Work that can be let go on, and what it was asked. */
function held(limits: TogetherLimits) {
  const asked: number[][] = [];
  const goOn: (() => void)[] = [];
  const together = new Together<Ask, number>(async (asks) => {
    asked.push(asks.map(({ number }) => number));
    await new Promise<void>((resolve) => goOn.push(resolve));
    return asks.map(({ number }) => number * 10);
  }, limits);
  return { together, asked, goOn };
}

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('calls that go together', () => {
  it('begin their work after they were made, get their own answers, and keep to the limits, however they arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ after: fc.nat(4), takes: fc.nat(4) }), { minLength: 1, maxLength: 40 }),
        fc.record({ atOnceMax: fc.integer({ min: 1, max: 3 }), sizeMax: fc.integer({ min: 1, max: 5 }) }),
        async (calls, limits) => {
          let moment = 0;
          let underWay = 0;
          const together = new Together<Ask & { askedAt: number; takes: number }, string>(
            async (asks) => {
              underWay += 1;
              expect(underWay).toBeLessThanOrEqual(limits.atOnceMax);
              expect(asks.length).toBeLessThanOrEqual(limits.sizeMax);
              const begunAt = moment++;
              for (const ask of asks) expect(ask.askedAt).toBeLessThan(begunAt);
              for (let turns = Math.max(...asks.map(({ takes }) => takes)); turns > 0; turns -= 1) await turn();
              underWay -= 1;
              return asks.map(({ number }) => `answer ${number}`);
            },
            { ...limits, waitingMax: 100 },
          );
          const answers: Promise<string>[] = [];
          for (const [number, { after, takes }] of calls.entries()) {
            for (let turns = after; turns > 0; turns -= 1) await turn();
            answers.push(together.ask({ number, takes, askedAt: moment++, until: someday }));
          }
          expect(await Promise.all(answers)).toEqual(calls.map((_, number) => `answer ${number}`));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('go at once when nobody is before them, and all that have waited go in the next', async () => {
    const { together, asked, goOn } = held(ample);
    const first = together.ask({ number: 1, until: someday });
    await turn();
    expect(asked).toEqual([[1]]);
    const later = [2, 3, 4].map((number) => together.ask({ number, until: someday }));
    await turn();
    expect(asked).toEqual([[1]]);
    goOn.shift()?.();
    expect(await first).toBe(10);
    await turn();
    expect(asked).toEqual([[1], [2, 3, 4]]);
    goOn.shift()?.();
    expect(await Promise.all(later)).toEqual([20, 30, 40]);
  });

  it('are refused when too many wait, and when their time has passed before their statement could begin', async () => {
    const { together, asked, goOn } = held({ ...ample, waitingMax: 2 });
    const first = together.ask({ number: 1, until: someday });
    await turn();
    const late = together.ask({ number: 2, until: performance.now() - 1 });
    const third = together.ask({ number: 3, until: someday });
    await expect(together.ask({ number: 4, until: someday })).rejects.toMatchObject({ code: 'database.busy' });
    goOn.shift()?.();
    await first;
    await expect(late).rejects.toMatchObject({ code: 'database.busy' });
    await turn();
    expect(asked).toEqual([[1], [3]]);
    goOn.shift()?.();
    expect(await third).toBe(30);
  });

  it('do not fail for the fault of another, but all fail when the database does', async () => {
    let isAway = false;
    const together = new Together<Ask, number>(async (asks) => {
      if (isAway) throw new Error('away');
      if (asks.some(({ number }) => number === 2)) throw new SqlFailure('22P02', 'a value does not fit');
      return asks.map(({ number }) => number);
    }, ample);
    const ask = (): Promise<PromiseSettledResult<number>[]> =>
      Promise.allSettled([1, 2, 3].map((number) => together.ask({ number, until: someday })));
    expect((await ask()).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    isAway = true;
    expect((await ask()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
