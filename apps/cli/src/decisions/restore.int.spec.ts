import { PassThrough } from 'node:stream';
import { applyTopics, EventCodec, parseEventData } from '@chorda/contracts';
import { defaultTenant } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { createPool } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix } from '@chorda/testing';
import { expect, inject, it } from 'vitest';
import { CommandLine } from '../command-line/command-line.js';
import { runChorda } from '../program.js';

it('chorda decisions restore makes the tables of every kind from its event topic, without a registry', async () => {
  const { kafkaBrokers, databaseUrl } = inject('stack');
  const database = await freshDatabase({ databaseUrl });
  const topicPrefix = freshTopicPrefix();
  const driver = createKafkaDriver({ brokers: kafkaBrokers.split(','), topicPrefix, clientId: 'spec' });
  const pool = createPool(database.url);
  try {
    const admin = await driver.admin();
    await applyTopics(admin, {
      names: ['agent.commands', 'agent.events', 'workflow.commands', 'workflow.events'],
      replicationFactor: 1,
    });
    await admin.close();
    const parsed = parseEventData('agent.created', {
      ...{ agent_id: 'a-1', name: 'One', agent_type: 'assistant', concurrency_max: 1 },
    });
    if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
    const { event } = parsed;
    const decision = { streamVersion: 1n, partitionSeq: 4n, epoch: 6n, commandId: 'c-1', commandOffset: 8n };
    const context = {
      id: 'x',
      source: 'urn:spec',
      subject: 'a-1',
      tenantId: defaultTenant,
      timeMs: 1,
      correlationId: 'y',
    };
    const producer = await driver.createProducer();
    await producer.send(EventCodec.offline(1).encode({ event, metadata: { ...context, decision } }));
    const run = parseEventData('workflow.started', {
      ...{ workflow_id: 'run-1', workflow_name: 'w', definition_hash: 'a'.repeat(64), input_data: null },
      definition: { name: 'w' },
    });
    if (!run.ok) throw new TypeError(JSON.stringify(run.issues));
    const ofRun = { ...context, id: 'z', subject: 'run-1', decision };
    await producer.send(EventCodec.offline(1).encode({ event: run.event, metadata: ofRun }));
    await producer.close();

    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const environment = { KAFKA_BROKERS: kafkaBrokers, DATABASE_URL: database.url, CHORDA_TOPIC_PREFIX: topicPrefix };
    const cli = new CommandLine({ stdout, stderr }, environment, new AbortController().signal);
    const exitCode = await runChorda(['decisions', 'restore', '--json'], cli);
    const said = String(stdout.read());
    expect(exitCode, said).toBe(0);
    const { partitions } = JSON.parse(said) as { partitions: { records: number }[] };
    const found = { records: 1, next_command_offset: '9', epoch: '7' };
    expect(partitions.filter(({ records }) => records > 0)).toEqual([
      expect.objectContaining({ kind: 'agent', ...found }),
      // Schedules have no topic here: nothing was ever decided about one.
      expect.objectContaining({ kind: 'workflow', ...found }),
    ]);
    const { rows } = await pool.query(
      'SELECT stream_kind, stream_id, version FROM decision_streams ORDER BY stream_id',
    );
    expect(rows).toEqual([
      { stream_kind: 'agent', stream_id: 'a-1', version: '1' },
      { stream_kind: 'workflow', stream_id: 'run-1', version: '1' },
    ]);
  } finally {
    await pool.end();
    await driver.close();
    await database.drop();
  }
});
