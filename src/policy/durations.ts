/**
 * Lengths of time as the policy file writes them ('13 months'), caps ('1 per week') and goals ('Order Completed within 7 days').
 * Pure calendar arithmetic in UTC: the caller brings the date. Read by every room that keeps, expires or counts something.
 */

/** Months and days are calendar units and keep apart from exact milliseconds, because a month has no fixed length. All are integers ≥ 0. */
export interface Duration {
  readonly months: number;
  readonly days: number;
  readonly ms: number;
}

/** At most `count` within any `per`. */
export interface Cap {
  readonly count: number;
  readonly per: Duration;
}

/** The event that a placement hopes for, and how long after the decision it still counts. */
export interface Goal {
  readonly event: string;
  readonly within: Duration;
}

/** The duration that a text names, for example `'13 months'` or `'90 minutes'`. Throws a RangeError on any other text. */
export function durationOf(text: string): Duration {
  const duration = parsedDuration(text);
  if (duration === undefined) {
    throw new RangeError(
      `'${text}' is not a length of time; write a number and a unit, for example '13 months', '30 days' or '2 hours'`,
    );
  }
  return duration;
}

/** As `durationOf`, but `undefined` for a text that names no duration. */
export function parsedDuration(text: string): Duration | undefined {
  const match = /^([1-9]\d{0,5}) (minute|hour|day|week|month|year)s?$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  switch (match[2]) {
    case 'minute':
      return { months: 0, days: 0, ms: count * 60_000 };
    case 'hour':
      return { months: 0, days: 0, ms: count * 3_600_000 };
    case 'day':
      return { months: 0, days: count, ms: 0 };
    case 'week':
      return { months: 0, days: count * 7, ms: 0 };
    case 'month':
      return { months: count, days: 0, ms: 0 };
    default:
      return { months: count * 12, days: 0, ms: 0 };
  }
}

/**
 * The moment that lies a duration after `date`, in UTC: months first (a day that the month lacks becomes its last day), then days,
 * then milliseconds. Takes the text of the policy as well, and then throws as `durationOf` does.
 */
export function addDuration(date: Date, duration: Duration | string): Date {
  return moved(date, typeof duration === 'string' ? durationOf(duration) : duration, 1);
}

/** The moment that lies a duration before `date`; what is older than this has expired. Months, then days, then milliseconds. */
export function subtractDuration(date: Date, duration: Duration | string): Date {
  return moved(date, typeof duration === 'string' ? durationOf(duration) : duration, -1);
}

/** The longest that a duration can last, in milliseconds (a month counts 31 days): an upper bound for caches and timers. */
export function durationMsMax(duration: Duration): number {
  return (duration.months * 31 + duration.days) * DAY_MS + duration.ms;
}

/** The average length in milliseconds (a month counts 30.436875 days, the Gregorian mean), for comparing two durations. */
export function durationMsMean(duration: Duration): number {
  return (duration.months * 30.436875 + duration.days) * DAY_MS + duration.ms;
}

/** The ISO 8601 form, which PostgreSQL reads as an interval: `P13M`, `P7D`, `PT5400S`. */
export function intervalOf(duration: Duration): string {
  const date = `${duration.months > 0 ? `${duration.months}M` : ''}${duration.days > 0 ? `${duration.days}D` : ''}`;
  const time = duration.ms > 0 || date === '' ? `T${duration.ms / 1000}S` : '';
  return `P${date}${time}`;
}

/** The cap that a text names, for example `'1 per week'` or `'3 per 10 days'`. Throws a RangeError on any other text. */
export function capOf(text: string): Cap {
  const cap = parsedCap(text);
  if (cap === undefined) {
    throw new RangeError(
      `'${text}' is not a cap; write how many and in which time, for example '1 per week' or '3 per 10 days'`,
    );
  }
  return cap;
}

/** As `capOf`, but `undefined` for a text that names no cap. */
export function parsedCap(text: string): Cap | undefined {
  const match = /^([1-9]\d{0,5}) per ((?:\d+ )?\w+)$/.exec(text);
  if (match === null) return undefined;
  const [, count = '', span = ''] = match;
  const per = parsedDuration(/^\d/.test(span) ? span : `1 ${span}`);
  return per === undefined ? undefined : { count: Number(count), per };
}

/** The goal that a text names, for example `'Order Completed within 7 days'`. Throws a RangeError on any other text. */
export function goalOf(text: string): Goal {
  const goal = parsedGoal(text);
  if (goal === undefined) {
    throw new RangeError(
      `'${text}' is not a goal; write an event and the time in which it counts, for example 'Order Completed within 7 days'`,
    );
  }
  return goal;
}

/** As `goalOf`, but `undefined` for a text that names no goal. The event is not looked up: the checker does that. */
export function parsedGoal(text: string): Goal | undefined {
  const at = text.lastIndexOf(' within ');
  if (at < 1) return undefined;
  const within = parsedDuration(text.slice(at + ' within '.length));
  return within === undefined ? undefined : { event: text.slice(0, at), within };
}

const DAY_MS = 86_400_000;

function moved(date: Date, duration: Duration, sign: 1 | -1): Date {
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + sign * duration.months;
  const year = Math.floor(month / 12);
  const lastDay = utcDate(year, (month % 12) + 1, 0).getUTCDate();
  const result = utcDate(year, month % 12, Math.min(date.getUTCDate(), lastDay));
  const timeOfDay = date.getTime() - Math.floor(date.getTime() / DAY_MS) * DAY_MS;
  return new Date(result.getTime() + timeOfDay + sign * (duration.days * DAY_MS + duration.ms));
}

/** Unlike `Date.UTC`, takes the years 0 to 99 as they are. */
function utcDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
}
