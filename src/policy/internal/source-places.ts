/**
 * Where in a policy's TypeScript text a path of the policy stands, so that a finding can name file, line and column. A small scanner and
 * not a compiler: it reads object and list literals, calls with such arguments (the builders), references to constants of the same file
 * and spreads of them, and passes over strings, templates, regular expressions and comments. What it cannot follow, it answers with the
 * nearest place around it. Used by the checker alone.
 */

/** Line and column count from 1; the column counts UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** How to find a path: the place of its last key or list element, or of the deepest one around it that the text has. */
export function placesOf(text: string): (path: readonly string[]) => Place | undefined {
  const root = new Scanner(text).root();
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return (path) => {
    if (root === undefined) return undefined;
    let node = root;
    for (const step of path) {
      const inner = node.members.get(step);
      if (inner === undefined) break;
      node = inner;
    }
    return placeAt(lineStarts, node.at);
  };
}

/** A value in the text: where its key (or the value itself, in a list) begins, and what is inside. */
interface Node {
  readonly at: number;
  readonly members: ReadonlyMap<string, Node>;
}

function placeAt(lineStarts: readonly number[], at: number): Place {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - (lineStarts[low] ?? 0) + 1 };
}

type TokenKind = 'word' | 'text' | 'number' | 'sign' | 'end';

interface Token {
  readonly kind: TokenKind;
  /** The word, the sign, the number as written, or what a string says. */
  readonly value: string;
  readonly at: number;
}

const nothing: ReadonlyMap<string, Node> = new Map();

class Scanner {
  readonly #tokens: readonly Token[];
  /** Where the initial value of each top-level constant begins, by name. */
  readonly #constants: ReadonlyMap<string, number>;
  /** The constants being read, so that a circle ends. */
  readonly #open = new Set<string>();
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
    this.#constants = this.#constantsByName();
  }

  /** The argument of `policy(…)` or the value of `export default`; in a text with neither, its first object. */
  root(): Node | undefined {
    const tokens = this.#tokens;
    const call = tokens.findIndex((token, index) => isWord(token, 'policy') && this.#opensCall(index + 1));
    const exported = tokens.findIndex(
      (token, index) => isWord(token, 'export') && isWord(this.#at(index + 1), 'default'),
    );
    const brace = tokens.findIndex((token) => isSign(token, '{'));
    if (exported !== -1) this.#next = exported + 2;
    else if (call !== -1) this.#next = call;
    else if (brace !== -1) this.#next = brace;
    else return undefined;
    const at = this.#at(this.#next).at;
    return { at, members: this.#value() };
  }

  #at(index: number): Token {
    return this.#tokens[index] ?? { kind: 'end', value: '', at: 0 };
  }

  #peek(): Token {
    return this.#at(this.#next);
  }

  /** Reads one expression up to the `,` or the bracket that ends it, and answers what is inside. */
  #value(): ReadonlyMap<string, Node> {
    const first = this.#peek();
    let members = nothing;
    if (isSign(first, '{')) members = this.#object();
    else if (isSign(first, '[')) members = this.#list();
    else if (isSign(first, '(')) {
      this.#next++;
      members = this.#value();
      if (isSign(this.#peek(), ')')) this.#next++;
    } else if (first.kind === 'word') members = this.#wordValue();
    this.#passToEnd();
    return members;
  }

  /** A call (`identifier('email', { … })`) or a reference to a constant. */
  #wordValue(): ReadonlyMap<string, Node> {
    const name = this.#peek().value;
    let index = this.#next + 1;
    while (isSign(this.#at(index), '.') && this.#at(index + 1).kind === 'word') index += 2;
    if (this.#opensCall(index)) {
      this.#next = index;
      this.#passTypeArguments();
      return this.#call();
    }
    return index === this.#next + 1 ? this.#constant(name) : nothing;
  }

  #constant(name: string): ReadonlyMap<string, Node> {
    const start = this.#constants.get(name);
    if (start === undefined || this.#open.has(name)) return nothing;
    const back = this.#next;
    this.#open.add(name);
    this.#next = start;
    const members = this.#value();
    this.#open.delete(name);
    this.#next = back;
    return members;
  }

  /** What is inside the arguments counts as inside the call; a first argument that is a string stands for `type`. */
  #call(): ReadonlyMap<string, Node> {
    const members = new Map<string, Node>();
    this.#next++;
    while (this.#isInside()) {
      const argument = this.#peek();
      if (argument.kind === 'text' && members.size === 0) members.set('type', { at: argument.at, members: nothing });
      for (const [key, node] of this.#value()) members.set(key, node);
      this.#passSeparator();
    }
    this.#next++;
    return members;
  }

  #object(): ReadonlyMap<string, Node> {
    const members = new Map<string, Node>();
    this.#next++;
    while (this.#isInside()) {
      this.#member(members);
      this.#passSeparator();
    }
    this.#next++;
    return members;
  }

  /** Any closing bracket ends what is open, so that a wrong one cannot hold the scanner up. */
  #isInside(): boolean {
    const token = this.#peek();
    return token.kind !== 'end' && !(token.kind === 'sign' && ')}]'.includes(token.value));
  }

  #passSeparator(): void {
    if (isSign(this.#peek(), ',') || isSign(this.#peek(), ';')) this.#next++;
  }

  #member(members: Map<string, Node>): void {
    const key = this.#peek();
    if (isSign(key, '...')) {
      this.#next++;
      for (const [name, node] of this.#value()) members.set(name, node);
      return;
    }
    const name = this.#key();
    if (name === undefined) {
      this.#passToEnd();
      return;
    }
    if (isSign(this.#peek(), ':')) {
      this.#next++;
      members.set(name, { at: key.at, members: this.#value() });
      return;
    }
    // Shorthand (`{ purposes }`); a method is passed over.
    members.set(name, { at: key.at, members: this.#constant(name) });
    this.#passToEnd();
  }

  /** The name of a member, also when it is computed from a string: `['Order Completed']: …`. */
  #key(): string | undefined {
    const key = this.#peek();
    if (key.kind === 'word' || key.kind === 'text') {
      this.#next++;
      return key.value;
    }
    if (key.kind === 'number') {
      this.#next++;
      return String(Number(key.value));
    }
    if (isSign(key, '[') && this.#at(this.#next + 1).kind === 'text' && isSign(this.#at(this.#next + 2), ']')) {
      this.#next += 3;
      return this.#at(this.#next - 2).value;
    }
    return undefined;
  }

  #list(): ReadonlyMap<string, Node> {
    const members = new Map<string, Node>();
    this.#next++;
    for (let index = 0; this.#isInside(); index++) {
      members.set(String(index), { at: this.#peek().at, members: this.#value() });
      this.#passSeparator();
    }
    this.#next++;
    return members;
  }

  /** On to the `,` or the closing bracket that ends the present expression: over `as const`, operators and whatever brackets follow. */
  #passToEnd(): void {
    for (let depth = 0; this.#peek().kind !== 'end'; this.#next++) {
      const token = this.#peek();
      if (token.kind !== 'sign') continue;
      if (token.value === ',' && depth === 0) return;
      if ('([{'.includes(token.value)) depth++;
      else if (')]}'.includes(token.value) && --depth < 0) return;
      else if (token.value === ';' && depth === 0) return;
    }
  }

  /** Whether a call's arguments begin here, perhaps after type arguments. */
  #opensCall(index: number): boolean {
    return isSign(this.#at(this.#afterTypeArguments(index)), '(');
  }

  #passTypeArguments(): void {
    this.#next = this.#afterTypeArguments(this.#next);
  }

  #afterTypeArguments(index: number): number {
    if (!isSign(this.#at(index), '<')) return index;
    let depth = 0;
    for (let at = index; this.#at(at).kind !== 'end'; at++) {
      if (isSign(this.#at(at), '<')) depth++;
      if (isSign(this.#at(at), '>') && --depth === 0) return at + 1;
    }
    return index;
  }

  /** `const name = value` and `const name: Type = value`. */
  #constantsByName(): ReadonlyMap<string, number> {
    const constants = new Map<string, number>();
    for (let index = 0; index < this.#tokens.length; index++) {
      if (!isWord(this.#at(index), 'const') || this.#at(index + 1).kind !== 'word') continue;
      let at = index + 2;
      while (this.#at(at).kind !== 'end' && !isSign(this.#at(at), '=') && !isSign(this.#at(at), ';')) at++;
      if (isSign(this.#at(at), '=')) constants.set(this.#at(index + 1).value, at + 1);
    }
    return constants;
  }
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.value === word;
}

function isSign(token: Token, sign: string): boolean {
  return token.kind === 'sign' && token.value === sign;
}

const patterns = {
  blank: /(?:\s|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))+/y,
  word: /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy,
  number: /(?:0[xob][\da-f_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:e[+-]?\d+)?)n?/iy,
  regularExpression: /\/(?:[^/\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+\/\w*/y,
};

/** The words, strings, numbers and signs of a TypeScript text, in order. An unfinished string or comment ends with the text. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = text.startsWith('#!') ? endOfLine(text, 0) : 0;
  while (at < text.length) {
    at = endOf(patterns.blank, text, at) ?? at;
    if (at >= text.length) break;
    const sign = text[at] ?? '';
    if (sign === "'" || sign === '"' || sign === '`') {
      const end = endOfString(text, at);
      tokens.push({ kind: 'text', value: unescaped(text.slice(at + 1, end - 1)), at });
      at = end;
      continue;
    }
    const wordEnd = endOf(patterns.word, text, at);
    const numberEnd = wordEnd ?? endOf(patterns.number, text, at);
    const expressionEnd =
      sign === '/' && mayBeginExpression(tokens.at(-1)) ? endOf(patterns.regularExpression, text, at) : undefined;
    const end = numberEnd ?? expressionEnd ?? (text.startsWith('...', at) ? at + 3 : at + 1);
    const kind: TokenKind = wordEnd !== undefined ? 'word' : numberEnd !== undefined ? 'number' : 'sign';
    tokens.push({ kind, value: text.slice(at, end), at });
    at = end;
  }
  return tokens;
}

/** A `/` after a value divides; anywhere else it begins a regular expression. */
function mayBeginExpression(before: Token | undefined): boolean {
  return before === undefined || (before.kind === 'sign' && !')]}'.includes(before.value));
}

/** Where a match at exactly this position ends. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  const end = pattern.test(text) ? pattern.lastIndex : at;
  return end > at ? end : undefined;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** After the closing quote; inside a template also over `${ … }`, with the strings and templates in it. */
function endOfString(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length) {
    const sign = text[at];
    if (sign === '\\') at += 2;
    else if (sign === quote) return at + 1;
    else if (quote === '`' && text.startsWith('${', at)) at = endOfSubstitution(text, at + 2);
    else at++;
  }
  return text.length + 1;
}

function endOfSubstitution(text: string, start: number): number {
  let at = start;
  for (let depth = 1; at < text.length && depth > 0;) {
    at = endOf(patterns.blank, text, at) ?? at;
    const sign = text[at] ?? '';
    if (sign === "'" || sign === '"' || sign === '`') {
      at = endOfString(text, at);
      continue;
    }
    if (sign === '{') depth++;
    else if (sign === '}') depth--;
    at++;
  }
  return at;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
  '\n': '',
};

function unescaped(written: string): string {
  return written.replaceAll(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|([^]))/gi, (...match: unknown[]) => {
    const [, braced, four, two, other] = match as (string | undefined)[]; // the groups of the pattern: text or nothing
    const code = braced ?? four ?? two;
    if (code === undefined) return simpleEscapes[other ?? ''] ?? other ?? '';
    const point = Number.parseInt(code, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : '';
  });
}
