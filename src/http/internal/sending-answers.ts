/** What the endpoints of sending do. */
import type { Static } from 'typebox';
import { Refusal } from '../../database/refusal.ts';
import { type Audience, audienceMin, audienceOf, audiencesOf, countAudience } from '../../sending/audience.ts';
import {
  type Batch,
  approveBatch,
  cancelBatch,
  createBatch,
  draftBatch,
  listBatches,
  readBatch,
} from '../../sending/batch.ts';
import { contentOf } from '../../sending/compose.ts';
import { fetchRemovals, recipientOfToken, removalsToken } from '../../sending/removals.ts';
import type { endpoints } from '../contract/endpoints.ts';
import type { readBatch as batchEndpoint } from '../contract/sending.ts';
import type { Answerer, Desk } from './answers.ts';
import { type Caller, missingKey } from './caller.ts';

type SendingName =
  | 'listAudiences'
  | 'countAudience'
  | 'listRemovals'
  | 'createBatch'
  | 'listBatches'
  | 'readBatch'
  | 'approveBatch'
  | 'cancelBatch'
  | 'readContent';

const removalsMax = 1_000;

export const sendingAnswers: { readonly [Name in SendingName]: Answerer<(typeof endpoints)[Name]> } = {
  async listAudiences({ engine }) {
    return { body: { audiences: audiencesOf(engine.policy).map(declaredPart) } };
  },

  async countAudience({ engine }, { params }) {
    const audience = audienceOf(engine.policy, params.name);
    const people = await countAudience(engine, audience);
    return { body: { ...declaredPart(audience), people: people ?? null, least: audienceMin } };
  },

  async listRemovals({ engine }, { params, query }) {
    const recipient = recipientOfToken(engine, params.token);
    const { removals, more } = await fetchRemovals(engine, recipient, { after: query?.after, limit: removalsMax });
    return { body: { removals: [...removals], more } };
  },

  async createBatch({ engine }, { caller, body }) {
    const { dryRun, ...request } = body;
    return asProblems(async () => {
      const { people } = await draftBatch(engine, request);
      if (dryRun === true) return { body: { people, batch: null } };
      const batch = await createBatch(engine, { ...request, by: nameOf(caller) });
      return { body: { people, batch: toldBatch(engine, batch) } };
    });
  },

  async listBatches({ engine }) {
    return { body: { batches: (await listBatches(engine)).map((batch) => toldBatch(engine, batch)) } };
  },

  async readBatch({ engine }, { params }) {
    return { body: toldBatch(engine, await readBatch(engine, params.id)) };
  },

  async approveBatch({ engine }, { caller, params }) {
    return asProblems(async () => ({ body: toldBatch(engine, await approveBatch(engine, params.id, nameOf(caller))) }));
  },

  async cancelBatch({ engine }, { params }) {
    return { body: toldBatch(engine, await cancelBatch(engine, params.id)) };
  },

  async readContent({ engine, publicUrl }, { params }) {
    const content = await contentOf(engine, publicUrl(), params.token);
    return { body: { ...content, items: content.items.map((item) => ({ ...item })) } };
  },
};

/** The many ways in which a template or a batch is refused are two problems to whoever calls: the detail says which. */
async function asProblems<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const code = error.code.startsWith('template.')
      ? 'template.refused'
      : ['batch.placement', 'batch.channel', 'batch.recipient', 'batch.no-address', 'batch.policy'].includes(error.code)
        ? 'batch.refused'
        : error.code;
    throw new Refusal(code, error.message, error.remedy === undefined ? {} : { remedy: error.remedy });
  }
}

/** Under which name somebody made or approved a batch: a key by its label and its id, because labels may be the same. */
function nameOf(caller: Caller): string {
  if (caller.kind !== 'server') throw missingKey();
  return `key "${caller.label}" ${caller.keyId}`;
}

function toldBatch(engine: Desk['engine'], batch: Batch): Static<(typeof batchEndpoint)['answer']> {
  return {
    ...batch,
    counts: { ...batch.counts },
    removals: batch.recipient === null ? null : `/v1/audiences/removals/${removalsToken(engine, batch.recipient)}`,
  };
}

function declaredPart(audience: Audience): {
  audience: string;
  segment: string;
  placement: string;
  channel: string;
  purposes: string[];
} {
  const { name, segment, placement, rule, purposes } = audience;
  return { audience: name, segment, placement, channel: rule.channel, purposes: [...purposes] };
}
