/**
 * The operator's colour as a style sheet for the pages that customers see. Whatever colour it is, text in it can be read: it is made darker for the light theme and
 * lighter for the dark one until it reaches 4.5 : 1 on every ground it stands on (WCAG 2.2, success criterion 1.4.3).
 */
type Colour = readonly [number, number, number];

const contrastMin = 4.6;
/** The grounds of `layout.css`. */
const grounds = {
  light: ['#ffffff', '#f6f7f5', '#edf0ed'],
  dark: ['#181f1e', '#101514', '#0b100f'],
} as const;

/** For a colour such as `#0b6363`. */
export function lookStyle(colour: string): string {
  const [light, dark] = [readable(colour, 'light'), readable(colour, 'dark')];
  return `:root {
  --accent: light-dark(${light}, ${dark});
  --on-accent: light-dark(${onColour(light)}, ${onColour(dark)});
  --accent-soft: light-dark(${mixed(light, '#ffffff', 0.9)}, ${mixed(dark, '#101514', 0.85)});
}
`;
}

/** Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastOf(one: string, other: string): number {
  const [a, b] = [luminanceOf(one), luminanceOf(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function readable(colour: string, theme: 'light' | 'dark'): string {
  const towards = theme === 'light' ? '#000000' : '#ffffff';
  for (let step = 0; step <= 50; step++) {
    const tried = mixed(colour, towards, step / 50);
    if (grounds[theme].every((ground) => contrastOf(tried, ground) >= contrastMin)) return tried;
  }
  return towards;
}

function onColour(colour: string): string {
  return contrastOf(colour, '#ffffff') >= contrastOf(colour, '#0b100f') ? '#ffffff' : '#0b100f';
}

function mixed(colour: string, other: string, share: number): string {
  const [one, two] = [partsOf(colour), partsOf(other)];
  return `#${one
    .map((part, index) =>
      Math.round(part * (1 - share) + (two[index] ?? 0) * share)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

function luminanceOf(colour: string): number {
  const [red, green, blue] = partsOf(colour).map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function partsOf(colour: string): Colour {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return [red ?? 0, green ?? 0, blue ?? 0];
}
