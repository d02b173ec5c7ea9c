/**
 * Proposes a recipe from the people of this installation, read under the model's own purpose, and lets somebody with a name adopt it. Nothing changes by a
 * proposal. Who it was measured on is remembered for as long as they contribute, so that the recipe can say how many of them have since left.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import type { HistoryEntry } from '../learning/contributions.ts';
import { solveSoonest } from '../learning/kernels/solve-soonest.ts';
import { type ProposalPoint, proposeRecipe, usualRecencies } from '../learning/recipe-proposal.ts';
import { type LocalRidgeRecipe, encodeRecipe, recipeFrom } from '../learning/recipe.ts';
import { readHistories } from '../people/history.ts';
import { tuningPersonTag } from '../people/tags.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { entryOf } from '../policy/policy.ts';
import { appendRecord } from '../transparency/append.ts';
import { contributionRows } from './live-sums.ts';
import { type AdoptedRecipe, adoptWithin, ensureRecipe } from './recipes.ts';

/** A proposal as it is shown and stored. */
export interface StoredProposal {
  readonly proposal: string;
  readonly model: string;
  readonly recipe: LocalRidgeRecipe;
  readonly people: number;
  readonly curve: readonly ProposalPoint[];
  readonly proposedAt: Date;
}

export interface ProposeOptions {
  readonly seed: number;
  readonly folds: number;
  readonly neighbours?: readonly number[];
  readonly lambdas?: readonly number[];
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** Fewer would be the luck of a few. */
const peopleMin = 50;

/**
 * Measures recipes around the one in force and stores the best as a proposal; an earlier proposal that nobody adopted goes. Refuses with
 * `evaluate.too-few` below fifty people with two items.
 */
export async function proposeFromPeople(
  installation: Installation,
  model: string,
  options: ProposeOptions,
): Promise<StoredProposal> {
  const { policy } = installation;
  const inForce = await ensureRecipe(installation, model);
  const people = await tunablePeople(installation, model);
  if (people.length < peopleMin) {
    throw new Refusal('evaluate.too-few', `Only ${people.length} people of ${model} have two items.`, {
      remedy: `A recipe is proposed from ${peopleMin} on; until then the one in force serves.`,
    });
  }
  const { onProgress, neighbours, lambdas } = options;
  const proposed = await proposeRecipe(
    people.map(({ history }) => history),
    {
      protocol: 'strong',
      folds: options.folds,
      seed: options.seed,
      clock: () => performance.now(),
      base: { ...inForce.recipe, minPeople: leastPeople(entryOf(policy.models, model)), recency: [] },
      recencies: usualRecencies,
      solve: (sums, recipe) => solveSoonest(sums, recipe),
      ...(neighbours === undefined ? {} : { neighbours }),
      ...(lambdas === undefined ? {} : { lambdas }),
      ...(onProgress === undefined ? {} : { onProgress }),
    },
  );
  return store(
    installation,
    { model, ...proposed },
    people.map(({ personId }) => personId),
  );
}

/** What the policy asks for at least; a recipe below it is not adopted. */
function leastPeople(rule: { kind: string; minPeople?: number } | undefined): number {
  return rule?.minPeople ?? 5;
}

async function tunablePeople(
  { database, policy }: Installation,
  model: string,
): Promise<{ personId: string; history: readonly HistoryEntry[] }[]> {
  const people: { personId: string; history: readonly HistoryEntry[] }[] = [];
  await database.transaction(
    async (tx) => {
      for await (const rows of contributionRows(tx, model)) {
        const personIds = rows.filter(({ items }) => items.length > 1).map((row) => row.person_id);
        const histories = await readHistories(tx, policy, { model, now: tx.world.now(), whom: { personIds } });
        for (const { personId, entries } of histories)
          if (entries.length > 1) people.push({ personId, history: entries });
      }
    },
    { isolation: 'repeatable read', readOnly: true },
  );
  return people;
}

async function store(
  installation: Installation,
  proposed: Pick<StoredProposal, 'model' | 'recipe' | 'people' | 'curve'>,
  personIds: readonly string[],
): Promise<StoredProposal> {
  return installation.database.transaction(async (tx) => {
    const { model, recipe, people, curve } = proposed;
    const proposal = { proposal: tx.world.uuid(), ...proposed, proposedAt: tx.world.now() };
    await dropProposals(tx, model, null);
    const { leaf, key } = await appendRecord(tx, proposalRecordText(proposal));
    await tx.query(
      'insert into recipe_proposals (proposal_id, model, recipe, people, curve, proposed_at, leaf, leaf_key) values ($1, $2, $3, $4, $5, $6, $7, $8)',
      [proposal.proposal, model, encodeRecipe(recipe), people, JSON.stringify(curve), proposal.proposedAt, leaf, key],
    );
    // Somebody may have left while it was measured: only those who still contribute are remembered, the others count as left.
    const stay = await tx.query<{ person_id: string }>(
      'select person_id from contributions where model = $1 and person_id = any($2::uuid[]) for share',
      [model, personIds],
    );
    const named = stay.map(({ person_id }) => ({ person_id, proposal_id: proposal.proposal, model }));
    await tx.query(
      `insert into tuning_people (person_id, proposal_id, model, tag)
       select named.person_id, $1, $2, named.tag from unnest($3::uuid[], $4::bytea[]) as named (person_id, tag)`,
      [
        proposal.proposal,
        model,
        named.map((row) => row.person_id),
        named.map((row) => tuningPersonTag(installation, row)),
      ],
    );
    return proposal;
  });
}

/** Proposals of a model go, with the names of their people, but for the one given and the one that the recipe in force came from. */
async function dropProposals(tx: Sql, model: string, kept: string | null): Promise<void> {
  const gone = await tx.query<{ proposal_id: string }>(
    `delete from recipe_proposals where model = $1 and proposal_id is distinct from $2
       and proposal_id is distinct from (
         select r.proposal_id from recipes r where r.model = $1 order by r.adopted_at desc, r.recipe_id desc limit 1)
     returning proposal_id`,
    [model, kept],
  );
  await tx.query('delete from tuning_people where proposal_id = any($1::uuid[])', [gone.map((row) => row.proposal_id)]);
}

export interface ProposalRow {
  proposal_id: string;
  model: string;
  recipe: unknown;
  people: number;
  curve: ProposalPoint[];
  proposed_at: Date;
}

/** The text that the log commits to. */
export function proposalRecordText(proposal: StoredProposal): string {
  const { proposedAt, proposal: id, ...rest } = proposal;
  return canonicalJson({ record: 'recipe proposal', id, ...rest, at: proposedAt.toISOString() });
}

export function proposalOf(row: ProposalRow): StoredProposal {
  return {
    proposal: row.proposal_id,
    model: row.model,
    recipe: recipeFrom(canonicalJson(row.recipe)),
    people: row.people,
    curve: row.curve,
    proposedAt: row.proposed_at,
  };
}

/** Adopts a stored proposal in somebody's name; from the next solve on it is in force. Refuses with `proposal.unknown` and `recipe.min-people`. */
export async function adoptProposal(
  installation: Installation,
  adopt: { proposal: string; adoptedBy: string },
): Promise<AdoptedRecipe> {
  return installation.database.transaction(async (tx) => {
    const [row] = await tx.query<ProposalRow>('select * from recipe_proposals where proposal_id = $1', [
      adopt.proposal,
    ]);
    if (row === undefined)
      throw new Refusal('proposal.unknown', 'There is no such proposal; a newer one may have taken its place.', {
        remedy: 'Make one: fairlead evaluate --live.',
      });
    const { model, recipe, people } = proposalOf(row);
    requirePeopleAtLeast(installation, model, recipe);
    const adopted = await adoptWithin(tx, {
      model,
      recipe,
      adoptedBy: adopt.adoptedBy,
      tunedOn: { people, proposal: adopt.proposal },
    });
    await dropProposals(tx, model, adopt.proposal);
    return adopted;
  });
}

/** Adopts a recipe that was measured on a file: on so many people, of whom this installation knows nothing. Refuses with `recipe.min-people`. */
export async function adoptFromFile(
  installation: Installation,
  adopt: { model: string; recipe: LocalRidgeRecipe; people: number; adoptedBy: string },
): Promise<AdoptedRecipe> {
  const { model, recipe, people, adoptedBy } = adopt;
  requirePeopleAtLeast(installation, model, recipe);
  return installation.database.transaction((tx) =>
    adoptWithin(tx, { model, recipe, adoptedBy, tunedOn: { people, proposal: null } }),
  );
}

/** A recipe may protect more than the policy asks for, and not less. */
function requirePeopleAtLeast({ policy }: Installation, model: string, recipe: LocalRidgeRecipe): void {
  const rule = entryOf(policy.models, model);
  if (rule?.kind !== 'recommender')
    throw new Refusal('model.unknown', `The policy has no recommender named "${model}".`, {
      remedy: 'Name one of its models.',
    });
  const least = leastPeople(rule);
  if (recipe.minPeople >= least) return;
  throw new Refusal(
    'recipe.min-people',
    `The recipe counts what ${recipe.minPeople} people share; the policy asks for ${least}.`,
    { remedy: `Evaluate again with --min-people ${least}, or change minPeople in the policy.` },
  );
}
