/** The first rows of a file by column: what a guess at the meaning of the columns looks at. Called by `fairlead init --from` and `fairlead evaluate`. */
import type { RowSource } from '../people/import/row-source.ts';
import type { ColumnSample } from '../policy/starter.ts';

const sampleRows = 200;

export async function sampleOf(source: RowSource): Promise<ColumnSample[]> {
  const values: string[][] = source.columns.map(() => []);
  let rows = 0;
  for await (const batch of source.read(source.columns)) {
    for (const row of batch.rows.slice(0, sampleRows - rows))
      row.values.forEach((value, at) => values[at]?.push(textOf(value)));
    rows += batch.rows.length;
    if (rows >= sampleRows) break;
  }
  return source.columns.map((name, at) => ({ name, values: values[at] ?? [] }));
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean'
    ? String(value)
    : '';
}
