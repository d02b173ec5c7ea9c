/** Checks of what is learned: contributions from events, sums from contributions, parameters from sums. */
import { createHash } from 'node:crypto';
import { contributionFrom, readHistories } from '../../people/history.ts';
import { recommenderModels } from '../../people/contribute.ts';
import { retrain, currentVersion } from '../../models/learn.ts';
import { contributionRows, readSum } from '../../models/live-sums.ts';
import { decodeParameters, parametersDigest } from '../../learning/local-ridge.ts';
import { addRow, digestFrom, digestHex, emptyDigest, rowLanes } from '../../learning/sum-digest.ts';
import type { Checking } from '../verify.ts';

/** In a snapshot in which nobody waits to be folded, every row is what the person's events and consents make of it. */
export const contributionCheck: Checking = async (engine) => {
  const findings: string[] = [];
  let rows = 0;
  for (const model of recommenderModels(engine)) {
    await engine.database.transaction(
      async (tx) => {
        const waiting = new Set(
          (await tx.query<{ person_id: string }>('select person_id from fold_queue')).map((row) => row.person_id),
        );
        for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
          const people = await tx.query<{ person_id: string; items: number[] | null }>(
            `select person_id, c.items from (select person_id from persons union select person_id from contributions where model = $1) as everyone
             left join (select person_id, items from contributions where model = $1) as c using (person_id) where person_id > $2 order by person_id limit 1000`,
            [model, after],
          );
          const last = people.at(-1);
          if (last === undefined) return;
          after = last.person_id;
          const histories = await readHistories(tx, engine.policy, {
            model,
            now: engine.database.world.now(),
            whom: { personIds: people.map((row) => row.person_id) },
          });
          const expected = new Map(histories.map((history) => [history.personId, contributionFrom(history).join(',')]));
          for (const row of people) {
            rows += 1;
            if (!waiting.has(row.person_id) && (row.items ?? []).join(',') !== (expected.get(row.person_id) ?? '')) {
              findings.push(`contributions ${row.person_id} (${model}): is not what the person's events make of it`);
            }
          }
        }
      },
      { isolation: 'repeatable read', readOnly: true },
    );
  }
  const strange = await engine.database.query<{ person_id: string; model: string }>(
    'select person_id, model from contributions where model <> all($1::text[]) limit 100',
    [recommenderModels(engine)],
  );
  findings.push(...strange.map((row) => `contributions ${row.person_id} (${row.model}): the policy has no such model`));
  findings.push(...(await tuningFindings(engine)));
  return { rows, findings };
};

/** Nobody is named as tuned on who does not contribute. */
async function tuningFindings(engine: Parameters<Checking>[0]): Promise<string[]> {
  const strays = await engine.database.query<{ proposal_id: string; people: number }>(
    `select t.proposal_id, count(*) as people from tuning_people t
     where not exists (select 1 from contributions c where c.person_id = t.person_id and c.model = t.model) group by t.proposal_id`,
  );
  return strays.map(
    ({ proposal_id, people }) => `tuning_people of ${proposal_id}: name ${people} who contribute nothing`,
  );
}

export const sumCheck: Checking = async (engine) => {
  const key = engine.keys.derived('sum-digest');
  const findings: string[] = [];
  let rows = 0;
  for (const model of recommenderModels(engine)) {
    await engine.database.transaction(
      async (tx) => {
        const sum = await readSum(tx, model);
        const digest = emptyDigest();
        let people = 0;
        for await (const batch of contributionRows(tx, model)) {
          for (const row of batch)
            addRow(digest, rowLanes(key, { model, personId: row.person_id, items: Int32Array.from(row.items) }));
          people += batch.length;
        }
        rows += people;
        if (people !== sum.people) findings.push(`sums ${model}: says ${sum.people} people, its rows are ${people}`);
        if (digestHex(digest) !== digestHex(digestFrom(sum.digest)))
          findings.push(`sums ${model}: its digest is not that of its contribution rows`);
      },
      { isolation: 'repeatable read', readOnly: true },
    );
  }
  return { rows, findings };
};

/** Stored parameters have their digest; those of the newest version equal a fresh training from the rows where nothing has moved since. */
export const parameterCheck: Checking = async (engine) => {
  const findings: string[] = [];
  const stored = await engine.database.query<{ version_id: string; parameters: Buffer; parameter_digest: string }>(
    'select version_id, parameters, parameter_digest from model_versions where parameters is not null',
  );
  for (const row of stored) {
    if (digestOf(row.parameters) !== row.parameter_digest)
      findings.push(`model_versions ${row.version_id}: its parameters were altered after they were published`);
  }
  for (const model of recommenderModels(engine)) {
    const version = await currentVersion(engine.database, model);
    if (version === undefined) continue;
    const trained = await retrain(engine, model);
    if (trained.position !== version.position) continue;
    if (trained.sumDigest !== version.sumDigest)
      findings.push(`model_versions ${version.version}: was not made from the sum that the rows give`);
    else if (trained.parameterDigest !== version.parameterDigest)
      findings.push(`model_versions ${version.version}: a fresh training from the rows gives other parameters`);
  }
  return { rows: stored.length, findings };
};

function digestOf(parameters: Buffer): string {
  try {
    return parametersDigest(decodeParameters(parameters));
  } catch {
    return createHash('sha256').update(parameters).digest('hex'); // unreadable parameters cannot have the digest of readable ones
  }
}
