import { silentLogger, type Logger } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { Registry } from 'prom-client';
import { startDecisions } from '../start-decisions.js';
import { hostedTill } from './till-ground.js';

/** An engine of tills as a process: `failure-matrix.int.spec.ts` kills it. */
const env = process.env;
const say = (level: string) => (message: string, fields?: object) =>
  process.stdout.write(`${JSON.stringify({ level, message, ...printable(fields) })}\n`);
const logger: Logger = { ...silentLogger, warn: say('warn'), error: say('error') };

function printable(fields: object = {}): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.stack : String(value)]),
  );
}

const engine = startDecisions(
  { ...hostedTill, group: env['GROUP'] ?? hostedTill.group },
  {
    driver: createKafkaDriver({
      brokers: (env['KAFKA_BROKERS'] ?? '').split(','),
      topicPrefix: env['CHORDA_TOPIC_PREFIX'] ?? '',
      clientId: `engine-${process.pid}`,
    }),
    databaseUrl: env['DATABASE_URL'] ?? '',
    service: 'spec',
    instance: `child-${process.pid}`,
    logger,
    metrics: new Registry(),
    onIncident: (alert) => say('incident')(alert.message),
    ...(env['TRANSACTION_TIMEOUT_MS'] && { transactionTimeoutMs: Number(env['TRANSACTION_TIMEOUT_MS']) }),
    bounds: {
      ...(env['COMMANDS_MAX'] && { commandsMax: Number(env['COMMANDS_MAX']) }),
      ...(env['FOLLOW_UPS_MAX'] && { followUpsMax: Number(env['FOLLOW_UPS_MAX']) }),
      ...(env['RECORDS_OF_COMMAND_MAX'] && { recordsOfCommandMax: Number(env['RECORDS_OF_COMMAND_MAX']) }),
      ...(env['SNAPSHOT_EVERY'] && { snapshotEvery: Number(env['SNAPSHOT_EVERY']) }),
    },
  },
);
const pulse = setInterval(() => {
  if (engine.health().state === 'running') {
    process.stdout.write('running\n');
    clearInterval(pulse);
  }
}, 50);
process.once('SIGTERM', () => {
  void engine.stop().then(() => process.exit(0));
});
