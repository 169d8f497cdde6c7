import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureJava, fetchArtifact, type Artifact } from '@chorda/native-stack';
import type { StackAddresses } from '@chorda/testing';

const run = promisify(execFile);
const recipes = fileURLToPath(new URL('../../rivals/', import.meta.url));
const mebibyte = 1024 ** 2;

/** Connect and its converter as jars, Debezium's sink as the archive that its makers publish for Connect's plug-in path. */
const connect: Artifact = {
  name: 'kafka-connect-jdbc-sink',
  title: 'Kafka Connect 4.3.0 with the JDBC sink of Debezium 3.6.0',
  diskBytes: 300 * mebibyte,
  async unpack(folder) {
    const archive = join(folder, 'debezium-connector-jdbc-3.6.0.Final-plugin.tar.gz');
    const plugins = join(folder, 'plugins');
    mkdirSync(plugins);
    await run('tar', ['-xzf', archive, '-C', plugins]);
    rmSync(archive);
  },
};

export interface ConnectProgram {
  readonly java: string;
  readonly folder: string;
}

/** Fetched only when the rival is asked for. */
export async function connectProgram(progress: (line: string) => void): Promise<ConnectProgram> {
  const options = { env: process.env, progress, recipes };
  const folder = await fetchArtifact(connect, options);
  const { program } = await ensureJava(21, { env: process.env, progress });
  return { java: program, folder };
}

export interface SinkSettings {
  readonly stack: StackAddresses;
  readonly databaseUrl: string;
  /** As the broker knows it. */
  readonly topic: string;
  readonly table: string;
  readonly key: string;
  readonly mode: 'insert' | 'upsert';
  /** One statement a batch with an array a column; it refuses a batch that has a key twice. */
  readonly unnest: boolean;
  readonly reductionBuffer: boolean;
  /** The topic is one of ours: its values have more than the table's columns, its records have headers. */
  readonly isOwnLog: boolean;
  readonly name: string;
  readonly folder: string;
}

/** The group that Connect reads in. */
export function groupOf({ name }: SinkSettings): string {
  return `connect-${name}`;
}

/** Writes the settings, and answers with the arguments of the JVM. */
export function connectArguments(program: ConnectProgram, settings: SinkSettings): readonly string[] {
  mkdirSync(settings.folder, { recursive: true });
  const files = { worker: workerSettings(program, settings), sink: sinkSettings(settings), log4j2 };
  for (const [name, properties] of Object.entries(files)) writeFileSync(fileOf(settings, name), textOf(properties));
  return [
    ...['-Xms512m', '-Xmx1g', '-XX:+UseG1GC', `-Dlog4j2.configurationFile=${fileOf(settings, 'log4j2')}`],
    ...['-cp', join(program.folder, '*'), 'org.apache.kafka.connect.cli.ConnectStandalone'],
    ...[fileOf(settings, 'worker'), fileOf(settings, 'sink')],
  ];
}

type Properties = Readonly<Record<string, string | number | boolean>>;

function workerSettings({ folder }: ConnectProgram, settings: SinkSettings): Properties {
  return {
    'bootstrap.servers': settings.stack.kafkaBrokers,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'io.apicurio.registry.utils.converter.AvroConverter',
    'value.converter.apicurio.registry.url': settings.stack.registryUrl.replace('ccompat/v7', 'registry/v2'),
    'value.converter.apicurio.registry.as-confluent': true,
    'value.converter.apicurio.registry.use-id': 'contentId',
    // Connect's own default guesses a type for each header, which takes longer than all the rest.
    'header.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    'offset.storage.file.filename': join(settings.folder, 'offsets'),
    // Default a minute; the bench sees by it how far it has come.
    'offset.flush.interval.ms': 250,
    'plugin.path': join(folder, 'plugins'),
    'plugin.discovery': 'only_scan',
    listeners: 'http://127.0.0.1:0',
    'consumer.max.poll.records': batchSize,
    'consumer.fetch.min.bytes': 65_536,
    'consumer.auto.offset.reset': 'earliest',
  };
}

const batchSize = 5_000;

function sinkSettings(settings: SinkSettings): Properties {
  const database = new URL(settings.databaseUrl);
  const columns = 'agent_id,execution_id,input_data,output_data,execution_time_ms,status';
  return {
    name: settings.name,
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    'tasks.max': 2,
    topics: settings.topic,
    'connection.url': `jdbc:postgresql://${database.host}${database.pathname}`,
    'connection.username': database.username,
    'connection.password': decodeURIComponent(database.password),
    'insert.mode': settings.mode,
    'batch.size': batchSize,
    'dialect.postgres.unnest.insert.enabled': settings.unnest,
    'use.reduction.buffer': settings.reductionBuffer,
    'schema.evolution': 'none',
    'collection.name.format': settings.table,
    // With `kafka` as its mode UNNEST fails (3.6.0: the columns of the value are not known to it).
    'primary.key.mode': 'record_value',
    'primary.key.fields': settings.key,
    'use.time.zone': 'UTC',
    ...(settings.isOwnLog && {
      transforms: 'columns',
      'transforms.columns.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
      'transforms.columns.include': columns,
    }),
  };
}

const log4j2: Properties = {
  'rootLogger.level': 'WARN',
  'rootLogger.appenderRef.out.ref': 'out',
  'appender.out.type': 'Console',
  'appender.out.name': 'out',
  'appender.out.layout.type': 'PatternLayout',
  'appender.out.layout.pattern': '%d{ISO8601} %p %c{1}: %m%n%throwable',
};

function fileOf({ folder }: SinkSettings, name: string): string {
  return join(folder, `${name}.properties`);
}

function textOf(properties: Properties): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
