/** What the endpoints of sending do. */
import { type Audience, audienceMin, audienceOf, audiencesOf, countAudience } from '../../sending/audience.ts';
import type { endpoints } from '../contract/endpoints.ts';
import type { Answerer } from './answers.ts';

type SendingName = 'listAudiences' | 'countAudience';

export const sendingAnswers: { readonly [Name in SendingName]: Answerer<(typeof endpoints)[Name]> } = {
  async listAudiences({ engine }) {
    return { body: { audiences: audiencesOf(engine.policy).map(declaredPart) } };
  },

  async countAudience({ engine }, { params }) {
    const audience = audienceOf(engine.policy, params.name);
    const people = await countAudience(engine, audience);
    return { body: { ...declaredPart(audience), people: people ?? null, least: audienceMin } };
  },
};

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
