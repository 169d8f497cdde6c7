import { Socket } from 'node:net';
import type { JsonValue } from '@chorda/kernel';
import { DatabaseError, Client } from 'pg';
import Cursor from 'pg-cursor';
import { ToolAbortedError, ToolError, ToolFailedError, ToolRefusedError, type Effect } from '../tool-errors.js';
import { jsonTypes } from './json-values.js';

export interface Statement {
  readonly url: string;
  readonly kind: 'read' | 'write';
  readonly sql: string;
  readonly parameters: readonly JsonValue[];
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface StatementAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly JsonValue[][];
  readonly truncated: boolean;
  /** Rows that were written; null for a statement that reads. */
  readonly rows_affected: number | null;
}

const rowsAtOnce = 100;
const watchEveryMs = 20;
/** Rows are counted one by one; only what would fill memory before it is counted ends the connection. */
const bytesBesideBound = 4_194_304;
const connectTimeoutMs = 5_000;

/**
 * Runs one statement in a transaction and a connection of its own: nothing of a session, such as a setting, a temporary
 * table or an advisory lock, outlives the call. The extended protocol takes one statement and no more.
 *
 * @throws ToolError whose `effect` is unknown only where the connection was lost while it committed.
 */
export async function runStatement(statement: Statement): Promise<StatementAnswer> {
  const socket = new Socket();
  const client = new Client({
    connectionString: statement.url,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statement.timeoutMs,
    idle_in_transaction_session_timeout: statement.timeoutMs,
    application_name: 'chorda agent tool',
    stream: () => socket,
  });
  // A connection that breaks between two questions has no other listener, and would end the process.
  client.on('error', () => undefined);
  const watch = watchSize(socket, statement.bytesMax + bytesBesideBound);
  const stop = () => socket.destroy(new Error('aborted'));
  let effect: Effect = 'none';
  try {
    statement.signal.addEventListener('abort', stop, { once: true });
    await client.connect();
    await refuseAllPowerful(client);
    return await inTransaction(client, statement, () => (effect = 'unknown'));
  } catch (error) {
    throw toToolError(error, effect, watch.isTooLarge(), statement);
  } finally {
    statement.signal.removeEventListener('abort', stop);
    watch.end();
    // Not `end`: it waits for a server that may no longer answer.
    socket.destroy();
  }
}

/** A row may be as large as memory is: what has arrived is counted while it arrives. */
function watchSize(socket: Socket, bytesMax: number) {
  let tooLarge = false;
  const timer = setInterval(() => {
    if (socket.bytesRead <= bytesMax) return;
    tooLarge = true;
    socket.destroy(new Error('the result is too large'));
  }, watchEveryMs);
  return { isTooLarge: () => tooLarge, end: () => clearInterval(timer) };
}

/** Rights that reach past the database into the machine below it are not for a model to use. */
async function refuseAllPowerful(client: Client): Promise<void> {
  const { rows } = await client.query<{ powerful: boolean }>(
    `SELECT rolsuper
         OR pg_has_role(rolname, 'pg_execute_server_program', 'MEMBER')
         OR pg_has_role(rolname, 'pg_read_server_files', 'MEMBER')
         OR pg_has_role(rolname, 'pg_write_server_files', 'MEMBER') AS powerful
       FROM pg_roles WHERE rolname = session_user`,
  );
  if (rows[0]?.powerful === false) return;
  const detail = 'its role may reach the machine of the database; give tools a role of their own';
  throw new ToolRefusedError('ROLE_TOO_POWERFUL', `this connection is not used: ${detail}`);
}

async function inTransaction(client: Client, statement: Statement, onCommit: () => void): Promise<StatementAnswer> {
  await client.query(statement.kind === 'read' ? 'BEGIN READ ONLY' : 'BEGIN READ WRITE');
  const answer = await readRows(client, statement);
  if (statement.kind === 'read') return answer;
  onCommit();
  await client.query('COMMIT');
  return answer;
}

async function readRows(
  client: Client,
  { sql, parameters, kind, rowsMax, bytesMax }: Statement,
): Promise<StatementAnswer> {
  const cursor = client.query(new Cursor<JsonValue[]>(sql, [...parameters], { rowMode: 'array', types: jsonTypes }));
  const rows: JsonValue[][] = [];
  let bytes = 0;
  let columns: readonly string[] = [];
  let affected: number | null = null;
  for (let isEnd = false; !isEnd;) {
    const wanted = Math.min(rowsAtOnce, rowsMax - rows.length + 1);
    const read = await readSome(cursor, wanted);
    columns = read.columns;
    affected = read.affected ?? affected;
    for (const row of read.rows) {
      bytes += Buffer.byteLength(JSON.stringify(row));
      if (rows.length === 0 && bytes > bytesMax) throw tooLarge(bytesMax);
      if (rows.length >= rowsMax || bytes > bytesMax) {
        await cursor.close();
        return { columns, rows, truncated: true, rows_affected: kind === 'write' ? affected : null };
      }
      rows.push(row);
    }
    isEnd = read.rows.length < wanted;
  }
  await cursor.close();
  return { columns, rows, truncated: false, rows_affected: kind === 'write' ? affected : null };
}

function readSome(cursor: Cursor<JsonValue[]>, count: number) {
  return new Promise<{ readonly rows: JsonValue[][]; readonly columns: string[]; readonly affected: number | null }>(
    (resolve, reject) => {
      cursor.read(count, (error, rows, result) => {
        if (error) reject(error);
        else resolve({ rows, columns: result.fields.map(({ name }) => name), affected: result.rowCount });
      });
    },
  );
}

function toToolError(error: unknown, effect: Effect, isTooLarge: boolean, { bytesMax, signal }: Statement): Error {
  if (error instanceof ToolError) return error;
  if (isTooLarge) return tooLarge(bytesMax, effect);
  if (signal.aborted) return new ToolAbortedError('the statement', effect);
  if (error instanceof DatabaseError && error.code) return refusedByDatabase(error, effect);
  // Its text may name host and role: to the log by `cause` and no further.
  const message = 'the database could not be reached, or the connection to it was lost';
  return new ToolFailedError('DATABASE_UNAVAILABLE', message, effect, true, { cause: error });
}

function tooLarge(bytesMax: number, effect: Effect = 'none'): ToolFailedError {
  const message = `a row is larger than ${bytesMax} bytes: ask for fewer or shorter columns`;
  return new ToolFailedError('RESULT_TOO_LARGE', message, effect, false);
}

/** The server answered: it has undone what the transaction did, also where the answer is to COMMIT. */
function refusedByDatabase(error: DatabaseError, effect: Effect): ToolFailedError {
  // Class 08, and 57P: the connection ended with it, and with a COMMIT under way nobody can say.
  const isLost = /^(08|57P)/.test(error.code ?? '');
  const hint = error.hint ? `; ${error.hint}` : '';
  const at = error.position ? ` at character ${error.position}` : '';
  const code = error.code === '57014' ? 'STATEMENT_TIMED_OUT' : 'STATEMENT_FAILED';
  const isRetriable = isLost || /^(40|53|55P03|57014)/.test(error.code ?? '');
  return new ToolFailedError(
    code,
    `${error.code}: ${error.message}${at}${hint}`,
    isLost ? effect : 'none',
    isRetriable,
    {
      cause: error,
    },
  );
}
