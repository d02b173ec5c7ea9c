/**
 * The catalogue of the demo's shop, "Northwind Gifts": 327 made-up things in twelve categories and nine themes, in the order in which a shopkeeper
 * would set them out (that order is what somebody sees of whom nothing may be used). Pure; the simulation sends it through the real catalogue door.
 */
import type { Item } from '../../catalogue/items.ts';
import type { Shape, Theme } from './picture.ts';

export interface NorthwindItem extends Item {
  readonly category: string;
  readonly supplier: string;
  readonly priceMinor: number;
  readonly available: boolean;
  readonly image: string;
  readonly shape: Shape;
  readonly theme: Theme;
}

export const themes: readonly Theme[] = [
  'sea',
  'forest',
  'meadow',
  'night',
  'citrus',
  'honey',
  'birds',
  'nordic',
  'clay',
];

const names: Readonly<Record<Theme, readonly [string, string, string]>> = {
  sea: ['Harbour', 'Tideline', 'Sea Glass'],
  forest: ['Woodland', 'Fernhill', 'Fir & Fox'],
  meadow: ['Meadow', 'Wild Rose', 'Cornflower'],
  night: ['Midnight', 'Orion', 'Moonrise'],
  citrus: ['Lemon Grove', 'Lime Leaf', 'Orangery'],
  honey: ['Honeycomb', 'Bumblebee', 'Beekeeper'],
  birds: ['Robin', 'Kingfisher', 'Wren'],
  nordic: ['Fair Isle', 'Snowflake', 'Nordic Star'],
  clay: ['Terracotta', 'Rainbow Arch', 'Dune'],
};

interface Category {
  readonly name: string;
  /** Three things of each theme: how its title goes, its shape and what it costs about, in pence. */
  readonly things: readonly { readonly title: string; readonly shape: Shape; readonly pence: number }[];
  readonly suppliers: readonly [string, string];
}

const shelves: readonly Category[] = [
  {
    name: 'Mugs',
    suppliers: ['Kiln Lane Pottery', 'Tin & Ember'],
    things: [
      { title: '* stoneware mug', shape: 'mug', pence: 1450 },
      { title: '* enamel mug', shape: 'enamel mug', pence: 1195 },
      { title: '* espresso cups', shape: 'espresso cups', pence: 2200 },
    ],
  },
  {
    name: 'Candles',
    suppliers: ['Wick & Wander', 'Larkspur Wax Works'],
    things: [
      { title: '* pillar candle', shape: 'pillar candle', pence: 1250 },
      { title: '* candle in a tin', shape: 'tin candle', pence: 995 },
      { title: '* tea-light lantern', shape: 'lantern', pence: 2450 },
    ],
  },
  {
    name: 'Stationery',
    suppliers: ['Penny Post Press', 'Folio & Daughters'],
    things: [
      { title: '* notebook', shape: 'notebook', pence: 895 },
      { title: '* desk planner', shape: 'planner', pence: 1350 },
      { title: '* note cards', shape: 'cards', pence: 1050 },
    ],
  },
  {
    name: 'Cosy',
    suppliers: ['Fold & Fleece', 'Old Mill Weavers'],
    things: [
      { title: '* wool blanket', shape: 'blanket', pence: 5900 },
      { title: '* cushion', shape: 'cushion', pence: 2850 },
      { title: '* hot-water bottle', shape: 'hot-water bottle', pence: 2400 },
    ],
  },
  {
    name: 'Garden',
    suppliers: ['Potting Shed Supply', 'Green Gate'],
    things: [
      { title: '* plant pot', shape: 'plant pot', pence: 1695 },
      { title: '* watering can', shape: 'watering can', pence: 2650 },
      { title: '* seed tin', shape: 'seed tin', pence: 1495 },
    ],
  },
  {
    name: 'Prints',
    suppliers: ['Inkwell Editions', 'The Paper Gull'],
    things: [
      { title: '* framed print', shape: 'framed print', pence: 3400 },
      { title: '* wall calendar', shape: 'calendar', pence: 1295 },
      { title: '* hanging poster', shape: 'poster', pence: 1950 },
    ],
  },
  {
    name: 'Kitchen',
    suppliers: ['Linen & Larder', 'Tin & Ember'],
    things: [
      { title: '* linen tea towel', shape: 'tea towel', pence: 1100 },
      { title: '* cake tin', shape: 'cake tin', pence: 1850 },
      { title: '* apron', shape: 'apron', pence: 2600 },
    ],
  },
  {
    name: 'Pantry',
    suppliers: ['Crumb & Kettle', 'Bramble Hill Foods'],
    things: [
      { title: '* loose-leaf tea', shape: 'tea', pence: 950 },
      { title: '* chocolate bar', shape: 'chocolate', pence: 495 },
      { title: '* shortbread', shape: 'shortbread', pence: 725 },
    ],
  },
  {
    name: 'Games',
    suppliers: ['Rainy Day Games', 'Oak & Dice'],
    things: [
      { title: '* jigsaw', shape: 'jigsaw', pence: 1799 },
      { title: '* playing cards', shape: 'playing cards', pence: 850 },
      { title: '* memory game', shape: 'memory game', pence: 1650 },
    ],
  },
  {
    name: 'Jewellery',
    suppliers: ['Small Silver Studio', 'Magpie & Moon'],
    things: [
      { title: '* pendant', shape: 'pendant', pence: 3800 },
      { title: '* earrings', shape: 'earrings', pence: 2900 },
      { title: '* brooch', shape: 'brooch', pence: 1900 },
    ],
  },
  {
    name: 'Bath',
    suppliers: ['Soap Barn', 'Rill & Reed'],
    things: [
      { title: '* soap', shape: 'soap', pence: 650 },
      { title: '* bath salts', shape: 'bath salts', pence: 1400 },
      { title: '* hand cream', shape: 'hand cream', pence: 1150 },
    ],
  },
  {
    name: 'Craft',
    suppliers: ['Knot & Needle', 'Old Mill Weavers'],
    things: [
      { title: '* knitting kit', shape: 'knitting kit', pence: 3200 },
      { title: '* embroidery hoop', shape: 'embroidery hoop', pence: 2100 },
      { title: '* sock yarn', shape: 'yarn', pence: 1600 },
    ],
  },
];

/** The names of the categories, in the order of the shop. */
export const categories: readonly string[] = shelves.map((shelf) => shelf.name);

/**
 * Things that are sold like all others, but of a topic from which nothing is learned (`sensitiveTopics`): two with alcohol, one for mourners.
 */
const delicate: readonly {
  readonly title: string;
  readonly category: string;
  readonly shape: Shape;
  readonly theme: Theme;
  readonly pence: number;
  readonly topic: string;
}[] = [
  {
    title: 'Bramble gin miniature',
    category: 'Pantry',
    shape: 'bottle',
    theme: 'meadow',
    pence: 995,
    topic: 'alcohol',
  },
  { title: 'Honey mead', category: 'Pantry', shape: 'bottle', theme: 'honey', pence: 1650, topic: 'alcohol' },
  {
    title: 'In loving memory candle',
    category: 'Candles',
    shape: 'pillar candle',
    theme: 'sea',
    pence: 1400,
    topic: 'bereavement',
  },
];

/** The whole catalogue. The same at every call. */
export function northwindItems(): NorthwindItem[] {
  const items = themes.flatMap((theme, themeAt) =>
    shelves.flatMap((shelf, shelfAt) =>
      shelf.things.map((thing, thingAt): NorthwindItem & { readonly place: number } => {
        const title = thing.title.replace('*', names[theme][(thingAt + shelfAt) % 3] ?? '');
        return {
          ...facts({ title, category: shelf.name, shape: thing.shape, theme }),
          supplier: shelf.suppliers[(themeAt + thingAt) % 2] ?? shelf.suppliers[0],
          // A theme makes a thing a little dearer or cheaper; prices keep their .50, .95 or .99.
          priceMinor: thing.pence + 50 * ((themeAt * 5 + shelfAt * 3) % 7) - 100,
          // Every 29th is sold out, so that what cannot be had is not suggested either.
          available: (themeAt * 36 + shelfAt * 3 + thingAt) % 29 !== 11,
          place: placeOf(themeAt, shelfAt, thingAt),
        };
      }),
    ),
  );
  const set = items.toSorted((left, right) => left.place - right.place).map(({ place: _place, ...item }) => item);
  return [
    ...set,
    ...delicate.map(({ topic, pence, ...thing }) => ({
      ...facts(thing),
      supplier: 'Bramble Hill Foods',
      priceMinor: pence,
      available: true,
      topics: [topic],
    })),
  ];
}

function facts(thing: { title: string; category: string; shape: Shape; theme: Theme }) {
  const itemId = thing.title
    .toLowerCase()
    .replaceAll('&', 'and')
    .replaceAll(/[^a-z0-9]+/g, '-');
  return { itemId, ...thing, currency: 'GBP', image: `/demo/pictures/${itemId}.svg` };
}

/** Twelve in a row come from twelve shelves, and their themes follow one another, so that every stretch of the catalogue is a mixed window. */
function placeOf(themeAt: number, shelfAt: number, thingAt: number): number {
  const round = (themeAt * 4 + shelfAt * 2 + thingAt * 3) % 9;
  return (thingAt * 9 + round) * 12 + ((shelfAt * 5) % 12) + shelfAt / 100;
}
