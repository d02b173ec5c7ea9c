/** Small plots as SVG text: bars with an error mark, and lines over one setting. Sizes are in the plot's own units; the page scales them. */

/** Text as it may stand in HTML and SVG. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly se: number;
  /** Drawn in the colour of what is ours. */
  readonly isOurs: boolean;
}

const width = 560;
const barHeight = 26;
const left = 132;
const right = 70;

/** One bar a name, from 0, with its value beside it and a mark of one standard error. */
export function bars(given: readonly Bar[], label: string, told: (value: number) => string): string {
  const most = Math.max(...given.map(({ value, se }) => value + se), Number.MIN_VALUE);
  const x = (value: number): number => left + (value / most) * (width - left - right);
  const rows = given.map(({ name, value, se, isOurs }, at) => {
    const y = at * barHeight + 4;
    const middle = y + 8;
    return [
      `<text class="name" x="${left - 8}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${isOurs ? 'ours' : 'other'}" x="${left}" y="${y}" width="${(x(value) - left).toFixed(1)}" height="16" rx="2"/>`,
      se > 0
        ? `<path class="error" d="M${x(Math.max(0, value - se)).toFixed(1)} ${middle}H${x(value + se).toFixed(1)}"/>`
        : '',
      `<text class="value" x="${(x(value + se) + 6).toFixed(1)}" y="${middle + 4}">${escaped(told(value))}</text>`,
    ].join('');
  });
  return svg(given.length * barHeight + 8, label, rows.join(''));
}

export interface Point {
  readonly at: number;
  readonly mean: number;
  readonly se: number;
}

const height = 220;
const top = 16;
const bottom = 38;
const gutter = 56;

/** A line through points that stand evenly, each with its standard error; `chosen` is ringed. The scale begins near the lowest, and says so by its numbers. */
export function line(points: readonly Point[], options: { label: string; axis: string; chosen?: number }): string {
  const lows = points.map(({ mean, se }) => mean - se);
  const highs = points.map(({ mean, se }) => mean + se);
  const spread = Math.max(...highs) - Math.min(...lows) || 0.01;
  const [low, high] = [Math.max(0, Math.min(...lows) - spread * 0.1), Math.max(...highs) + spread * 0.1];
  const x = (at: number): number => gutter + 24 + (at * (width - gutter - 48)) / Math.max(1, points.length - 1);
  const y = (value: number): number => top + ((high - value) / (high - low)) * (height - top - bottom);
  const ticks = [0, 1, 2, 3].map((step) => low + ((high - low) * step) / 3);
  const grid = ticks.map(
    (tick) =>
      `<path class="grid" d="M${gutter} ${y(tick).toFixed(1)}H${width}"/><text class="value" x="${gutter - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick.toFixed(3)}</text>`,
  );
  const path = points
    .map(({ mean }, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(mean).toFixed(1)}`)
    .join('');
  const marks = points.map(({ at, mean, se }, place) => {
    const [px, py] = [x(place).toFixed(1), y(mean).toFixed(1)];
    return [
      `<path class="error" d="M${px} ${y(mean - se).toFixed(1)}V${y(mean + se).toFixed(1)}"/>`,
      `<circle class="ours" cx="${px}" cy="${py}" r="4"><title>${escaped(`${options.axis} ${at}: ${mean.toFixed(4)} ± ${se.toFixed(4)}`)}</title></circle>`,
      options.chosen === at ? `<circle class="ring" cx="${px}" cy="${py}" r="8"/>` : '',
      `<text class="value" x="${px}" y="${height - 20}" text-anchor="middle">${at}</text>`,
    ].join('');
  });
  const axis = `<text class="name" x="${(gutter + width) / 2}" y="${height - 4}" text-anchor="middle">${escaped(options.axis)}</text>`;
  return svg(height, options.label, `${grid.join('')}<path class="curve" d="${path}"/>${marks.join('')}${axis}`);
}

function svg(tall: number, label: string, content: string): string {
  return `<svg viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escaped(label)}">${content}</svg>`;
}
