/** Sets the stage for the demo's page: what the page asks of the demo beside the engine itself. */
import type { Engine } from '../../deciding/engine.ts';
import type { DemoStage } from '../../http/pages/demo-view.ts';
import { northwindPolicy } from './northwind-policy.ts';
import { pictureOf } from './picture.ts';
import { model, placement, tellFromTheStart, walkAgain } from './play-demo.ts';
import type { Shop } from './shop.ts';
import { adasStory, bensStory } from './stories.ts';

/** For `registerDemo`, over an engine whose shop has been filled. */
export function demoStage(engine: Engine, shop: Shop): DemoStage {
  const items = new Map(shop.items.map((item) => [item.itemId, item]));
  return {
    engine,
    shopName: northwindPolicy.controller.name,
    placement,
    model,
    main: adasStory,
    other: bensStory,
    pictureOf(itemId) {
      const item = items.get(itemId);
      return item === undefined ? undefined : pictureOf(item.shape, item.theme);
    },
    walkAgain: () => walkAgain(engine, shop),
    tellFromTheStart: () => tellFromTheStart(engine, shop),
  };
}
