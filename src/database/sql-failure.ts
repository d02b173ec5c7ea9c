/**
 * What is thrown when PostgreSQL refuses a statement for a reason that belongs to the statement: a violated constraint, a bad value, a
 * missing table. It carries the SQLSTATE and the names involved, never a value: PostgreSQL's own message may quote what a person typed.
 */
export class SqlFailure extends Error {
  /** The SQLSTATE, for example `23505` (unique violation); PostgreSQL documentation, appendix A. */
  readonly code: string;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;

  constructor(code: string, message: string, names: { table?: string; column?: string; constraint?: string } = {}) {
    super(message);
    this.name = 'SqlFailure';
    this.code = code;
    this.table = names.table;
    this.column = names.column;
    this.constraint = names.constraint;
  }
}

/** Whether the error is the one SQLSTATE, and, if a constraint is named, from that constraint. */
export function isSqlFailure(error: unknown, code: string, constraint?: string): error is SqlFailure {
  return (
    error instanceof SqlFailure && error.code === code && (constraint === undefined || error.constraint === constraint)
  );
}
