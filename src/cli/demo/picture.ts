/**
 * Draws the pictures of the demo's shop: one shape for each kind of thing, one palette and one motif for each theme, so that 327 pictures look like
 * one hand's. Pure, our own, about 1.5 kB each; the demo's pages serve them as SVG files.
 */

export type Theme = 'sea' | 'forest' | 'meadow' | 'night' | 'citrus' | 'honey' | 'birds' | 'nordic' | 'clay';

export type Shape =
  | 'pillar candle'
  | 'tin candle'
  | 'lantern'
  | 'mug'
  | 'enamel mug'
  | 'espresso cups'
  | 'notebook'
  | 'planner'
  | 'cards'
  | 'plant pot'
  | 'watering can'
  | 'seed tin'
  | 'tea towel'
  | 'cake tin'
  | 'apron'
  | 'jigsaw'
  | 'playing cards'
  | 'memory game'
  | 'blanket'
  | 'cushion'
  | 'hot-water bottle'
  | 'pendant'
  | 'earrings'
  | 'brooch'
  | 'framed print'
  | 'calendar'
  | 'poster'
  | 'soap'
  | 'bath salts'
  | 'hand cream'
  | 'tea'
  | 'chocolate'
  | 'shortbread'
  | 'bottle'
  | 'knitting kit'
  | 'embroidery hoop'
  | 'yarn';

/** One item's picture: a square SVG document of 200 × 200 units. */
export function pictureOf(shape: Shape, theme: Theme): string {
  const palette = palettes[theme];
  const { ground } = palette;
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">' +
    `<rect width="200" height="200" fill="${ground}"/>` +
    '<circle cx="100" cy="96" r="78" fill="#fff" opacity=".38"/>' +
    drawings[shape](palette, (x, y, size, ink, second) => motif(theme, { x, y, size, ink, second })) +
    '</svg>'
  );
}

interface Palette {
  /** Behind everything: a tint. */
  readonly ground: string;
  /** The body of a thing. */
  readonly main: string;
  /** What stands out against the body. */
  readonly light: string;
  /** Edges, rims and ink. */
  readonly deep: string;
  /** A second colour for details. */
  readonly spark: string;
}

const palettes: Readonly<Record<Theme, Palette>> = {
  sea: { ground: '#d7e9ee', main: '#3b8aa3', light: '#f7f3e6', deep: '#1f5368', spark: '#f0b58a' },
  forest: { ground: '#dde8d8', main: '#4c8562', light: '#f6f0dc', deep: '#274d3a', spark: '#d9793f' },
  meadow: { ground: '#f8e1e3', main: '#dc7f92', light: '#fff4ec', deep: '#83384d', spark: '#f2bd4b' },
  night: { ground: '#dcdff0', main: '#444f93', light: '#f5efdb', deep: '#242a59', spark: '#f3cf72' },
  citrus: { ground: '#f4f3cd', main: '#eec643', light: '#fffbe8', deep: '#7d6a14', spark: '#7aa446' },
  honey: { ground: '#fae6c8', main: '#dd9838', light: '#fff6e0', deep: '#6e4415', spark: '#4a3420' },
  birds: { ground: '#d8ece6', main: '#56a594', light: '#fbf5e8', deep: '#275c52', spark: '#e2714f' },
  nordic: { ground: '#f0e1dc', main: '#c5584c', light: '#fdf5ee', deep: '#742b27', spark: '#5b7a8c' },
  clay: { ground: '#efe3d6', main: '#c08e66', light: '#fcf3e6', deep: '#6f4a30', spark: '#708f7c' },
};

interface MotifPlace {
  readonly x: number;
  readonly y: number;
  /** Half the motif's width. */
  readonly size: number;
  readonly ink: string;
  readonly second: string;
}

type DrawMotif = (x: number, y: number, size: number, ink: string, second: string) => string;

function motif(theme: Theme, { x, y, size, ink, second }: MotifPlace): string {
  return `<g transform="translate(${x} ${y}) scale(${round(size / 10)})">${motifs[theme](ink, second)}</g>`;
}

const motifs: Readonly<Record<Theme, (ink: string, second: string) => string>> = {
  sea: (ink, second) =>
    [-6, 0, 6]
      .map(
        (y, row) =>
          `<path d="M-10 ${y}q2.5-4.5 5 0t5 0 5 0 5 0" fill="none" stroke="${row === 1 ? second : ink}" stroke-width="2.2" stroke-linecap="round"/>`,
      )
      .join(''),
  forest: (ink, second) =>
    `<path d="M0-11 5.5-3H3L8 4H5l5 6.5H-10L-5 4H-8L-3-3H-5.5Z" fill="${ink}"/><path d="M-1.3 10.5h2.6V14h-2.6Z" fill="${second}"/>`,
  meadow: (ink, second) =>
    turns(6)
      .map((turn) => `<ellipse cy="-6.3" rx="3.3" ry="4.4" fill="${ink}" transform="rotate(${turn})"/>`)
      .join('') + `<circle r="3.2" fill="${second}"/>`,
  night: (ink, second) =>
    `<path d="M3.5-9.5A9.8 9.8 0 1 0 9 5.5 8 8 0 0 1 3.5-9.5Z" fill="${ink}"/>` +
    `<path d="M6.5-6.5l1 2.5 2.5 1-2.5 1-1 2.5-1-2.5-2.5-1 2.5-1Z" fill="${second}"/>`,
  citrus: (ink, second) =>
    `<circle r="9.5" fill="none" stroke="${ink}" stroke-width="2"/>` +
    turns(8)
      .map((turn) => `<path d="M0-1.2 1.9-7H-1.9Z" fill="${second}" transform="rotate(${turn})"/>`)
      .join(''),
  honey: (ink, second) =>
    (
      [
        [0, -5.6],
        [-5, 3],
        [5, 3],
      ] as const
    )
      .map(
        ([x, y], at) =>
          `<path d="M${x} ${round(y - 5)}l4.3 2.5v5l-4.3 2.5-4.3-2.5v-5Z" fill="${at === 0 ? second : ink}"/>`,
      )
      .join(''),
  birds: (ink, second) =>
    `<path d="M-11-1c3 0 4-6 9-6 4 0 6 2 7 4l5 1-4.5 2C5 6 1 9-4 8l-4 3 .5-5C-10 5-11 2-11-1Z" fill="${ink}"/>` +
    `<path d="M-3-1c2-1 5 0 5 2-1 3-5 4-7 3 2-1 2-3 2-5Z" fill="${second}"/><circle cx="3" cy="-3.5" r=".9" fill="${second}"/>`,
  nordic: (ink, second) =>
    turns(8)
      .map(
        (turn, at) =>
          `<path d="M0-1 2.8-6 0-11l-2.8 5Z" fill="${at % 2 === 0 ? ink : second}" transform="rotate(${turn})"/>`,
      )
      .join(''),
  clay: (ink, second) =>
    [9.5, 5.8, 2.2]
      .map(
        (radius, at) =>
          `<path d="M${-radius} 7V2a${radius} ${radius} 0 0 1 ${2 * radius} 0V7" fill="none" stroke="${at === 1 ? second : ink}" stroke-width="2.2" stroke-linecap="round"/>`,
      )
      .join(''),
};

/** The shadow that a thing casts where it stands. */
function shadow(y: number, width: number): string {
  return `<ellipse cx="100" cy="${y}" rx="${width}" ry="6" fill="#000" opacity=".1"/>`;
}

/** The light that falls on it from the left. */
function gleam(x: number, y: number, width: number, height: number): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${width / 2}" fill="#fff" opacity=".28"/>`;
}

function flame(x: number, y: number): string {
  return (
    `<circle cx="${x}" cy="${y - 8}" r="20" fill="#fff3c4" opacity=".7"/>` +
    `<path d="M${x} ${y - 22}c7 8 8 13 5 18a6 6 0 0 1-10 0c-3-5 0-10 5-18Z" fill="#f3a73a"/>` +
    `<path d="M${x} ${y - 12}c3 4 3 6 2 9a2.5 2.5 0 0 1-4 0c-1-3 0-5 2-9Z" fill="#fff0b8"/>` +
    `<path d="M${x} ${y - 2}v6" stroke="#4b3a2a" stroke-width="2" stroke-linecap="round"/>`
  );
}

function steam(x: number, y: number, ink: string): string {
  return [-12, 0, 12]
    .map(
      (dx) =>
        `<path d="M${x + dx} ${y}c-5-7 5-11 0-19" fill="none" stroke="${ink}" stroke-width="3" stroke-linecap="round" opacity=".28"/>`,
    )
    .join('');
}

const drawings: Readonly<Record<Shape, (palette: Palette, draw: DrawMotif) => string>> = {
  'pillar candle': ({ main, light, deep, spark }, draw) =>
    shadow(164, 44) +
    flame(100, 64) +
    `<path d="M70 70h60v86a8 8 0 0 1-8 8H78a8 8 0 0 1-8-8Z" fill="${main}"/>` +
    `<ellipse cx="100" cy="70" rx="30" ry="8" fill="${light}"/><path d="M100 62v8" stroke="${deep}" stroke-width="2"/>` +
    gleam(78, 84, 7, 66) +
    draw(102, 122, 17, light, spark),
  'tin candle': ({ main, light, deep, spark }, draw) =>
    shadow(162, 56) +
    flame(100, 88) +
    `<rect x="52" y="92" width="96" height="70" rx="12" fill="${main}"/><rect x="49" y="86" width="102" height="16" rx="8" fill="${deep}"/>` +
    `<ellipse cx="100" cy="132" rx="34" ry="22" fill="${light}"/>` +
    draw(100, 132, 13, deep, spark),
  lantern: ({ main, light, deep, spark }, draw) =>
    shadow(168, 46) +
    `<circle cx="100" cy="40" r="12" fill="none" stroke="${deep}" stroke-width="4"/><path d="M76 66 100 48l24 18Z" fill="${deep}"/>` +
    `<rect x="62" y="64" width="76" height="102" rx="10" fill="${main}"/><rect x="74" y="76" width="52" height="78" rx="6" fill="#fff6d6"/>` +
    draw(100, 104, 17, spark === '#f3cf72' ? deep : spark, main) +
    `<rect x="92" y="134" width="16" height="20" rx="3" fill="${light}" stroke="${deep}" stroke-width="1.5"/>`,
  mug: ({ main, light, deep, spark }, draw) =>
    shadow(160, 52) +
    steam(94, 66, deep) +
    `<path d="M138 94h12a20 20 0 0 1 0 44h-14" fill="none" stroke="${deep}" stroke-width="10"/>` +
    `<path d="M54 74h86v64a22 22 0 0 1-22 22H76a22 22 0 0 1-22-22Z" fill="${main}"/><ellipse cx="97" cy="74" rx="43" ry="8" fill="${deep}"/>` +
    gleam(62, 90, 7, 46) +
    draw(99, 118, 20, light, spark),
  'enamel mug': ({ main, light, deep, spark }, draw) =>
    shadow(162, 50) +
    `<path d="M136 92h10a19 19 0 0 1 0 42h-12" fill="none" stroke="${main}" stroke-width="8"/>` +
    `<path d="M52 66h92l-6 90a6 6 0 0 1-6 6H64a6 6 0 0 1-6-6Z" fill="${light}"/><rect x="48" y="61" width="100" height="10" rx="5" fill="${main}"/>` +
    `<path d="M58 152h80l-.5 5a5 5 0 0 1-5 5h-69a5 5 0 0 1-5-5Z" fill="${main}"/>` +
    draw(98, 112, 23, deep, spark),
  'espresso cups': ({ main, light, deep, spark }, draw) =>
    shadow(152, 70) +
    `<ellipse cx="66" cy="146" rx="42" ry="9" fill="${deep}"/><ellipse cx="136" cy="146" rx="42" ry="9" fill="${main}"/>` +
    `<path d="M92 112h8a11 11 0 0 1 0 22h-9" fill="none" stroke="${main}" stroke-width="6"/><path d="M38 92h56v30a22 22 0 0 1-22 22H60a22 22 0 0 1-22-22Z" fill="${main}"/>` +
    `<path d="M162 112h8a11 11 0 0 1 0 22h-9" fill="none" stroke="${spark}" stroke-width="6"/><path d="M108 92h56v30a22 22 0 0 1-22 22H130a22 22 0 0 1-22-22Z" fill="${light}"/>` +
    steam(66, 84, deep) +
    draw(66, 117, 12, light, spark) +
    draw(136, 117, 12, main, spark),
  notebook: ({ main, light, deep, spark }, draw) =>
    '<g transform="rotate(-7 100 104)">' +
    `<rect x="56" y="42" width="96" height="126" rx="6" fill="#000" opacity=".1"/><rect x="54" y="38" width="94" height="126" rx="6" fill="${light}"/>` +
    `<rect x="50" y="36" width="94" height="126" rx="6" fill="${main}"/><path d="M50 42a6 6 0 0 1 6-6h10v126H56a6 6 0 0 1-6-6Z" fill="${deep}"/>` +
    draw(103, 92, 23, light, spark) +
    `<path d="M132 36v126" stroke="${spark}" stroke-width="4"/></g>`,
  planner: ({ main, light, deep, spark }, draw) =>
    shadow(166, 58) +
    `<rect x="46" y="46" width="108" height="118" rx="8" fill="${light}"/><path d="M46 54a8 8 0 0 1 8-8h92a8 8 0 0 1 8 8v30H46Z" fill="${main}"/>` +
    draw(100, 66, 13, light, spark) +
    [64, 88, 112, 136]
      .map((x) => `<rect x="${x - 2}" y="38" width="5" height="16" rx="2.5" fill="${deep}"/>`)
      .join('') +
    [98, 116, 134]
      .map((y, row) =>
        [58, 80, 102, 124]
          .map(
            (x, at) =>
              `<rect x="${x}" y="${y}" width="17" height="12" rx="3" fill="${(row + at) % 5 === 1 ? spark : deep}" opacity="${(row + at) % 5 === 1 ? 0.9 : 0.13}"/>`,
          )
          .join(''),
      )
      .join(''),
  cards: ({ main, light, deep, spark }, draw) =>
    shadow(164, 62) +
    `<g transform="rotate(-9 80 104)"><rect x="40" y="50" width="78" height="106" rx="5" fill="${deep}"/></g>` +
    `<g transform="rotate(7 112 104)"><rect x="74" y="46" width="80" height="110" rx="5" fill="${light}"/>` +
    `<rect x="81" y="53" width="66" height="96" rx="3" fill="none" stroke="${main}" stroke-width="1.5"/>` +
    draw(114, 94, 22, main, spark) +
    `<path d="M98 132h32M104 139h20" stroke="${deep}" stroke-width="2.5" stroke-linecap="round" opacity=".5"/></g>`,
  'plant pot': ({ main, light, deep, spark }, draw) =>
    shadow(166, 42) +
    [
      [-34, 26],
      [0, 34],
      [34, 26],
      [-62, 20],
      [62, 20],
    ]
      .map(
        ([turn, length], at) =>
          `<path d="M0 0C-${length} -18-12-62 0-76 12-62 ${length}-18 0 0Z" transform="translate(100 106) rotate(${turn}) scale(.82)" fill="${at % 2 === 0 ? '#5d9467' : '#7bb07d'}"/>`,
      )
      .join('') +
    `<path d="M64 106h72l-8 54a6 6 0 0 1-6 5H78a6 6 0 0 1-6-5Z" fill="${main}"/><rect x="58" y="100" width="84" height="16" rx="5" fill="${deep}"/>` +
    draw(100, 139, 13, light, spark),
  'watering can': ({ main, light, deep, spark }, draw) =>
    shadow(162, 56) +
    `<path d="M58 104a30 34 0 0 1 60-6" fill="none" stroke="${deep}" stroke-width="7" stroke-linecap="round" transform="translate(8 -14)"/>` +
    `<path d="M128 118 166 78" stroke="${main}" stroke-width="11" stroke-linecap="round"/><path d="M154 66 178 88" stroke="${deep}" stroke-width="9" stroke-linecap="round"/>` +
    `<path d="M50 92h84l8 62a7 7 0 0 1-7 8H49a7 7 0 0 1-7-8Z" fill="${main}"/><rect x="46" y="86" width="92" height="12" rx="6" fill="${deep}"/>` +
    draw(92, 131, 19, light, spark) +
    '<path d="M178 104v8M170 108v7M186 108v7" stroke="#4f9cc0" stroke-width="3" stroke-linecap="round"/>',
  'seed tin': ({ main, light, deep, spark }, draw) =>
    shadow(164, 60) +
    `<g transform="rotate(8 136 84)"><rect x="108" y="42" width="46" height="72" rx="3" fill="${light}"/><path d="M108 62h46" stroke="${spark}" stroke-width="5"/>` +
    draw(131, 86, 12, main, spark) +
    `</g><g transform="rotate(-10 72 84)"><rect x="50" y="48" width="44" height="70" rx="3" fill="${spark}"/>` +
    draw(72, 76, 11, light, light) +
    `</g><rect x="42" y="98" width="116" height="66" rx="8" fill="${main}"/><rect x="38" y="92" width="124" height="16" rx="6" fill="${deep}"/>` +
    `<rect x="66" y="116" width="68" height="36" rx="4" fill="${light}"/>` +
    draw(100, 134, 11, deep, spark),
  'tea towel': ({ main, light, deep, spark }, draw) =>
    `<path d="M100 28a8 8 0 0 0-8 8" fill="none" stroke="${deep}" stroke-width="4" stroke-linecap="round"/><circle cx="100" cy="30" r="5" fill="${deep}"/>` +
    `<path d="M52 48q48-16 96 0v112q-12 6-24 0t-24 0-24 0-24 0Z" fill="#000" opacity=".08" transform="translate(4 4)"/>` +
    `<path d="M52 46q48-16 96 0v112q-12 6-24 0t-24 0-24 0-24 0Z" fill="${light}"/>` +
    `<path d="M52 134q12 6 24 0t24 0 24 0 24 0v11q-12 6-24 0t-24 0-24 0-24 0Z" fill="${main}"/><path d="M66 44v116M134 44v116" stroke="${main}" stroke-width="4" opacity=".55"/>` +
    draw(100, 90, 25, main, spark),
  'cake tin': ({ main, light, deep, spark }, draw) =>
    shadow(160, 60) +
    `<path d="M42 88h116v58c0 10-26 16-58 16s-58-6-58-16Z" fill="${main}"/><path d="M42 104c0 10 26 16 58 16s58-6 58-16" fill="none" stroke="${light}" stroke-width="5" stroke-dasharray="2 9" stroke-linecap="round"/>` +
    `<path d="M38 76h124v14c0 10-28 16-62 16s-62-6-62-16Z" fill="${deep}"/><ellipse cx="100" cy="76" rx="62" ry="20" fill="${light}"/>` +
    `<g transform="translate(0 34) scale(1 .58)">${draw(100, 72, 20, main, spark)}</g>`,
  apron: ({ main, light, deep, spark }, draw) =>
    `<path d="M82 52a18 20 0 0 1 36 0" fill="none" stroke="${deep}" stroke-width="5"/><path d="M44 104 64 96M156 104 136 96" stroke="${deep}" stroke-width="5" stroke-linecap="round"/>` +
    `<path d="M78 50h44l4 34q16 6 22 18v62a6 6 0 0 1-6 6H58a6 6 0 0 1-6-6v-62q6-12 22-18Z" fill="${main}"/>` +
    draw(100, 82, 15, light, spark) +
    `<path d="M72 116h56v22a14 14 0 0 1-14 14H86a14 14 0 0 1-14-14Z" fill="${deep}" opacity=".85"/><path d="M72 121h56" stroke="${spark}" stroke-width="3"/>`,
  jigsaw: ({ main, light, deep, spark }, draw) =>
    shadow(164, 62) +
    `<rect x="40" y="52" width="112" height="92" rx="6" fill="${main}"/><path d="M40 138h112v8a6 6 0 0 1-6 6H46a6 6 0 0 1-6-6Z" fill="${deep}"/>` +
    `<rect x="50" y="62" width="92" height="66" rx="3" fill="${light}"/>` +
    draw(92, 94, 22, main, spark) +
    `<path d="M118 120h15a8 8 0 1 1 15 0h15v16a8 8 0 1 1 0 15v15h-45v-15a8 8 0 1 0 0-15Z" fill="${spark}" stroke="${light}" stroke-width="3" stroke-linejoin="round"/>`,
  'playing cards': ({ main, light, deep, spark }, draw) =>
    shadow(166, 50) +
    [
      [-22, deep],
      [-4, main],
    ]
      .map(
        ([turn, fill]) =>
          `<g transform="rotate(${turn} 100 170)"><rect x="66" y="54" width="68" height="102" rx="8" fill="${fill}" stroke="${light}" stroke-width="3"/></g>`,
      )
      .join('') +
    `<g transform="rotate(15 100 170)"><rect x="66" y="54" width="68" height="102" rx="8" fill="${light}"/>` +
    draw(100, 106, 19, main, spark) +
    draw(79, 69, 5, deep, spark) +
    draw(121, 143, 5, deep, spark) +
    '</g>',
  'memory game': ({ main, light, deep, spark }, draw) =>
    [0, 1, 2]
      .flatMap((row) => [0, 1, 2].map((column) => ({ row, column, x: 36 + column * 44, y: 36 + row * 44 })))
      .map(({ row, column, x, y }) => {
        const open = (row === 0 && column === 1) || (row === 2 && column === 0) || (row === 1 && column === 2);
        return (
          `<rect x="${x + 2}" y="${y + 3}" width="40" height="40" rx="8" fill="#000" opacity=".08"/>` +
          `<rect x="${x}" y="${y}" width="40" height="40" rx="8" fill="${open ? light : (row + column) % 2 === 0 ? main : deep}"/>` +
          (open
            ? draw(x + 20, y + 20, 12, main, spark)
            : `<circle cx="${x + 20}" cy="${y + 20}" r="5" fill="${light}" opacity=".35"/>`)
        );
      })
      .join(''),
  blanket: ({ main, light, deep, spark }, draw) =>
    shadow(166, 66) +
    `<rect x="36" y="128" width="128" height="34" rx="15" fill="${deep}"/><rect x="38" y="98" width="124" height="36" rx="16" fill="${light}"/>` +
    `<path d="M40 66a14 14 0 0 1 14-14h92a14 14 0 0 1 14 14v28a14 14 0 0 1-14 14H54a14 14 0 0 1-14-14Z" fill="${main}"/>` +
    draw(66, 80, 12, light, spark) +
    draw(100, 80, 12, light, spark) +
    draw(134, 80, 12, light, spark) +
    [46, 60, 74, 88, 102, 116, 130, 144, 156]
      .map((x) => `<path d="M${x} 160v9" stroke="${deep}" stroke-width="3" stroke-linecap="round"/>`)
      .join(''),
  cushion: ({ main, light, deep, spark }, draw) =>
    shadow(164, 60) +
    `<path d="M44 52c38 10 74 10 112 0-8 38-8 72 0 108-38-10-74-10-112 0 8-36 8-70 0-108Z" fill="${main}" stroke="${main}" stroke-width="10" stroke-linejoin="round"/>` +
    `<path d="M54 62c32 8 60 8 92 0-6 32-6 58 0 88-32-8-60-8-92 0 6-30 6-56 0-88Z" fill="none" stroke="${light}" stroke-width="2.5" stroke-dasharray="5 5" opacity=".8"/>` +
    draw(100, 106, 27, light, spark) +
    `<circle cx="44" cy="52" r="6" fill="${deep}"/><circle cx="156" cy="52" r="6" fill="${deep}"/><circle cx="44" cy="160" r="6" fill="${deep}"/><circle cx="156" cy="160" r="6" fill="${deep}"/>`,
  'hot-water bottle': ({ main, light, deep, spark }, draw) =>
    shadow(170, 44) +
    `<rect x="86" y="30" width="28" height="22" rx="6" fill="${deep}"/><path d="M84 48h32l4 16q22 6 22 30v54a22 22 0 0 1-22 22H80a22 22 0 0 1-22-22V94q0-24 22-30Z" fill="${main}"/>` +
    `<rect x="76" y="62" width="48" height="12" rx="6" fill="${light}"/>` +
    [92, 146]
      .map(
        (y) =>
          `<path d="M64 ${y}l9 7 9-7 9 7 9-7 9 7 9-7 9 7 9-7" fill="none" stroke="${light}" stroke-width="3" stroke-linejoin="round" opacity=".75"/>`,
      )
      .join('') +
    draw(100, 121, 16, light, spark),
  pendant: ({ main, light, deep, spark }, draw) =>
    `<path d="M46 34c4 40 26 66 54 74 28-8 50-34 54-74" fill="none" stroke="${deep}" stroke-width="2.5" stroke-dasharray="4 3"/>` +
    `<circle cx="100" cy="110" r="5" fill="none" stroke="${spark}" stroke-width="3"/><circle cx="100" cy="140" r="29" fill="#000" opacity=".08" transform="translate(3 3)"/>` +
    `<circle cx="100" cy="140" r="28" fill="${main}"/><circle cx="100" cy="140" r="23" fill="none" stroke="${light}" stroke-width="1.8" opacity=".8"/>` +
    draw(100, 140, 14, light, spark),
  earrings: ({ main, light, deep, spark }, draw) =>
    '<rect x="50" y="36" width="104" height="130" rx="10" fill="#000" opacity=".08" transform="translate(2 3)"/>' +
    `<rect x="48" y="36" width="104" height="130" rx="10" fill="${light}"/><path d="M86 52h28" stroke="${deep}" stroke-width="4" stroke-linecap="round" opacity=".35"/>` +
    [76, 124]
      .map(
        (x) =>
          `<circle cx="${x}" cy="80" r="3.5" fill="${deep}"/><path d="M${x} 82v10" stroke="${spark}" stroke-width="2.5"/><circle cx="${x}" cy="112" r="20" fill="${main}"/>${draw(x, 112, 11, light, spark)}`,
      )
      .join('') +
    `<path d="M78 150h44" stroke="${deep}" stroke-width="3" stroke-linecap="round" opacity=".25"/>`,
  brooch: ({ main, light, deep, spark }, draw) =>
    `<ellipse cx="104" cy="110" rx="56" ry="46" fill="#000" opacity=".08"/><ellipse cx="100" cy="104" rx="56" ry="46" fill="${deep}"/><ellipse cx="100" cy="104" rx="49" ry="39" fill="${light}"/>` +
    draw(100, 104, 28, main, spark) +
    `<circle cx="44" cy="104" r="4" fill="${spark}"/><circle cx="156" cy="104" r="4" fill="${spark}"/><circle cx="100" cy="58" r="4" fill="${spark}"/><circle cx="100" cy="150" r="4" fill="${spark}"/>`,
  'framed print': ({ main, light, deep, spark }, draw) =>
    '<rect x="48" y="34" width="108" height="138" rx="3" fill="#000" opacity=".1"/>' +
    `<rect x="44" y="28" width="112" height="140" rx="3" fill="${deep}"/><rect x="51" y="35" width="98" height="126" fill="#fffdf8"/>` +
    `<rect x="63" y="47" width="74" height="88" fill="${main}"/><circle cx="118" cy="66" r="9" fill="${spark}" opacity=".9"/><path d="M63 118q18-14 37-4t37-6v27H63Z" fill="${deep}" opacity=".45"/>` +
    draw(96, 92, 21, light, spark) +
    `<path d="M84 148h32" stroke="${deep}" stroke-width="2.5" stroke-linecap="round" opacity=".4"/>`,
  calendar: ({ main, light, deep, spark }, draw) =>
    shadow(172, 50) +
    `<path d="M100 24 82 42M100 24l18 18" stroke="${deep}" stroke-width="2.5"/><circle cx="100" cy="24" r="4" fill="${deep}"/>` +
    `<rect x="52" y="40" width="96" height="130" rx="4" fill="#fffdf8"/><path d="M52 44a4 4 0 0 1 4-4h88a4 4 0 0 1 4 4v60H52Z" fill="${main}"/>` +
    draw(100, 73, 21, light, spark) +
    [114, 126, 138, 150]
      .map((y, row) =>
        [60, 72, 84, 96, 108, 120, 132]
          .map(
            (x, at) =>
              `<circle cx="${x + 3}" cy="${y + 4}" r="3" fill="${row === 1 && at === 4 ? spark : deep}" opacity="${row === 1 && at === 4 ? 1 : 0.28}"/>`,
          )
          .join(''),
      )
      .join('') +
    `<path d="M52 106h96" stroke="${light}" stroke-width="2"/>`,
  poster: ({ main, light, deep, spark }, draw) =>
    '<rect x="54" y="40" width="98" height="130" fill="#000" opacity=".08"/>' +
    `<rect x="50" y="36" width="100" height="130" fill="${light}"/><rect x="44" y="30" width="112" height="9" rx="4" fill="${deep}"/><rect x="44" y="163" width="112" height="9" rx="4" fill="${deep}"/>` +
    `<path d="M100 18 70 32M100 18l30 14" stroke="${deep}" stroke-width="2"/><circle cx="100" cy="90" r="36" fill="${main}"/>` +
    draw(100, 90, 23, light, spark) +
    `<path d="M74 142h52M84 150h32" stroke="${main}" stroke-width="4" stroke-linecap="round"/>`,
  soap: ({ main, light, deep, spark }, draw) =>
    shadow(158, 66) +
    `<path d="M34 138h132l-10 16a8 8 0 0 1-7 4H51a8 8 0 0 1-7-4Z" fill="${deep}"/><rect x="46" y="86" width="108" height="56" rx="26" fill="${main}"/>` +
    `<rect x="58" y="96" width="84" height="36" rx="17" fill="none" stroke="${light}" stroke-width="2.5" opacity=".8"/>` +
    draw(100, 114, 13, light, spark) +
    '<g fill="#fff" opacity=".85"><circle cx="62" cy="72" r="11"/><circle cx="82" cy="58" r="7"/><circle cx="142" cy="68" r="9"/></g><g fill="none" stroke="#fff" stroke-width="2"><circle cx="124" cy="50" r="6"/><circle cx="98" cy="40" r="4"/></g>',
  'bath salts': ({ main, light, deep, spark }, draw) =>
    shadow(168, 46) +
    `<rect x="76" y="34" width="48" height="22" rx="5" fill="#b98c5e"/><path d="M70 54h60v8q14 6 14 20v74a12 12 0 0 1-12 12H68a12 12 0 0 1-12-12V82q0-14 14-20Z" fill="#fff" opacity=".75"/>` +
    `<path d="M62 92h76v62a8 8 0 0 1-8 8H70a8 8 0 0 1-8-8Z" fill="${main}"/><g fill="${light}" opacity=".7"><circle cx="72" cy="98" r="3"/><circle cx="88" cy="95" r="2.5"/><circle cx="106" cy="99" r="3"/><circle cx="124" cy="96" r="2.5"/><circle cx="76" cy="152" r="3"/><circle cx="122" cy="154" r="3"/></g>` +
    `<rect x="68" y="108" width="64" height="38" rx="5" fill="${light}"/>` +
    draw(100, 127, 12, deep, spark),
  'hand cream': ({ main, light, deep, spark }, draw) =>
    shadow(172, 34) +
    `<path d="M62 40h76l-10 104H72Z" fill="${main}"/><rect x="60" y="32" width="80" height="12" rx="3" fill="${deep}"/><rect x="76" y="144" width="48" height="26" rx="6" fill="${light}"/>` +
    `<path d="M82 148v18M91 148v18M100 148v18M109 148v18M118 148v18" stroke="${deep}" stroke-width="1.5" opacity=".3"/>` +
    draw(100, 84, 20, light, spark) +
    `<path d="M84 118h32M90 126h20" stroke="${light}" stroke-width="3" stroke-linecap="round" opacity=".85"/>`,
  tea: ({ main, light, deep, spark }, draw) =>
    shadow(166, 48) +
    `<rect x="56" y="62" width="88" height="104" rx="8" fill="${main}"/><rect x="52" y="48" width="96" height="24" rx="8" fill="${deep}"/><rect x="86" y="38" width="28" height="12" rx="6" fill="${deep}"/>` +
    `<rect x="66" y="86" width="68" height="62" rx="34" fill="${light}"/>` +
    draw(100, 116, 18, main, spark) +
    gleam(61, 82, 5, 74),
  chocolate: ({ main, light, deep, spark }, draw) =>
    '<g transform="rotate(9 100 104)">' +
    '<rect x="64" y="36" width="76" height="140" rx="5" fill="#000" opacity=".1"/>' +
    '<rect x="62" y="30" width="76" height="60" rx="4" fill="#5b3a29"/><path d="M62 50h76M62 70h76M87 30v46M113 30v46" stroke="#3f271b" stroke-width="2.5"/>' +
    `<path d="M58 66l6 5 7-5 7 5 7-5 7 5 8-5 7 5 7-5 7 5 7-5 7 5 7-5v104a4 4 0 0 1-4 4H62a4 4 0 0 1-4-4Z" fill="${main}"/>` +
    `<rect x="68" y="88" width="64" height="66" rx="4" fill="${light}"/>` +
    draw(100, 116, 17, deep, spark) +
    `<path d="M84 144h32" stroke="${deep}" stroke-width="2.5" stroke-linecap="round" opacity=".5"/></g>`,
  shortbread: ({ main, light, deep, spark }, draw) =>
    shadow(166, 62) +
    [
      [58, -12],
      [86, -4],
      [114, 4],
      [142, 12],
    ]
      .map(
        ([x, turn]) =>
          `<g transform="rotate(${turn} ${x} 110)"><rect x="${(x ?? 0) - 12}" y="54" width="24" height="70" rx="5" fill="#eccb8f"/><g fill="#c99b57"><circle cx="${x}" cy="64" r="1.8"/><circle cx="${x}" cy="74" r="1.8"/><circle cx="${x}" cy="84" r="1.8"/></g></g>`,
      )
      .join('') +
    `<rect x="36" y="96" width="128" height="70" rx="8" fill="${main}"/><rect x="36" y="96" width="128" height="14" rx="6" fill="${deep}"/><ellipse cx="100" cy="138" rx="36" ry="20" fill="${light}"/>` +
    draw(100, 138, 12, deep, spark),
  bottle: ({ main, light, deep, spark }, draw) =>
    shadow(172, 30) +
    `<rect x="90" y="26" width="20" height="16" rx="4" fill="${spark}"/><path d="M91 40h18v26q16 8 16 28v66a11 11 0 0 1-11 11H86a11 11 0 0 1-11-11V94q0-20 16-28Z" fill="${main}"/>` +
    gleam(82, 96, 5, 60) +
    `<rect x="75" y="104" width="50" height="46" fill="${light}"/>` +
    draw(100, 127, 14, deep, spark),
  'knitting kit': ({ main, light, deep, spark }, draw) =>
    shadow(166, 54) +
    `<path d="M52 40 128 150M148 40 72 150" stroke="${deep}" stroke-width="5" stroke-linecap="round"/><circle cx="52" cy="40" r="7" fill="${spark}"/><circle cx="148" cy="40" r="7" fill="${spark}"/>` +
    `<circle cx="100" cy="118" r="46" fill="${main}"/><g fill="none" stroke="${light}" stroke-width="3" stroke-linecap="round" opacity=".55"><path d="M62 98q30-26 66 -10M58 114q40-30 84-8M60 132q40-30 84-8M72 150q32-24 68-14"/></g>` +
    `<path d="M140 140q24 4 22 18t-26 8" fill="none" stroke="${main}" stroke-width="4" stroke-linecap="round"/>` +
    `<circle cx="100" cy="120" r="23" fill="${light}"/>` +
    draw(100, 120, 13, deep, spark),
  'embroidery hoop': ({ main, light, deep, spark }, draw) =>
    `<rect x="90" y="26" width="20" height="16" rx="4" fill="#8a6238"/><circle cx="103" cy="109" r="66" fill="#000" opacity=".08"/><circle cx="100" cy="104" r="66" fill="#c79a62"/><circle cx="100" cy="104" r="58" fill="#a97a45"/><circle cx="100" cy="104" r="55" fill="${light}"/>` +
    draw(100, 98, 28, main, spark) +
    `<path d="M66 134q34 16 68 0" fill="none" stroke="${deep}" stroke-width="3" stroke-dasharray="5 4" stroke-linecap="round"/><path d="M148 148 172 172" stroke="${deep}" stroke-width="3" stroke-linecap="round"/>`,
  yarn: ({ main, light, deep, spark }, draw) =>
    shadow(160, 68) +
    `<rect x="30" y="70" width="140" height="88" rx="44" fill="${main}"/>` +
    `<g fill="none" stroke="${light}" stroke-width="3" opacity=".45" stroke-linecap="round"><path d="M44 92q56-18 112 0M36 108q64-20 128 0M36 124q64-20 128 0M44 140q56-16 112 0"/></g>` +
    `<path d="M150 152q20 4 26-8" fill="none" stroke="${main}" stroke-width="4" stroke-linecap="round"/>` +
    `<rect x="74" y="64" width="52" height="100" rx="6" fill="${light}"/><path d="M74 78h52M74 150h52" stroke="${deep}" stroke-width="3"/>` +
    draw(100, 114, 17, main, spark),
};

function turns(count: number): number[] {
  return Array.from({ length: count }, (_, at) => (360 / count) * at);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
