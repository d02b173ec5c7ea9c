/**
 * The privacy centre at `/privacy`: the door (a link, the operator's hand-over, a mailed link) and the page of the person who has come in. Everything is a
 * form that works without JavaScript; whoever has no cookies gets the same page as the answer to each form. Nothing here takes the id of a person: all acts are
 * those of the person whose stay it is.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../database/refusal.ts';
import type { Engine } from '../../deciding/engine.ts';
import { choose } from '../../people/choose.ts';
import { forget } from '../../people/forget.ts';
import { consentReceipts, receiptKey } from '../../consent/consent-receipt.ts';
import { consentHistory } from '../../consent/ledger.ts';
import { dutyPermit, standingPurposes } from '../../consent/permit.ts';
import { conflictMethod, isSignalled, purposesCovered, takesSignal } from '../../consent/signals.ts';
import { heedSignal } from '../../people/heed-signal.ts';
import { useLink } from '../../people/person-sessions.ts';
import { findPerson } from '../../people/persons.ts';
import { readWholePerson } from '../../people/profile.ts';
import { putBack } from '../../people/put-back.ts';
import { setDial } from '../../people/settings.ts';
import { dialPositions, entryOf, wordsIn } from '../../policy/policy.ts';
import { type ComplaintAbout, complain, complaintsOf } from '../../rights/complaints.ts';
import type { HandOver } from '../internal/hand-over.ts';
import { type Fields, acceptForms, isOwnPage, requireOwnPage, unreadableForm } from '../internal/forms.ts';
import type { Limits } from '../internal/limits.ts';
import { isAllowedOrigin } from '../internal/origin.ts';
import { type PersonSession, closePersonSession, openPersonSession, personSessionOf } from '../person-session.ts';
import { type Language, askedLanguage, fill, languageOf, momentIn } from './languages/language.ts';
import { type PrivacyMessages, privacyMessages } from './languages/privacy/privacy-messages.ts';
import { lookStyle } from './look-style.ts';
import { type Page, pagePolicy, renderPage } from './page.ts';
import { type TakeOut, previewView, privacyView } from './privacy-view.ts';
import { contactOf } from './why-view.ts';

export interface PrivacyOptions {
  readonly engine: Engine;
  readonly limits: Limits;
  /** The operator's tokens that bring a signed-in customer here; undefined where none are configured. */
  readonly handOver: HandOver | undefined;
  /** Web origins from which the operator may hand over. */
  readonly origins: ReadonlySet<string>;
}

/** What was done, for the sentence above the page; a closed list, because it stands in the address. */
type Said = keyof PrivacyMessages['said'];

/** Where an act leads: back to the page with a sentence, or to a page of its own. */
type Outcome =
  | { readonly said: Said; readonly at: string }
  | { readonly page: Pick<Page, 'template' | 'title' | 'values'> };

interface Acting {
  readonly engine: Engine;
  readonly session: PersonSession;
  readonly language: Language;
  readonly fields: Fields;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Serves `/privacy` and what lies under it. */
export function registerPrivacy(app: FastifyInstance, options: PrivacyOptions): void {
  const { engine, limits } = options;
  const { look } = engine.policy.controller;
  const style = look?.colour === undefined ? '' : lookStyle(look.colour);
  app.get('/privacy/look.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=3600').send(style),
  );
  const count = (request: FastifyRequest): void => limits.countRequest({ kind: 'nobody' }, request.ip);

  app.get('/privacy', async (request, reply) => {
    count(request);
    const session = await personSessionOf(engine, request);
    return session === undefined
      ? answerDoor(options, request, reply, 'closed')
      : answerCentre(options, request, reply, { session });
  });

  // A wildcard, so that a token of any length or spelling comes here and is answered in the same way: nothing is looked up before the button is pressed,
  // because mail programs open links by themselves.
  app.get('/privacy/enter/*', async (request, reply) => {
    count(request);
    return answerDoor(options, request, reply, 'link');
  });

  for (const [name, file] of Object.entries(files)) {
    app.get(`/privacy/${name}`, async (request, reply) => {
      count(request);
      const session = await personSessionOf(engine, request);
      if (session === undefined) return reply.redirect(addressOf(request, {}), 303);
      return answerFile(reply, name, await file(engine, session));
    });
  }

  void app.register(async (scope) => {
    acceptForms(scope, { bytesMax: 16_384 });

    scope.post<{ Body: Fields | undefined }>('/privacy/enter', async (request, reply) => {
      count(request);
      const personId = await personLetIn(options, request);
      if (personId === undefined) {
        limits.countFailure(request.ip);
        return answerDoor(options, request, reply, 'bad');
      }
      const session = await openPersonSession(engine, { personId }, { request, reply });
      // The answer is the page itself: only the next request can tell whether the browser has kept the cookie.
      return answerCentre(options, request, reply, { session });
    });

    for (const [name, act] of Object.entries(acts)) {
      scope.post<{ Body: Fields | undefined }>(`/privacy/${name}`, async (request, reply) => {
        count(request);
        requireOwnPage(request);
        const session = await personSessionOf(engine, request);
        if (session === undefined) return answerDoor(options, request, reply, 'closed');
        const language = languageOf(request);
        const outcome = await tried(() =>
          act({ engine, session, language, fields: request.body ?? {}, request, reply }),
        );
        if ('page' in outcome) return answerPlain(options, request, reply, { session, page: outcome.page });
        if (session.isByCookie) return reply.redirect(addressOf(request, outcome), 303);
        return answerCentre(options, request, reply, { session, said: outcome.said });
      });
    }

    scope.post('/privacy/leave', async (request, reply) => {
      requireOwnPage(request);
      const session = await personSessionOf(engine, request);
      if (session !== undefined) await closePersonSession(engine, session, { request, reply });
      return reply.redirect(addressOf(request, {}), 303);
    });

    // The same files for a browser without cookies.
    for (const [name, file] of Object.entries(files)) {
      scope.post(`/privacy/${name}`, async (request, reply) => {
        count(request);
        requireOwnPage(request);
        const session = await personSessionOf(engine, request);
        if (session === undefined) return answerDoor(options, request, reply, 'closed');
        return answerFile(reply, name, await file(engine, session));
      });
    }
  });
}

/** The person whom a link, or the operator, lets in; undefined for whatever is not good, in the same way. */
async function personLetIn(
  options: PrivacyOptions,
  request: FastifyRequest<{ Body: Fields | undefined }>,
): Promise<string | undefined> {
  const { engine, handOver, origins } = options;
  const token = request.body?.['token'] ?? '';
  // Only our own page and the operator's may send somebody in: otherwise a stranger's page could put its visitor into the stranger's centre.
  if (!isOwnPage(request) && !(request.headers.origin !== undefined && isAllowedOrigin(request, origins)))
    return undefined;
  if (!token.includes('.')) return useLink(engine, token);
  const userId = await handOver?.userIdOf(engine, token);
  return userId === undefined ? undefined : findPerson(engine, engine.database, { userId });
}

/** Runs an act; what is not there any more, or was not filled in as the page fills it in, leads back to the page as it is now. */
async function tried(act: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Refusal && ['exclusion.unknown', 'decision.unknown', 'request.invalid'].includes(error.code))
      return { said: 'gone', at: 'main' };
    throw error;
  }
}

const acts: Readonly<Record<string, (acting: Acting) => Promise<Outcome>>> = {
  async choose({ engine, session, fields, language, request }) {
    const { purpose = '', allowed = '' } = fields;
    const declared = entryOf(engine.policy.purposes, purpose);
    if (declared === undefined || !/^(yes|all the same|no)$/.test(allowed)) throw unreadableForm();
    const isYes = allowed === 'yes';
    if (isYes && (await isInConflict(engine, session, request, purpose))) {
      const { title } = wordsIn(engine.policy, declared, language);
      const say = privacyMessages[language].conflict;
      return {
        page: {
          template: 'privacy-conflict',
          title: say.title,
          values: { purpose, lead: fill(say.lead, { purpose: title }) },
        },
      };
    }
    const method = allowed === 'all the same' ? conflictMethod : 'switch';
    await chooseHere(engine, session, { [purpose]: allowed !== 'no' }, method);
    return { said: allowed === 'no' ? 'off' : 'on', at: `purpose-${purpose}` };
  },

  async 'choose-all'({ engine, session, fields, request }) {
    const { allowed = '' } = fields;
    if (!/^(yes|no)$/.test(allowed)) throw unreadableForm();
    const purposes = Object.keys(engine.policy.purposes).map((purpose) => [purpose, allowed === 'yes'] as const);
    await chooseHere(engine, session, Object.fromEntries(purposes), 'all at once');
    if (allowed === 'yes' && hasSignal(request)) await heedSignal(engine, session.personId, { source: 'Sec-GPC' });
    const standing = (await standingPurposes(engine.database, engine.policy, [session.personId])).get(session.personId);
    if (allowed === 'yes' && standing?.size !== purposes.length) return { said: 'allButSignalled', at: 'allow' };
    return { said: allowed === 'yes' ? 'allOn' : 'allOff', at: 'allow' };
  },

  async preview({ engine, session, language, fields }) {
    const takeOut = takeOutOf(fields);
    return {
      page: {
        template: 'privacy-preview',
        title: privacyMessages[language].preview.title,
        values: {
          preview: await previewView(engine, { personId: session.personId, language, takeOut }),
          item: fields['item'],
          at: fields['at'],
        },
      },
    };
  },

  async stay() {
    return { said: 'nothing', at: 'main' };
  },

  async 'take-out'({ engine, session, fields }) {
    await forget(engine, session.personId, { kind: 'exclude', ...takeOutOf(fields) });
    return { said: 'takenOut', at: 'taken' };
  },

  async 'put-back'({ engine, session, fields }) {
    const { exclusion = '' } = fields;
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(exclusion)) throw unreadableForm();
    const { wasWhole } = await putBack(engine, session.personId, exclusion);
    return { said: wasWhole ? 'putBack' : 'usedAgain', at: 'know' };
  },

  async remove({ engine, session, fields }) {
    const { field = '' } = fields;
    if (entryOf(engine.policy.people, field) === undefined) throw unreadableForm();
    await forget(engine, session.personId, { kind: 'rectify', field });
    return { said: 'removed', at: 'about' };
  },

  async dial({ engine, session, fields }) {
    const dial = dialPositions.find((position) => String(position) === fields['dial']);
    if (dial === undefined) throw unreadableForm();
    await setDial(engine, session.personId, { dial, personal: fields['personal'] === 'yes' });
    return { said: 'dial', at: 'dial' };
  },

  async 'ask-complain'({ language, fields }) {
    const say = privacyMessages[language].wrong;
    return {
      page: {
        template: 'privacy-complain',
        title: say.askTitle,
        values: { decision: decisionIn(fields) ?? '', abouts: abouts.map((about) => ({ about, words: say[about] })) },
      },
    };
  },

  async complain({ engine, session, fields }) {
    const about = abouts.find((one) => one === fields['about']);
    if (about === undefined) throw unreadableForm();
    const decisionId = decisionIn(fields);
    await complain(engine, {
      personId: session.personId,
      about,
      via: 'page',
      words: fields['words'] ?? '',
      ...(decisionId === undefined ? {} : { decisionId }),
    });
    return { said: 'complained', at: 'wrong' };
  },

  async 'ask-erase'({ language }) {
    return { page: { template: 'privacy-erase', title: privacyMessages[language].rights.eraseSure } };
  },

  async erase({ engine, session, language, request, reply }) {
    const receipt = await forget(engine, session.personId, { kind: 'erase' });
    await closePersonSession(engine, session, { request, reply });
    return {
      page: {
        template: 'privacy-erased',
        title: privacyMessages[language].rights.erasedTitle,
        values: { receipt: { id: receipt.receipt, at: momentIn(language, new Date(receipt.at)), log: receipt.log } },
      },
    };
  },
};

function hasSignal(request: FastifyRequest): boolean {
  return request.headers['sec-gpc'] === '1';
}

/** Whether a signal, this browser's now or any earlier one, speaks against a yes to the purpose. */
async function isInConflict(
  engine: Engine,
  { personId }: PersonSession,
  request: FastifyRequest,
  purpose: string,
): Promise<boolean> {
  if (!purposesCovered(engine.policy).includes(purpose)) return false;
  const spoken = await consentHistory(engine.database, personId);
  return isSignalled(spoken, purpose) || (hasSignal(request) && takesSignal(spoken, purpose));
}

const abouts = ['decision', 'message', 'processing'] as const satisfies readonly ComplaintAbout[];

/** The decision that a complaint is about, when one is named. */
function decisionIn(fields: Fields): string | undefined {
  const { decision = '' } = fields;
  if (decision === '') return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(decision)) throw unreadableForm();
  return decision;
}

async function chooseHere(
  engine: Engine,
  { personId }: PersonSession,
  purposes: Readonly<Record<string, boolean>>,
  method: string,
): Promise<void> {
  await choose(engine, [{ who: { personId }, choices: { purposes, method, source: 'privacy centre' } }]);
}

/** One item, or one moment, to the millisecond, of something that names no item. */
function takeOutOf(fields: Fields): TakeOut {
  const { item = '', at = '' } = fields;
  if (item !== '' && item.length <= 200 && !item.includes('\u0000')) return { itemId: item };
  const from = new Date(at);
  if (Number.isNaN(from.getTime())) throw unreadableForm();
  return { from, until: new Date(from.getTime() + 1) };
}

async function answerCentre(
  options: PrivacyOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  shown: { readonly session: PersonSession; readonly said?: Said },
): Promise<FastifyReply> {
  const { engine } = options;
  const language = languageOf(request);
  const query: Readonly<Record<string, unknown>> =
    typeof request.query === 'object' && request.query !== null ? { ...request.query } : {};
  const say = privacyMessages[language];
  if (hasSignal(request)) await heedSignal(engine, shown.session.personId, { source: 'Sec-GPC' });
  const said = shown.said ?? saidOf(say, query['said']);
  const view = await privacyView(engine, {
    personId: shown.session.personId,
    language,
    page: /^\d{1,5}$/.test(String(query['page'])) ? Number(query['page']) : 1,
    isSignalled: hasSignal(request),
  });
  return answerPlain(options, request, reply, {
    session: shown.session,
    page: {
      template: 'privacy',
      title: say.title,
      values: { view, said: said === undefined ? '' : say.said[said] },
    },
  });
}

function saidOf(say: PrivacyMessages, code: unknown): Said | undefined {
  return typeof code === 'string' && Object.hasOwn(say.said, code) ? (code as Said) : undefined; // the line has just looked
}

/** The door: how one comes in, a link that waits for its button, or one that is no good. */
async function answerDoor(
  options: PrivacyOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  state: 'closed' | 'link' | 'bad',
): Promise<FastifyReply> {
  const say = privacyMessages[languageOf(request)].enter;
  const params: unknown = request.params;
  const token: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, '*') : '';
  if (state === 'bad') void reply.code(403);
  return answerPlain(options, request, reply, {
    session: undefined,
    page: {
      template: 'privacy-enter',
      title: state === 'bad' ? say.badTitle : say.title,
      values: { state, token },
    },
  });
}

async function answerPlain(
  { engine }: PrivacyOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  {
    session,
    page,
  }: { readonly session: PersonSession | undefined; readonly page: Pick<Page, 'template' | 'title' | 'values'> },
): Promise<FastifyReply> {
  const language = languageOf(request);
  const say = privacyMessages[language];
  const { name, contact, look } = engine.policy.controller;
  const html = await renderPage({
    ...page,
    width: 'narrow',
    language,
    styles: ['privacy.css'],
    scripts: ['privacy.js'],
    values: {
      ...page.values,
      say,
      site: name,
      logo: look?.logo,
      lookHref: look?.colour === undefined ? undefined : '/privacy/look.css',
      lead: fill(say.lead, { controller: name }),
      controller: name,
      contact: contactOf(contact),
      isIn: session !== undefined,
      // Only where the browser has not shown that it keeps cookies.
      session: session?.isByCookie === false ? session.token : '',
      askedToo: askedLanguage(request.query) === undefined ? '' : `&language=${language}`,
      asked: askedLanguage(request.query) === undefined ? '' : `?language=${language}`,
    },
  });
  return reply
    .type('text/html; charset=utf-8')
    .headers({
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow, noarchive',
      'content-security-policy': pagePolicy,
      // So that older browsers still say in `Origin` that a form is our own.
      'referrer-policy': 'same-origin',
    })
    .send(html);
}

/** What a person can take with them: everything, and what they said, signed. */
const files: Readonly<Record<string, (engine: Engine, session: PersonSession) => Promise<unknown>>> = {
  async 'export.json'(engine, { personId }) {
    const permit = dutyPermit('access', personId, 'their own export', { byThemselves: true });
    const whole = await readWholePerson(engine, engine.database, permit);
    return { ...whole, complaints: await complaintsOf(engine, engine.database, personId) };
  },
  async 'consents.json'(engine, { personId }) {
    const receipts = await consentReceipts(engine, engine.database, personId);
    return { key: await receiptKey(engine), receipts: receipts.map(({ jws }) => jws) };
  },
};

async function answerFile(reply: FastifyReply, name: string, content: unknown): Promise<FastifyReply> {
  return reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(JSON.stringify(content, undefined, 2));
}

/** The page's own address with what was done; nothing about the person stands in it. */
function addressOf(request: FastifyRequest, outcome: { readonly said?: Said; readonly at?: string }): string {
  const query = new URLSearchParams();
  const language = askedLanguage(request.query);
  if (language !== undefined) query.set('language', language);
  if (outcome.said !== undefined) query.set('said', outcome.said);
  const text = query.toString();
  return `/privacy${text === '' ? '' : `?${text}`}${outcome.at === undefined ? '' : `#${outcome.at}`}`;
}
