import type { agent } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { defineLatest, defineTable, insertRows, type Projection, type RowOf } from '@chorda/projector';

const columns = {
  agent_id: 'text',
  execution_id: 'text',
  input_data: 'text?',
  output_data: 'text?',
  execution_time_ms: 'count',
  status: 'text',
} as const;

/** What the rival's table has, and nothing else: the payload's columns under a primary key. */
export const insertTable = defineTable({ name: 'executed_v1', key: ['execution_id'], columns });
/** The last execution of each agent. */
export const foldTable = defineTable({ name: 'latest_v1', key: ['agent_id'], columns });

export type BenchRow = RowOf<typeof columns>;

/** The same for us and for the rival; `key` left out: a bare heap. */
export function tableStatement(name: string, key: string | undefined): string {
  return `CREATE TABLE ${name} (agent_id text NOT NULL, execution_id text NOT NULL, input_data text, output_data text,
    execution_time_ms bigint NOT NULL, status text NOT NULL${key === undefined ? '' : `, PRIMARY KEY (${key})`})`;
}

export function rowOf({ data }: agent.Executed): BenchRow {
  const { agent_id, execution_id, input_data, output_data, execution_time_ms, status } = data;
  return { agent_id, execution_id, input_data, output_data, execution_time_ms, status };
}

function isExecuted(message: Message): message is Message<agent.Executed> {
  return message.event.type === 'agent.executed';
}

/** A row an event, none changed: what the sink's insert mode does. */
export const insertProjection: Projection = {
  name: 'bench_executed',
  version: 1,
  topics: ['agent.events'],
  table: insertTable,
  isHistory: true,
  apply: async (tx, messages) => {
    const rows = messages.filter(isExecuted).map(({ event }) => rowOf(event));
    await insertRows(tx, insertTable, rows);
    return rows.length;
  },
};

/** The last event of each agent: what the sink's upsert mode does. */
export const foldProjection: Projection = defineLatest<agent.Executed>()({
  name: 'bench_latest',
  version: 1,
  topics: ['agent.events'],
  table: foldTable,
  types: ['agent.executed'],
  key: ({ metadata }) => ({ agent_id: metadata.subject }),
  row: rowOf,
});
