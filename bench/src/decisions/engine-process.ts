import { startDecisions } from '@chorda/decisions';
import { silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { Registry } from 'prom-client';
import { counter, counterCodec } from './counter.js';

/** The engine as a process of its own, so that what it costs can be told from what its callers cost. */
const metrics = new Registry();
const driver = createKafkaDriver({
  brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','),
  topicPrefix: process.env['CHORDA_TOPIC_PREFIX'] ?? '',
  clientId: 'bench-engine',
});
const engine = startDecisions(
  {
    ...{ aggregate: counter, codec: counterCodec },
    ...{ commandTopic: 'agent.commands', eventTopic: 'agent.events', group: 'bench.decisions' },
  },
  {
    ...{ driver, databaseUrl: process.env['DATABASE_URL'] ?? '', service: 'bench', instance: `bench-${process.pid}` },
    ...{ logger: silentLogger, metrics, onIncident: () => undefined },
  },
);
process.once('SIGTERM', () => {
  void engine
    .stop()
    .then(() => driver.close())
    .then(async () => {
      if (process.env['ENGINE_METRICS'] === 'true') process.stdout.write(await metrics.metrics());
      process.exit(0);
    });
});
while (engine.health().partitions.length < 12 || engine.notReady() !== undefined) await sleep(50);
process.stdout.write('ready\n');
