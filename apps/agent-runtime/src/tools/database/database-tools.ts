import type { JsonValue } from '@chorda/kernel';
import { z } from 'zod';
import { ToolRefusedError } from '../tool-errors.js';
import { defineTool, type Tool, type ToolAnswer, type ToolCall } from '../tool.js';
import { connectionOf, type DatabaseConnections } from './connections.js';
import { checkStatement } from './read-only-statement.js';
import { runStatement } from './run-statement.js';

export interface DatabaseToolOptions {
  readonly connections: DatabaseConnections;
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

const parametersMax = 1_000;
const sqlLengthMax = 100_000;
/** What is left for the connection, and for the answer's way back, beside the statement's own time. */
const timeBesideStatementMs = 6_000;

const args = z.strictObject({
  connection: z.string().min(1).max(200).describe('Name of a database that the operator has set up.'),
  sql: z.string().min(1).max(sqlLengthMax).describe('One statement; values go by $1, $2 and `parameters`.'),
  parameters: z.array(z.json()).max(parametersMax).default([]).describe('Values of $1, $2 and so on.'),
  rows_max: z.int().min(1).optional().describe('Rows to answer at most.'),
});

export function databaseTools(options: DatabaseToolOptions): readonly Tool[] {
  const bounds = {
    args,
    timeoutMs: options.timeoutMs + timeBesideStatementMs,
    // Column names and what JSON adds come to the rows.
    resultBytesMax: options.bytesMax * 2 + 65_536,
  };
  return [
    defineTool({
      ...bounds,
      name: 'database_query',
      description: 'Reads from a PostgreSQL database by one SQL statement, in a read-only transaction.',
      idempotent: true,
      run: (given, call) => run('read', given, call, options),
    }),
    defineTool({
      ...bounds,
      name: 'database_execute',
      description: 'Changes a PostgreSQL database by one SQL statement, where the operator allows it.',
      idempotent: false,
      run: (given, call) => run('write', given, call, options),
    }),
  ];
}

async function run(
  kind: 'read' | 'write',
  { connection, sql, parameters, rows_max: rowsMax }: z.infer<typeof args>,
  call: ToolCall,
  options: DatabaseToolOptions,
): Promise<ToolAnswer> {
  const { url, writable } = connectionOf(options.connections, connection, call.tenantId);
  if (kind === 'write' && !writable) {
    throw new ToolRefusedError('WRITE_NOT_GRANTED', `the connection ${connection} may be read only`);
  }
  checkStatement(sql, kind);
  const answer = await runStatement({
    ...{ url, kind, sql },
    parameters: parameters.map(asParameter),
    rowsMax: Math.min(rowsMax ?? options.rowsMax, options.rowsMax),
    bytesMax: options.bytesMax,
    timeoutMs: options.timeoutMs,
    signal: call.signal,
  });
  return { value: { ...answer, columns: [...answer.columns], rows: [...answer.rows] } };
}

/** A list or an object is meant as JSON: the driver would make a PostgreSQL array of a list. */
function asParameter(value: JsonValue): JsonValue {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
