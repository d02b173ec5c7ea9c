/**
 * What would change in a person's lists if something were taken out: computed for the person's own eyes before they confirm, from what the model's purpose may
 * see of them now. Nothing is recorded, because nothing is shown to suggest; nothing is changed either.
 */
import { contributionOf } from '../learning/contributions.ts';
import { recencyFactors } from '../learning/recipe.ts';
import { readHistories } from '../people/history.ts';
import { balanceWeights, boundedDial, candidateCount } from './balance.ts';
import { rank } from './decide.ts';
import type { Engine } from './engine.ts';
import { balanceFacts, balancedList } from './internal/balanced-list.ts';
import { readSettings } from '../people/settings.ts';

export interface PreviewedList {
  readonly placement: string;
  readonly show: number;
  /** Items that would leave the list, and those that would come in their places. */
  readonly leaving: readonly string[];
  readonly coming: readonly string[];
}

/** The lists of every placement on the web that are personal now, with and without what `isTakenOut` says of the history. */
export async function previewWithout(
  engine: Engine,
  personId: string,
  isTakenOut: (entry: { readonly itemId: string; readonly at: number }) => boolean,
): Promise<PreviewedList[]> {
  const now = engine.database.world.now();
  const { dial, personal } = await readSettings(engine.database, personId);
  if (!personal) return [];
  const previews: PreviewedList[] = [];
  for (const [name, placement] of Object.entries(engine.policy.placements)) {
    const live = engine.models.current(placement.model);
    if (placement.channel !== 'web' || live === undefined) continue;
    const [read] = await readHistories(engine.database, engine.policy, {
      model: placement.model,
      now,
      whom: { personIds: [personId] },
    });
    if (read === undefined) continue;
    const listFrom = (entries: typeof read.entries): string[] => {
      const history = contributionOf(entries, {});
      if (history.length === 0) return [];
      const { show, variety } = placement;
      const { shown } = rank(engine, live, history, {
        show: variety === undefined ? show : Math.max(candidateCount, 2 * show),
        excluded: new Set(),
        factors: recencyFactors(live, history, { entries, now: now.getTime() }),
      });
      const weights = variety === undefined ? undefined : balanceWeights(variety, dial);
      const balance =
        variety === undefined || weights === undefined
          ? undefined
          : {
              by: variety.calibrateBy,
              dial: boundedDial(variety, dial),
              weights,
              facts: balanceFacts({
                candidates: shown.map(({ item }) => engine.items.item(item)),
                history: Array.from(history, (item) => engine.items.item(item)),
                by: variety.calibrateBy,
                placement: name,
                supplierShareMax: weights.supplierShareMax,
                itemCount: engine.items.size,
                exposure: engine.exposure,
              }),
            };
      const idOf = (itemNumber: number): string => engine.items.item(itemNumber)?.itemId ?? `#${itemNumber}`;
      return balancedList(shown, { show, balance }, idOf, () => []).items.map(({ item }) => item);
    };
    const before = listFrom(read.entries);
    const after = listFrom(
      read.entries.filter(({ item, at }) => !isTakenOut({ itemId: engine.items.item(item)?.itemId ?? '', at })),
    );
    previews.push({
      placement: name,
      show: placement.show,
      leaving: before.filter((itemId) => !after.includes(itemId)),
      coming: after.filter((itemId) => !before.includes(itemId)),
    });
  }
  return previews;
}
