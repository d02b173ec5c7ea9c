/**
 * One decision: who and where → permits → history → scores → record → answer. A personal answer never leaves unrecorded; whatever is missing
 * (consent, history, model, database) makes it the non-personal one, which is the same for everybody.
 */
import type { Permit } from '../consent/permit.ts';
import { Refusal } from '../database/refusal.ts';
import { type HistoryEntry, contributionOf } from '../learning/contributions.ts';
import { factorOne, recencyFactors } from '../learning/recipe.ts';
import type { RankedItem } from '../learning/scoring.ts';
import type { LiveModel } from '../models/live-models.ts';
import type { DecisionView, NamedOrKnown } from '../people/read-for-decision.ts';
import { addDuration } from '../policy/durations.ts';
import { type PlacementRule, entryOf, otherwiseOf, retentionOf } from '../policy/policy.ts';

import { committed, freshKey } from '../transparency/commitment.ts';
import { balanceWeights, boundedDial, candidateCount } from './balance.ts';
import { type BalanceUsed, type Basis, type DecidedItem, type DecisionRecord, recordText } from './decision-record.ts';
import type { Engine } from './engine.ts';
import { balanceFacts, balancedList } from './internal/balanced-list.ts';
import type { NonpersonalCause } from './internal/nonpersonal.ts';
import { whyToken } from './why-token.ts';

/** Who is asked about, where, and what the caller knows about the moment. */
export interface DecisionRequest {
  readonly person: NamedOrKnown;
  readonly placement: string;
  /** What the answer may depend on beside the person. Items named in `exclude` are left out. */
  readonly context?: { readonly exclude?: readonly string[] };
}

/** An answer. In the non-personal one `basis` is empty, `model` null, scores are 0 and there are no terms. */
export interface Decision {
  readonly decision: string;
  readonly placement: string;
  readonly personal: boolean;
  readonly basis: readonly Basis[];
  readonly model: string | null;
  readonly items: readonly DecidedItem[];
  /** The path of the page that explains it. */
  readonly why: string;
}

/** Decides. Refuses with `placement.unknown` alone; every other difficulty answers non-personally. */
export async function decide(engine: Engine, request: DecisionRequest): Promise<Decision> {
  const placement = entryOf(engine.policy.placements, request.placement);
  if (placement === undefined) {
    throw new Refusal('placement.unknown', `The policy has no placement named "${request.placement}".`, {
      remedy: `Its placements are: ${Object.keys(engine.policy.placements).join(', ')}.`,
    });
  }
  try {
    const made = await inTime(decidePersonally(engine, request, placement, performance.now() + decisionMsMax));
    return typeof made === 'string' ? nonpersonal(engine, request, placement, made) : made;
  } catch {
    // Whatever could not be consulted or written: the answer for everybody, counted as such (law 9).
    return nonpersonal(engine, request, placement, 'unavailable');
  }
}

/** A decision that takes longer is worth less than the answer for everybody. */
const decisionMsMax = 1_000;

/** What was made in time. Work that goes on later leaves at most a record of what was never shown; no answer without one. */
async function inTime<Made>(work: Promise<Made>): Promise<Made> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Refusal('database.slow', 'A decision could not be made in time.')),
      decisionMsMax,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function decidePersonally(
  engine: Engine,
  request: DecisionRequest,
  placement: PlacementRule,
  until: number,
): Promise<Decision | NonpersonalCause> {
  if (engine.pauses.has(request.placement)) return 'paused';
  const live = engine.models.current(placement.model);
  if (live === undefined) return 'no model';
  const view = await engine.statements.read(request.person, placement, until);
  if (view === undefined || view.isSafeguarded) return 'no permit';
  if (!view.settings.personal || view.settings.withheld.includes(request.placement)) return 'person switched';
  const { history, factors } = historyOf(engine, view, live);
  if (history.length === 0) return 'no history';
  const excluded = new Set(
    (request.context?.exclude ?? []).flatMap((itemId) => engine.items.byId(itemId)?.itemNumber ?? []),
  );
  const { show, variety } = placement;
  const ranked = rank(engine, live, history, {
    show: variety === undefined ? show : Math.max(candidateCount, 2 * show),
    excluded,
    factors,
  });
  const record = recordOf(engine, request, placement, { view, live, history, factors, ranked });
  // An answer in which the history plays no part is not a personal one, and does not pretend to be.
  if (!record.items.some((item) => item.terms.some((term) => term.of !== 'everyone'))) return 'no history';
  if (!(await write(engine, view, record, until))) return 'no permit';
  if (variety !== undefined)
    engine.exposure.note(
      request.placement,
      record.items.flatMap(({ item }) => engine.items.byId(item) ?? []),
    );
  return answerOf(engine, record);
}

/** The recipe's history, by item number, and how much each item counts by its age. What the catalogue does not have is in no model either. */
function historyOf(
  engine: Engine,
  view: DecisionView,
  live: LiveModel,
): { history: Int32Array; factors: Int32Array | undefined } {
  const entries: HistoryEntry[] = [];
  for (const [itemId, at] of view.history) {
    const item = engine.items.byId(itemId)?.itemNumber;
    if (item !== undefined) entries.push({ item, at });
  }
  const history = contributionOf(entries, {});
  return { history, factors: recencyFactors(live, history, { entries, now: engine.database.world.now().getTime() }) };
}

/** The best items that may be shown, and those that were passed over on the way. */
export function rank(
  engine: Pick<Engine, 'items'>,
  live: LiveModel,
  history: Int32Array,
  options: { show: number; excluded: ReadonlySet<number>; factors: Int32Array | undefined },
): { shown: RankedItem[]; passedOver: number[] } {
  for (let limit = options.show + Math.max(8, options.show >> 2); ; limit *= 4) {
    const scored = live.scorer.best(history, {
      limit,
      exclude: (item) => options.excluded.has(item),
      ...(options.factors === undefined ? {} : { factors: options.factors }),
    });
    const shown: RankedItem[] = [];
    const passedOver: number[] = [];
    for (const item of scored) {
      if (shown.length === options.show) break;
      if (engine.items.isShowable(item.item)) shown.push(item);
      else passedOver.push(item.item);
    }
    if (shown.length === options.show || scored.length < limit) return { shown, passedOver };
  }
}

function recordOf(
  engine: Engine,
  request: DecisionRequest,
  placement: PlacementRule,
  made: {
    view: DecisionView;
    live: LiveModel;
    history: Int32Array;
    factors: Int32Array | undefined;
    ranked: ReturnType<typeof rank>;
  },
): DecisionRecord {
  const idOf = (itemNumber: number): string => engine.items.item(itemNumber)?.itemId ?? `#${itemNumber}`;
  const balance = balanceUsed(engine, request.placement, placement, made);
  const { items, costs } = balancedList(made.ranked.shown, { show: placement.show, balance }, idOf, (shown) =>
    made.live.scorer.explain(made.history, shown, made.factors),
  );
  // Keys in the order of canonical JSON, here and in everything below, so that the text is written without sorting.
  return {
    at: made.view.at.toISOString(),
    basis: placement.purposes.map((purpose) => basisOf(purpose, made.view.permits.get(purpose))),
    ...(costs === undefined ? {} : { costs }),
    decision: engine.database.world.uuid(),
    items,
    model: made.live.version,
    notUsed: notUsedOf(engine, placement),
    person: made.view.personId,
    placement: request.placement,
    policyVersion: engine.policyVersion,
    record: 'decision',
    used: {
      ...(balance === undefined ? {} : { balance }),
      history: Array.from(made.history, (item, at) => ({ factor: made.factors?.[at] ?? factorOne, item: idOf(item) })),
      passedOver: [...made.ranked.passedOver.map(idOf), ...(request.context?.exclude ?? [])],
      show: placement.show,
    },
  };
}

/** What the list is balanced by, where the placement declares variety. */
function balanceUsed(
  engine: Engine,
  name: string,
  { variety }: PlacementRule,
  made: { view: DecisionView; history: Int32Array; ranked: ReturnType<typeof rank> },
): BalanceUsed | undefined {
  if (variety === undefined) return undefined;
  const weights = balanceWeights(variety, made.view.settings.dial);
  return {
    by: variety.calibrateBy,
    dial: boundedDial(variety, made.view.settings.dial),
    facts: balanceFacts({
      candidates: made.ranked.shown.map(({ item }) => engine.items.item(item)),
      history: Array.from(made.history, (item) => engine.items.item(item)),
      by: variety.calibrateBy,
      placement: name,
      supplierShareMax: weights.supplierShareMax,
      itemCount: engine.items.size,
      exposure: engine.exposure,
    }),
    weights,
  };
}

function basisOf(purpose: string, permit: Permit | undefined): Basis {
  if (permit === undefined) throw new Refusal('consent.missing', `There is no permit for the purpose "${purpose}".`);
  switch (permit.basis.kind) {
    case 'consent':
      return { consent: permit.basis.entryId, notice: permit.basis.noticeVersion, purpose };
    case 'opt-out':
      return { consent: null, notice: permit.basis.noticeVersion, purpose };
    case 'duty':
      throw new Refusal('consent.missing', 'A legal duty is no basis for a decision.');
    default:
      return permit.basis satisfies never;
  }
}

/** Which declared fields and events the decision left alone, because they are for other purposes. */
function notUsedOf(engine: Engine, placement: PlacementRule): DecisionRecord['notUsed'] {
  const model = entryOf(engine.policy.models, placement.model);
  const events = model?.kind === 'recommender' ? model.from : [];
  return [
    ...Object.entries(engine.policy.people).map(([field, declared]) => ({
      what: field,
      why:
        declared.kind === 'safeguard'
          ? 'protects, never suggests'
          : declared.kind === 'sensitive'
            ? 'only checks fairness'
            : 'not part of this model',
    })),
    ...Object.keys(engine.policy.events)
      .filter((name) => !events.includes(name))
      .map((what) => ({ what, why: 'not part of this model' })),
  ];
}

/** Keeps the record and its leaf; false when a forgetting came in between. */
async function write(engine: Engine, view: DecisionView, record: DecisionRecord, until: number): Promise<boolean> {
  const leafKey = freshKey(engine.database.world);
  return engine.statements.write(
    {
      personId: view.personId,
      revision: view.revision,
      decisionId: record.decision,
      placement: record.placement,
      at: view.at,
      expiresAt: expiryOf(engine, record, view.at),
      versionId: record.model,
      leafKey,
      ...committed(recordText(record), leafKey),
    },
    until,
  );
}

/** A record lives no longer than the shortest `keepFor` that it cites, nor than records of decisions are kept. */
function expiryOf(engine: Engine, record: DecisionRecord, at: Date): Date {
  const ends = [
    retentionOf(engine.policy, 'decisions'),
    ...record.basis.flatMap(({ purpose }) => entryOf(engine.policy.purposes, purpose)?.keepFor ?? []),
  ].map((keepFor) => addDuration(at, keepFor).getTime());
  return new Date(Math.min(...ends));
}

function answerOf(engine: Engine, record: DecisionRecord): Decision {
  return {
    decision: record.decision,
    placement: record.placement,
    personal: true,
    basis: record.basis,
    model: record.model,
    items: record.items,
    why: `/why/${whyToken(engine, record.decision)}`,
  };
}

function nonpersonal(
  engine: Engine,
  request: DecisionRequest,
  placement: PlacementRule,
  cause: NonpersonalCause,
): Decision {
  const decision = engine.database.world.uuid();
  const excluded = new Set(request.context?.exclude);
  const items = engine.items
    .listForEverybody(otherwiseOf(placement), { limit: placement.show + excluded.size, model: placement.model })
    .filter((item) => !excluded.has(item.itemId))
    .slice(0, placement.show)
    .map((item): DecidedItem => ({ item: item.itemId, score: 0, terms: [], moves: [] }));
  engine.nonpersonal.add(
    {
      decisionId: decision,
      placement: request.placement,
      items: items.map((item) => item.item),
      at: engine.database.world.now(),
    },
    cause,
  );
  return {
    decision,
    placement: request.placement,
    personal: false,
    basis: [],
    model: null,
    items,
    why: `/why/${whyToken(engine, decision)}`,
  };
}
