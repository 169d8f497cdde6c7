import { once } from 'node:events';
import { EventCodec, type agent, type EventEnvelope } from '@chorda/contracts';
import { encodeBinaryCopy, journalTable, upsertRows, type RowOf } from '@chorda/projector';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { StageSettings } from './stage-settings.js';
import type { Report } from './stage-process.js';
import { foldTable, insertTable, rowOf, type BenchRow } from './tables.js';
import { executedBy, keysOf } from './workload.js';

type JournalRow = RowOf<typeof journalTable.columns>;

/** L0 and L1: ready rows by binary COPY in one transaction; whether the table has its key is the caller's matter. */
export function copyInto(settings: StageSettings, report: Report): Promise<void> {
  const batches = rowBatches(settings).map((rows) => encodeBinaryCopy(insertTable, rows));
  return copying(settings, report, insertTable.name, Object.keys(insertTable.columns), batches);
}

/** L1 of the journal as it is: sixteen columns, its key and five more indexes. */
export function copyJournal(settings: StageSettings, report: Report): Promise<void> {
  const codec = EventCodec.offline(1);
  const events = eventsOf(settings).map((envelope, index) => toJournalRow(codec, envelope, index));
  const batches = cut(events, settings.batchRecords).map((rows) => encodeBinaryCopy(journalTable, rows));
  return copying(settings, report, journalTable.name, Object.keys(journalTable.columns), batches);
}

/** L2: each batch folded, by COPY into a temporary table, merged, with its checkpoint. */
export async function copyAndMerge(settings: StageSettings, report: Report): Promise<void> {
  await merging(settings, report, async (client, rows) => {
    const columns = Object.keys(foldTable.columns);
    await copy(client, 'incoming', columns, [encodeBinaryCopy(foldTable, rows)]);
    const assigned = columns.filter((name) => name !== 'agent_id').map((name) => `${name} = incoming.${name}`);
    await client.query(
      `MERGE INTO latest_v1 known USING incoming ON known.agent_id = incoming.agent_id
       WHEN MATCHED THEN UPDATE SET ${assigned.join(', ')}
       WHEN NOT MATCHED THEN INSERT (${columns.join(', ')}) VALUES (${columns.map((name) => `incoming.${name}`).join(', ')})`,
    );
    await client.query('TRUNCATE incoming');
  });
}

/** L3: the same by one INSERT ... ON CONFLICT from arrays. */
export async function unnestUpsert(settings: StageSettings, report: Report): Promise<void> {
  await merging(settings, report, (client, rows) => upsertRows(client, foldTable, rows));
}

async function merging(
  settings: StageSettings,
  report: Report,
  write: (client: pg.Client, rows: readonly BenchRow[]) => Promise<void>,
): Promise<void> {
  const batches = rowBatches(settings);
  const client = await connect(settings);
  await client.query('CREATE TEMPORARY TABLE incoming (LIKE latest_v1)');
  await client.query('CREATE TABLE ladder_checkpoint (next_offset bigint)');
  await client.query('INSERT INTO ladder_checkpoint VALUES (0)');
  let done = 0;
  for (const batch of batches) {
    const folded = [...new Map(batch.map((row) => [row.agent_id, row])).values()];
    await client.query('BEGIN');
    await client.query('UPDATE ladder_checkpoint SET next_offset = $1', [done + batch.length]);
    await write(client, folded);
    await client.query('COMMIT');
    report((done += batch.length));
  }
}

async function copying(
  settings: StageSettings,
  report: Report,
  table: string,
  columns: readonly string[],
  batches: readonly Buffer[],
): Promise<void> {
  const client = await connect(settings);
  await copy(client, table, columns, withoutInnerFrames(batches), (index) =>
    report(Math.min(settings.events - 1, (index + 1) * settings.batchRecords)),
  );
  report(settings.events);
}

const signatureBytes = 19;
const trailerBytes = 2;

/** Many encoded batches as one stream: the signature of the first, the trailer of the last. */
function withoutInnerFrames(batches: readonly Buffer[]): readonly Buffer[] {
  return batches.map((batch, index) =>
    batch.subarray(
      index === 0 ? 0 : signatureBytes,
      index === batches.length - 1 ? batch.length : batch.length - trailerBytes,
    ),
  );
}

async function copy(
  client: pg.Client,
  table: string,
  columns: readonly string[],
  chunks: readonly Buffer[],
  onChunk: (index: number) => void = () => undefined,
): Promise<void> {
  const names = columns.map((name) => `"${name}"`).join(', ');
  const stream = client.query(copyFrom(`COPY ${table} (${names}) FROM STDIN (FORMAT binary)`));
  const finished = once(stream, 'finish');
  for (const [index, chunk] of chunks.entries()) {
    if (!stream.write(chunk)) await once(stream, 'drain');
    onChunk(index);
  }
  stream.end();
  await finished;
}

async function connect({ databaseUrl }: StageSettings): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return client;
}

function eventsOf({ shape, events }: StageSettings): readonly EventEnvelope[] {
  const nextKey = keysOf(shape);
  return Array.from({ length: events }, () => executedBy(nextKey()));
}

function rowBatches(settings: StageSettings): readonly (readonly BenchRow[])[] {
  const rows = eventsOf(settings).map(({ event }) => rowOf(event as agent.Executed));
  return cut(rows, settings.batchRecords);
}

function cut<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  for (let at = 0; at < items.length; at += size) batches.push(items.slice(at, at + size));
  return batches;
}

const partitions = 12;

function toJournalRow(codec: EventCodec, envelope: EventEnvelope, index: number): JournalRow {
  const { metadata, event } = envelope;
  const { value, headers } = codec.encode(envelope);
  return {
    tenant_id: metadata.tenantId,
    topic: 'agent.events',
    partition: index % partitions,
    offset: BigInt(Math.floor(index / partitions)),
    record_time: Date.now(),
    event_id: metadata.id,
    type: event.type,
    source: metadata.source,
    subject: metadata.subject,
    event_time: metadata.timeMs,
    correlation_id: metadata.correlationId,
    causation_id: null,
    traceparent: null,
    stream_version: null,
    schema_fingerprint: Buffer.from((headers['ce_dataschema'] ?? '').slice(-64), 'hex'),
    payload: value.subarray(5),
    stream: null,
  };
}
