import { beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/deciding/decide.ts';
import { findDecision } from '../../src/deciding/find-decision.ts';
import { replay } from '../../src/deciding/why.ts';
import { CoOccurrence } from '../../src/learning/co-occurrence.ts';
import { defaultRecipe } from '../../src/learning/recipe.ts';
import { parametersDigest, solveLocalRidge } from '../../src/learning/local-ridge.ts';
import { learn, modelVersions, retrain } from '../../src/models/learn.ts';
import { contributionRows } from '../../src/models/live-sums.ts';
import { adoptFromFile, adoptProposal, proposeFromPeople } from '../../src/models/recipe-proposals.ts';
import { ensureRecipe, recipeInForce, recipeStanding } from '../../src/models/recipes.ts';
import { sumsByQuery } from '../../src/models/sums-by-query.ts';
import { verify } from '../../src/auditing/verify.ts';
import { forget } from '../../src/people/forget.ts';
import { allow, crowd, send, stock, testEngine, viewed } from '../support/engine.ts';

const engine = await testEngine();
const options = { seed: 1, folds: 1, neighbours: [5, 10], lambdas: [5, 20] };
let users: string[] = [];
beforeAll(async () => {
  await stock(engine, 24);
  users = await crowd(engine, 80, 24);
  await learn(engine, 'alsoLiked');
});

async function idOf(user: string): Promise<string> {
  const [personId] = await allow(engine, [user]);
  return personId ?? '';
}

describe('a recipe', () => {
  it('is proposed from the people who are here, changes nothing, and is adopted by somebody with a name', async () => {
    const before = await recipeInForce(engine.database, 'alsoLiked');
    const proposal = await proposeFromPeople(engine, 'alsoLiked', options);
    expect(proposal.curve.length).toBeGreaterThan(8);
    expect(proposal.recipe.minPeople).toBeGreaterThanOrEqual(2);
    expect(proposal.people).toBe(80);
    expect(await recipeInForce(engine.database, 'alsoLiked')).toEqual(before);
    expect(await recipeStanding(engine.database, 'alsoLiked')).toMatchObject({
      tunedPeople: null,
      isProposalDue: false,
    });

    await adoptProposal(engine, { proposal: proposal.proposal, adoptedBy: 'Ada Lovelace' });
    const inForce = await ensureRecipe(engine, 'alsoLiked');
    expect(inForce).toMatchObject({
      recipe: proposal.recipe,
      adoptedBy: 'Ada Lovelace',
      tunedOn: { people: 80, proposal: proposal.proposal },
    });
    await learn(engine, 'alsoLiked');
    expect((await modelVersions(engine.database, { limit: 1 }))[0]?.recipe).toBe(inForce.recipeId);
  });

  it('says how many of the people it was tuned on have left, and past 5 % that a new proposal is due', async () => {
    for (const [at, user] of users.slice(0, 4).entries()) {
      const personId = await idOf(user);
      await forget(
        engine,
        personId,
        at % 2 === 0
          ? { kind: 'erase' }
          : { kind: 'withdraw', purposes: ['suggestions'], method: 'switch', source: 'test' },
      );
      const named = await engine.database.query('select 1 from tuning_people where person_id = $1', [personId]);
      expect(named).toEqual([]);
    }
    expect(await recipeStanding(engine.database, 'alsoLiked')).toMatchObject({
      tunedPeople: 80,
      tunedPeopleLeft: 4,
      isProposalDue: false,
    });
    await forget(engine, await idOf(users[4] ?? ''), { kind: 'erase' });
    expect(await recipeStanding(engine.database, 'alsoLiked')).toMatchObject({
      tunedPeopleLeft: 5,
      isProposalDue: true,
    });
    const next = await proposeFromPeople(engine, 'alsoLiked', options);
    await adoptProposal(engine, { proposal: next.proposal, adoptedBy: 'Ada Lovelace' });
    expect(await recipeStanding(engine.database, 'alsoLiked')).toMatchObject({
      tunedPeople: 75,
      tunedPeopleLeft: 0,
      isProposalDue: false,
    });
    // Of the proposal before, nobody's name is left.
    const proposals = await engine.database.query('select distinct proposal_id from tuning_people');
    expect(proposals).toEqual([{ proposal_id: next.proposal }]);
  });

  it('is refused when it protects less than the policy asks for, and when there is no such proposal', async () => {
    const recipe = defaultRecipe({ minPeople: 1 });
    await expect(
      adoptFromFile(engine, { model: 'alsoLiked', recipe, people: 9, adoptedBy: 'Ada' }),
    ).rejects.toMatchObject({ code: 'recipe.min-people' });
    await expect(
      adoptProposal(engine, { proposal: engine.database.world.uuid(), adoptedBy: 'Ada' }),
    ).rejects.toMatchObject({ code: 'proposal.unknown' });
  });

  it('is committed to with its proposal, and nobody is named who does not contribute: verify sees what was altered', async () => {
    const before = await verify(engine);
    expect(before.checks.filter(({ ok }) => !ok)).toEqual([]);
    await engine.database.query("update recipe_proposals set recipe = jsonb_set(recipe, '{lambda}', '7')");
    await engine.database.query(
      'insert into tuning_people (person_id, proposal_id, model, tag) values ($1, $1, $2, $3)',
      [engine.database.world.uuid(), 'alsoLiked', Buffer.alloc(16)],
    );
    const after = await verify(engine);
    const told = after.checks.map(({ finding }) => finding).join('\n');
    expect(told).toMatch(/recipe_proposals/);
    expect(told).toMatch(/tuning_people/);
  });
});

describe('recency', () => {
  it('fades old things by whole factors, on which terms still add up, and which a replay uses', async () => {
    const day = 86_400_000;
    const now = engine.database.world.now().getTime();
    const recency = [
      { afterDays: 30, factor: 100 },
      { afterDays: 200, factor: 0 },
    ];
    const recipe = defaultRecipe({ minPeople: 2, neighbours: 10, keep: 10, recency });
    await adoptFromFile(engine, { model: 'alsoLiked', recipe, people: 9, adoptedBy: 'Ada' });
    await allow(engine, ['dora']);
    await send(engine, [
      viewed('dora', 'item-2', new Date(now - 250 * day)),
      viewed('dora', 'item-4', new Date(now - 40 * day)),
      viewed('dora', 'item-6', new Date(now - day)),
    ]);
    await learn(engine, 'alsoLiked');
    await engine.models.refresh('alsoLiked');
    const decision = await decide(engine, { person: { userId: 'dora' }, placement: 'home' });
    expect(decision.personal).toBe(true);
    for (const item of decision.items) {
      expect(item.terms.reduce((sum, term) => sum + term.points, 0)).toBe(item.score);
      for (const { of, points } of item.terms) {
        expect(of).not.toBe('item-2');
        if (of === 'item-4') expect(points % 100).toBe(0);
      }
    }
    const found = await findDecision(engine.database, decision.decision);
    expect(found.about === 'nobody' ? [] : found.record.used.history).toEqual([
      { item: 'item-2', factor: 0 },
      { item: 'item-4', factor: 100 },
      { item: 'item-6', factor: 256 },
    ]);
    expect(await replay(engine, decision.decision)).toEqual({ result: 'same', differences: [] });
  });
});

describe('the sums', () => {
  it('are the same by three routes: deltas, a rebuild from the rows, and added up by PostgreSQL', async () => {
    const recipe = await ensureRecipe(engine, 'alsoLiked');
    const followed = await learn(engine, 'alsoLiked');
    const [byQuery, rebuilt] = await engine.database.transaction(
      async (tx) => {
        const fromRows = new CoOccurrence();
        for await (const rows of contributionRows(tx, 'alsoLiked')) for (const { items } of rows) fromRows.add(items);
        return [await sumsByQuery(tx, 'alsoLiked'), fromRows];
      },
      { isolation: 'repeatable read', readOnly: true },
    );
    expect(byQuery.people).toBeGreaterThan(70);
    expect(byQuery.equals(rebuilt)).toBe(true);
    expect(Buffer.from(byQuery.encode()).equals(rebuilt.encode())).toBe(true);
    expect(parametersDigest(solveLocalRidge(byQuery, recipe.recipe))).toBe(followed.parameterDigest);
    expect((await retrain(engine, 'alsoLiked')).parameterDigest).toBe(followed.parameterDigest);
  });
});
