/**
 * What `fairlead init` writes: a policy file that passes the checker as it is, with comments that say what to change; and a guess at what
 * the columns of a file mean, each with its reason, so that a person can confirm it. Pure: reading the file and writing it are the
 * command's affair.
 */
import { meaningsOfName, wordsOf } from './internal/name-meaning.ts';

export type ColumnMeaning =
  | 'person'
  | 'item'
  | 'time'
  | 'rating'
  | 'price'
  | 'category'
  | 'sensitive'
  | 'identifier'
  | 'other';

export interface ColumnSample {
  /** As the header says; empty where the file has none. */
  readonly name: string;
  /** As the file says, from as many rows as the caller likes; a hundred are enough. */
  readonly values: readonly string[];
}

export interface ColumnGuess {
  readonly name: string;
  readonly looksLike: ColumnMeaning;
  /** One clause that a person can agree or disagree with. */
  readonly why: string;
}

export interface StarterOptions {
  readonly controllerName: string;
  /** An e-mail address or an https address. */
  readonly contact: string;
  /** For example `['EU', 'UK']`; at least one. */
  readonly regions: readonly string[];
  /** What `draftFromColumns` made of the columns of a file, where there is one. */
  readonly columns?: readonly ColumnGuess[];
}

/** The text of a `fairlead.policy.ts`; it passes the checker when contact and regions have their form. */
export function starterPolicy({ controllerName, contact, regions, columns = [] }: StarterOptions): string {
  const has = (meaning: ColumnMeaning): boolean => columns.some((column) => column.looksLike === meaning);
  const sensitiveLines = columns
    .filter((column) => column.looksLike === 'sensitive')
    .map(
      ({ name, why }) =>
        `    // ${fieldName(name)}: sensitive({ oneOf: ['…'], for: ['fairness'] }), // ${comment(`column ${name}: ${why}`)}\n`,
    );
  return `/**
 * What ${comment(controllerName)} may do with what it knows about people. \`fairlead check\` reads this file before anything runs:
 * what is not written here is not kept, not learned from and not shown.
 */
import { attribute, identifier, policy, recommender, safeguard, sensitive } from 'fairlead/policy';

${columnsComment(columns)}export default policy({
  controller: { name: ${literal(controllerName)}, contact: ${literal(contact)}, regions: [${regions.map(literal).join(', ')}] },

  // What people are asked. The notice is what they read: say what is used and what for, in words that you would say to a customer.
  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions made for you',
      notice: 'We use what you look at and buy here to suggest things that you may like. You can take anything out again.',
      keepFor: '13 months',
    },
    email: {
      basis: 'consent',
      title: 'Offers by e-mail',
      notice: 'We send you at most one e-mail a week with offers, chosen by what you have bought here. Every e-mail has a link that ends it.',
      keepFor: '13 months',
    },
    fairness: {
      basis: 'explicit-consent',
      title: 'Checking that we treat people alike',
      notice: 'We compare how well our suggestions serve people of each gender and age group. What you tell us about either is used for nothing else.',
      keepFor: '24 months',
    },
  },

  // What may be known about a person. identifier: sealed. sensitive: only for audits. safeguard: only protects.
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25-34', '35-49', '50+'], for: ['fairness'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male', 'other'], for: ['fairness'] }),
${sensitiveLines.join('')}  },

  // What the catalogue says about an item.
  items: { category: 'text', supplier: 'text', price: 'money', available: 'boolean', url: 'url', image: 'url' },

  // What may be kept of what people do. Every other event, and every property that is not named, is dropped and counted.
  events: {
    'Product Viewed': { item: 'properties.product_id', for: ['suggestions'] },
    'Order Completed': { items: 'properties.products[].product_id', for: ['suggestions', 'email'] },
${has('rating') ? "    'Product Rated': { item: 'properties.product_id', properties: { rating: 'number' }, for: ['suggestions'] },\n" : ''}  },

  // What is learned, and from what. A model reads only what is kept for its own purpose.
  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed', 'Order Completed'${has('rating') ? ", 'Product Rated'" : ''}] }),
  },

  // Where people see it. All of its purposes must stand; everybody else gets the list named by \`otherwise\`.
  placements: {
    home: {
      channel: 'web',
      purposes: ['suggestions'],
      model: 'alsoLiked',
      show: 12,
      variety: { calibrateBy: 'category' },
      otherwise: 'popular',
      goal: 'Order Completed within 7 days',
    },
    weekly: {
      channel: 'email',
      purposes: ['suggestions', 'email'],
      model: 'alsoLiked',
      show: 6,
      atMost: '1 per week',
      approval: 'second person',
      goal: 'Order Completed within 7 days',
    },
  },

  // The groups that audits compare, and the least share of exposure that the worst may have of the best.
  fairness: { groups: ['ageBand', 'gender'], limits: { exposureRatio: 0.8 } },
});
`;
}

/**
 * What each column of a file looks like, by its header (in the languages of \`name-meaning\`) and by the shape of its values. At most one
 * column is the person, one the item and one the time; a second of the kind says which one came first.
 */
export function draftFromColumns(sample: readonly ColumnSample[]): { columns: ColumnGuess[] } {
  const first = sample.map(({ name, values }) => {
    const shown = values.map((value) => value.trim()).filter((value) => value !== '');
    return { name, ...guessOf(name, shown) };
  });
  const hasItem = first.some(({ looksLike }) => looksLike === 'item');
  const withTitles = first.map((guess): ColumnGuess => {
    if (guess.looksLike !== 'item title') return { ...guess, looksLike: guess.looksLike };
    return hasItem
      ? { name: guess.name, looksLike: 'other', why: 'the title of an item, and another column identifies the item' }
      : { name: guess.name, looksLike: 'item', why: `${guess.why}, and no other column identifies the item` };
  });
  return { columns: withTitles.map((guess, index) => onlyOne(guess, withTitles.slice(0, index))) };
}

type Guess = { looksLike: ColumnMeaning | 'item title'; why: string };

function guessOf(name: string, values: readonly string[]): Guess {
  const meanings = meaningsOfName(name);
  const says = (meaning: string): string => `the name ${JSON.stringify(name)} says ${meaning}`;
  const share = (hasShape: (value: string) => boolean): number =>
    values.length === 0 ? 0 : values.filter(hasShape).length / values.length;
  const areMostly = (hasShape: (value: string) => boolean): boolean => share(hasShape) >= 0.9;
  const areNumbers = areMostly(isNumber);

  for (const [what, hasShape] of identifierShapes) {
    if (share(hasShape) > 0.5) return { looksLike: 'identifier', why: `most values are ${what}` };
  }
  if (meanings.includes('special category')) {
    return { looksLike: 'sensitive', why: `${says('special-category data')} (GDPR Art. 9)` };
  }
  if (meanings.includes('protected')) {
    return {
      looksLike: 'sensitive',
      why: `${says('something that equal-treatment law protects')}, so it serves audits best`,
    };
  }
  if (meanings.includes('identifier'))
    return { looksLike: 'identifier', why: says('something that identifies a person') };
  const areDates = areMostly(isDate) || (meanings.includes('time') && areMostly(isMoment));
  if (areDates) {
    return {
      looksLike: 'time',
      why: meanings.includes('time') ? `${says('a time')}, and so do the values` : 'the values are dates or times',
    };
  }
  for (const meaning of meanings) {
    if (meaning === 'person' && (values.length < 20 || new Set(values).size > 2)) {
      return { looksLike: 'person', why: says('a person') };
    }
    if (meaning === 'item') return { looksLike: 'item', why: says('an item') };
    if (meaning === 'item title') return { looksLike: 'item title', why: says('the title of an item') };
    if (meaning === 'rating' && areNumbers && areMostly((value) => numberOf(value) >= 0 && numberOf(value) <= 100)) {
      return { looksLike: 'rating', why: `${says('a rating')}, and the values are numbers up to 100` };
    }
    if (meaning === 'price' && areNumbers)
      return { looksLike: 'price', why: `${says('a price')}, and the values are numbers` };
    if (meaning === 'category') return { looksLike: 'category', why: says('a category') };
  }
  return { looksLike: 'other', why: 'neither its name nor its values tell more' };
}

function onlyOne(guess: ColumnGuess, earlier: readonly ColumnGuess[]): ColumnGuess {
  if (!['person', 'item', 'time'].includes(guess.looksLike)) return guess;
  const chosen = earlier.find(({ looksLike }) => looksLike === guess.looksLike);
  if (chosen === undefined) return guess;
  return {
    name: guess.name,
    looksLike: guess.looksLike === 'person' ? 'identifier' : 'other',
    why: `${guess.why}, but the column ${JSON.stringify(chosen.name)} came first as the ${guess.looksLike}`,
  };
}

const identifierShapes: readonly [what: string, hasShape: (value: string) => boolean][] = [
  ['e-mail addresses', (value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)],
  ['telephone numbers', (value) => /^\+\d[\d\s().-]{6,20}$/.test(value)],
  [
    'network addresses',
    (value) => /^(?:\d{1,3}\.){3}\d{1,3}$|^(?:[\da-f]{0,4}:){3,7}[\da-f]{0,4}$/i.test(value) && !isDate(value),
  ],
  ['bank account numbers', (value) => /^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?$/.test(value)],
];

/** A day or a moment, written out: `2010-12-01T08:26:00Z`, `01.12.2010 08:26`, `12/1/10`. */
function isDate(value: string): boolean {
  return (
    /^\d{4}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?$/.test(
      value,
    ) ||
    /^(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\1(?:\d{2}|\d{4})(?:,? \d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?$/i.test(
      value,
    )
  );
}

/** Also what a number can mean under a header that says time: seconds or milliseconds since 1970 (from 1990 to 2099), or `20101201`. */
function isMoment(value: string): boolean {
  if (isDate(value) || /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?$/.test(value))
    return true;
  const number = Number(value);
  return (number >= 631_152_000 && number < 4_102_444_800) || (number >= 631_152_000_000 && number < 4_102_444_800_000);
}

/** A number as people write amounts: `2.55`, `2,55`, `€ 1.299,00`, `-3`. */
function isNumber(value: string): boolean {
  return Number.isFinite(numberOf(value));
}

function numberOf(value: string): number {
  const plain = value.replaceAll(/^[-+]?\p{Sc}\s*|\s*\p{Sc}$|[\s'’]/gu, '');
  if (!/^[-+]?(?:\d+|\d{1,3}(?:[.,]\d{3})+)?(?:[.,]\d+)?$/.test(plain) || !/\d/.test(plain)) return Number.NaN;
  const decimal = Math.max(plain.lastIndexOf('.'), plain.lastIndexOf(','));
  if (decimal === -1) return Number(plain);
  return Number(`${plain.slice(0, decimal).replaceAll(/[.,]/g, '')}.${plain.slice(decimal + 1)}`);
}

function columnsComment(columns: readonly ColumnGuess[]): string {
  if (columns.length === 0) return '';
  const lines = columns.map(
    ({ name, looksLike, why }) => `//   ${comment(name === '' ? '(no name)' : name)}: ${looksLike} (${comment(why)})\n`,
  );
  return `// What the columns of your file look like. Correct the import mapping where this is wrong; other columns are not kept.\n${lines.join('')}\n`;
}

/** A header as the name of a field: `Marital status` → `maritalStatus`. */
function fieldName(header: string): string {
  const words = wordsOf(header).map((word) => word.replaceAll(/[^a-z0-9]/g, ''));
  const joined = words
    .map((word, index) => (index === 0 ? word : word.slice(0, 1).toUpperCase() + word.slice(1)))
    .join('');
  return /^[a-z]\w{0,63}$/i.test(joined) ? joined : 'theField';
}

/** A text between single quotes in TypeScript. */
function literal(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

/** A text inside a comment: on one line, and without an end of comment in it. */
function comment(text: string): string {
  return text.replaceAll(/\p{Cc}|[\u2028\u2029]/gu, ' ').replaceAll('*/', '* /');
}
