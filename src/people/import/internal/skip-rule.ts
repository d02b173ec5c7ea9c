/**
 * Rules by which rows are left out before anything is made of them, such as `Quantity<=0` for returned goods. The column stands left, a value right.
 */
import { Refusal } from '../../../database/refusal.ts';

export interface SkipRule {
  readonly column: string;
  /** As the operator wrote it; it stands as the reason beside the row's line. */
  readonly text: string;
  skips(value: unknown): boolean;
}

/** Reads `column operator value` with one of <= >= != < > =. Numbers compare as numbers; a cell without a number matches no order. */
export function skipRule(text: string): SkipRule {
  const match = /^\s*(.+?)\s*(<=|>=|!=|<|>|=)\s*(.*?)\s*$/s.exec(text);
  if (match === null) {
    throw new Refusal('import.mapping', `"${text}" is no rule for leaving rows out.`, {
      remedy: "Write a column, one of <= >= != < > =, and a value: --skip 'Quantity<=0'.",
    });
  }
  const [, column = '', operator = '', wanted = ''] = match;
  const number = numberIn(wanted);
  if (operator !== '=' && operator !== '!=' && number === undefined) {
    throw new Refusal('import.mapping', `The rule "${text}" puts something in order that is not a number.`, {
      remedy: "Compare with a number, or use = or != for text: --skip 'status=test'.",
    });
  }
  return { column, text: text.trim(), skips: (value) => holds(operator, value, wanted, number) };
}

function holds(operator: string, value: unknown, wanted: string, number: number | undefined): boolean {
  const own = numberIn(value);
  const isEqual = own !== undefined && number !== undefined ? own === number : textIn(value) === wanted;
  if (operator === '=') return isEqual;
  if (operator === '!=') return !isEqual;
  if (own === undefined || number === undefined) return false;
  if (operator === '<') return own < number;
  if (operator === '<=') return own <= number;
  if (operator === '>') return own > number;
  return own >= number;
}

function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function textIn(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : '';
}
