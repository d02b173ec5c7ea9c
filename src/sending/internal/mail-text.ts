/** The plain-text part of a mail, from its compiled HTML: the words in their order, each link with its address behind it. Merge fields stay as they are. */

const blocks = new Set(['p', 'div', 'tr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'li', 'table', 'ul', 'ol', 'blockquote']);
const unseen = new Set(['head', 'script', 'style', 'title']);

/** One pass. Every line break of the source is a space, as it is in HTML; the ends of blocks make lines. */
export function mailText(html: string): string {
  const said: string[] = [];
  let link: { readonly url: string; readonly from: number } | undefined;
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    said.push(html.slice(at, open < 0 ? html.length : open).replaceAll(/\s+/g, ' '));
    if (open < 0) break;
    const isComment = html.startsWith('<!--', open);
    const close = html.indexOf(isComment ? '-->' : '>', open);
    if (close < 0) break;
    at = close + (isComment ? 3 : 1);
    if (isComment) continue;
    const tag = html.slice(open + 1, close);
    const name = /^\/?[a-z\d]+/i.exec(tag)?.[0].toLowerCase() ?? '';
    if (unseen.has(name)) at = endOf(html, name, at);
    // What mail programs show in their list beside the subject, and nowhere else.
    else if (name === 'div' && tag.includes('style="display:none')) at = endOf(html, 'div', at);
    else if (name === 'br' || (name.startsWith('/') && blocks.has(name.slice(1)))) said.push('\n');
    else if (name === 'a') link = { url: /\shref="([^"]*)"/i.exec(tag)?.[1] ?? '', from: said.length };
    else if (name === '/a' && link !== undefined) {
      // A picture that links says nothing here; its words, linked too, stand beside it.
      const words = said.splice(link.from).join('').replaceAll(/\s+/g, ' ').trim();
      if (words !== '') said.push(link.url === '' ? words : `${words}: ${link.url}`);
      link = undefined;
    }
  }
  const lines = decoded(said.join(''))
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').replaceAll(/^ | $/g, ''));
  return lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** Behind the end of an element that holds none of its own kind. */
function endOf(html: string, name: string, from: number): number {
  const end = html.indexOf(`</${name}>`, from);
  return end < 0 ? html.length : end + name.length + 3;
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  middot: '·',
  copy: '©',
  euro: '€',
  laquo: '«',
  raquo: '»',
  bdquo: '„',
  ldquo: '“',
  rdquo: '”',
};

/** Character references as text; one that is not known stays as it was written. */
export function decoded(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return Object.hasOwn(named, name) ? (named[name] ?? whole) : whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
    },
  );
}
