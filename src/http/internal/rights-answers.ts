/** What the endpoints of complaints and pauses do. */
import { dutyPermit } from '../../consent/permit.ts';
import { Refusal } from '../../database/refusal.ts';
import { type Pause, listPauses, pausePlacement, resumePlacement } from '../../deciding/pauses.ts';
import { findDecision, unknownDecision } from '../../deciding/find-decision.ts';
import type { Engine } from '../../deciding/engine.ts';
import { recordLook } from '../../people/looks.ts';
import { presentPerson } from '../../people/persons.ts';
import { entryOf } from '../../policy/policy.ts';
import { readAbuseReport } from '../../rights/abuse-report.ts';
import { answerComplaint, complain, complaintFile, complaintQueue } from '../../rights/complaints.ts';
import type { endpoints } from '../contract/endpoints.ts';
import type { Answerer } from './answers.ts';
import { type Caller, sourceOf } from './caller.ts';
import { ownPerson } from './own-person.ts';
import { Misfit } from './problem-answer.ts';

type RightsName =
  | 'complain'
  | 'reportAbuse'
  | 'listComplaints'
  | 'readComplaint'
  | 'answerComplaint'
  | 'listPauses'
  | 'pausePlacement'
  | 'resumePlacement';

export const rightsAnswers: { readonly [Name in RightsName]: Answerer<(typeof endpoints)[Name]> } = {
  async complain({ engine }, { caller, body }) {
    const { decision: decisionId, placement, about, words } = body;
    const personId = await complainer(engine, caller, body);
    const complaint = await complain(engine, {
      personId,
      about,
      via: 'api',
      ...(decisionId === undefined ? {} : { decisionId }),
      ...(placement === undefined ? {} : { placement }),
      ...(words === undefined ? {} : { words }),
    });
    return { body: complaint };
  },

  async reportAbuse({ engine }, { body }) {
    const { personId: mailed, placement } = readAbuseReport(engine, body.report);
    const personId = await presentPerson(engine.database, mailed);
    // Erased since: there is nobody to protect any more, and the report was a good one.
    if (personId === undefined) return { body: { complaint: null } };
    const isKnown = entryOf(engine.policy.placements, placement) !== undefined;
    const { complaint } = await complain(engine, {
      personId,
      about: 'message',
      via: 'mail',
      ...(isKnown ? { placement } : {}), // what has left the policy since puts nothing together any more
    });
    return { body: { complaint } };
  },

  async listComplaints({ engine }, { query }) {
    return { body: { complaints: await complaintQueue(engine.database, { answered: query?.answered === 'true' }) } };
  },

  async readComplaint({ engine }, { caller, params }) {
    const { explanation, ...file } = await complaintFile(engine, params.id);
    await recordLook(
      engine,
      engine.database,
      dutyPermit('complaints', file.person, `a complaint, read by ${sourceOf(caller)}`),
    );
    return {
      body: {
        ...file,
        joined:
          explanation === null
            ? null
            : {
                at: explanation.at,
                basis: explanation.basis.map((basis) => basis.purpose),
                model: explanation.model,
                items: explanation.items.map((item) => item.item),
              },
      },
    };
  },

  async answerComplaint({ engine }, { params, body }) {
    const { answer, by, release = false } = body;
    return { body: await answerComplaint(engine, params.id, { answer, by, release }) };
  },

  async listPauses({ engine }) {
    return { body: { pauses: (await listPauses(engine.database)).map(toldPause) } };
  },

  async pausePlacement({ engine }, { params, body }) {
    const pause = await pausePlacement(engine, { placement: params.placement, ...body });
    await engine.pauses.refresh();
    return { body: toldPause(pause) };
  },

  async resumePlacement({ engine }, { params, body }) {
    const pause = await resumePlacement(engine, { placement: params.placement, ...body });
    await engine.pauses.refresh();
    return { body: { pause: pause === undefined ? null : toldPause(pause) } };
  },
};

/** Who complains: the token's own person, whom the key names, or whom the decision is about. */
async function complainer(
  engine: Engine,
  caller: Caller,
  body: { readonly person?: string; readonly decision?: string },
): Promise<string> {
  if (caller.kind === 'person') {
    const own = await ownPerson(engine, caller);
    if (own === undefined || (body.person !== undefined && body.person !== own))
      throw new Refusal('person.unknown', 'There is no such person.');
    return own;
  }
  if (body.person !== undefined) return body.person;
  if (body.decision === undefined)
    throw new Misfit([{ pointer: '/body', detail: 'must name a person or one of their decisions' }]);
  await engine.nonpersonal.flush();
  const found = await findDecision(engine.database, body.decision);
  if (found.about === 'nobody') throw unknownDecision(); // nobody was treated in any way
  return found.personId;
}

function toldPause(pause: Pause) {
  return {
    placement: pause.placement,
    reason: pause.reason,
    pausedBy: pause.paused_by,
    pausedAt: pause.paused_at.toISOString(),
    endedAt: pause.ended_at?.toISOString() ?? null,
    endedBy: pause.ended_by,
  };
}
