import { ToolRefusedError } from '../tool-errors.js';

const reading = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'SHOW', 'EXPLAIN']);
const writing = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/**
 * Refuses statements that would reach past their transaction, such as COMMIT, SET or PREPARE. What a statement does
 * inside is for the database to refuse, by the read-only transaction and the rights of the role.
 *
 * @throws ToolRefusedError `STATEMENT_NOT_ALLOWED`.
 */
export function checkStatement(sql: string, kind: 'read' | 'write'): void {
  const allowed = kind === 'read' ? reading : writing;
  const word = firstWord(sql);
  if (allowed.has(word)) return;
  const found = word === '' ? 'no statement was found' : `${word.slice(0, 40)} is not allowed`;
  throw new ToolRefusedError('STATEMENT_NOT_ALLOWED', `sql: ${found}; only ${[...allowed].join(', ')} are`);
}

/** The first word after white space, comments (PostgreSQL nests them) and opening brackets. */
function firstWord(sql: string): string {
  let at = 0;
  while (at < sql.length) {
    if (/[\s(]/.test(sql[at]!)) at++;
    else if (sql.startsWith('--', at)) at = endOfLine(sql, at);
    else if (sql.startsWith('/*', at)) at = endOfComment(sql, at);
    else break;
  }
  return /^[A-Za-z_]+/.exec(sql.slice(at, at + 64))?.[0].toUpperCase() ?? '';
}

function endOfLine(sql: string, from: number): number {
  const end = sql.indexOf('\n', from);
  return end === -1 ? sql.length : end + 1;
}

function endOfComment(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length;) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at += 2;
    } else if (sql.startsWith('*/', at)) {
      at += 2;
      if (--depth === 0) return at;
    } else at++;
  }
  return sql.length;
}
