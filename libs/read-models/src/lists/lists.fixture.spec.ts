import { shownTable } from '@chorda/testing';
import type pg from 'pg';
import { dayMs, dayOf, ensureDayPartitions } from '../partitions/day-partitions.js';
import { agentsList } from './agents.list.js';
import { deadLettersList } from './dead-letters.list.js';
import { executionsList } from './executions.list.js';
import { inferenceRequestsList } from './inference-requests.list.js';
import { journalList } from './journal.list.js';
import type { ListDefinition } from './list-definition.js';
import { runsList } from './runs.list.js';
import { schedulesList } from './schedules.list.js';
import { stepsList } from './steps.list.js';
import { tasksList } from './tasks.list.js';

/** Every list there is: what is not here, no spec looks at. */
export const allLists: readonly ListDefinition[] = [
  journalList,
  agentsList,
  executionsList,
  runsList,
  stepsList,
  tasksList,
  deadLettersList,
  inferenceRequestsList,
  schedulesList,
];

interface Column {
  readonly column_name: string;
  readonly data_type: string;
}

export const nowMs = Date.now();
/** Row n happened so long ago. */
const hoursAgoOf = (index: number) => Math.floor(index / 2);

/** Rows of a table of any shape: texts of few values, so that filters find some; pairs of rows of one moment. */
export async function fillTable(
  pool: pg.Pool,
  definition: ListDefinition,
  tenant: string,
  range: { readonly from: number; readonly count: number; readonly hoursAgo?: number },
): Promise<void> {
  const table = await shownTable(pool, definition.from);
  if (definition.dayPartitions) {
    const days = Array.from({ length: 16 }, (_, day) => dayOf(nowMs - day * dayMs));
    await ensureDayPartitions(pool, table, days);
  }
  const { rows: columns } = await pool.query<Column>(
    'SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
    [table],
  );
  const parameters: unknown[] = [];
  const rows = Array.from({ length: range.count }, (_, at) => {
    const index = range.from + at;
    const row = { index, tenant, hoursAgo: range.hoursAgo ?? hoursAgoOf(index) };
    return `(${columns.map((column) => `$${parameters.push(valueOf(definition, column, row))}`).join(', ')})`;
  });
  const names = columns.map(({ column_name }) => `"${column_name}"`).join(', ');
  await pool.query(`INSERT INTO ${table} (${names}) VALUES ${rows.join(', ')}`, parameters);
}

function valueOf(
  { key, fields }: ListDefinition,
  { column_name: name, data_type: type }: Column,
  { index, tenant, hoursAgo }: { readonly index: number; readonly tenant: string; readonly hoursAgo: number },
): unknown {
  if (name === 'tenant_id') return tenant;
  const isKey = key.includes(name);
  switch (type) {
    case 'text': {
      const { values, type: shown } = fields[name] ?? {};
      if (values) return values[index % values.length];
      if (shown === 'json') return `{"n":12345678901234567890.5,"at":${index}}`;
      // Keys that are filters too have few values; the others tell rows apart.
      return isKey && name !== 'topic' && fields[name]?.filter === undefined
        ? `${name}-${index}`
        : `${name}-${index % 3}`;
    }
    case 'timestamp with time zone':
      return new Date(nowMs - hoursAgo * 3_600_000);
    case 'boolean':
      return index % 2 === 0;
    case 'numeric':
      return '0.12345678901234567890';
    case 'ARRAY':
      return [`member-${index % 4}`, 'always'];
    case 'bytea':
      return Buffer.from('');
    default:
      return name === 'offset' ? index : name === 'partition' ? 0 : index % 5;
  }
}
