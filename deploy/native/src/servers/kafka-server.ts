import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ServerFailedError } from '../errors.js';
import { sharedClasses, type Java } from '../machine/java.js';
import { answersOnPort } from '../machine/ports.js';
import { ManagedServer } from './managed-server.js';
import type { Reaper } from './reaper.js';
import type { ServerPlace } from './server.js';

const run = promisify(execFile);

export interface KafkaOptions extends ServerPlace {
  readonly java: Java;
  /** Java's `-cp`. */
  readonly classpath: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Mebibytes; the broker also uses the page cache. */
  readonly heapMib: number;
  /** A second listener with TLS and SASL, for clients that must prove that they can. */
  readonly saslPort?: number;
  /** Left out: the only node. */
  readonly member?: ClusterMember;
  readonly reaper?: Reaper;
}

/** One of several nodes. The first is the controller too; each has a home of its own. */
export interface ClusterMember {
  readonly clusterId: string;
  /** From 1. */
  readonly nodeId: number;
  /** How many there are: topics get so many replicas. */
  readonly nodes: number;
}

/** What a client needs for the SASL_SSL listener. */
export interface SaslAccess {
  readonly brokers: string;
  readonly mechanism: 'scram-sha-512';
  readonly username: string;
  readonly password: string;
  /** The certificate to trust, PEM. */
  readonly caPem: string;
}

/** One Kafka node (KRaft), which is broker and controller unless it is another than the first of several. */
export class KafkaServer extends ManagedServer {
  readonly name = 'kafka';
  readonly brokers: string;
  private readonly data: string;
  private readonly config: string;

  constructor(private readonly options: KafkaOptions) {
    const folder = join(options.home, 'kafka');
    super({
      title: 'Kafka',
      logFile: join(options.home, 'logs', 'kafka.log'),
      pidFile: join(options.home, 'run', 'kafka.pid'),
      stopSignal: 'SIGTERM',
      readyTimeoutMs: 90_000,
      stopTimeoutMs: 30_000,
      isReady: () => answersOnPort(options.port),
      launch: {
        program: options.java.program,
        arguments: [
          `-Xms${Math.min(options.heapMib, 128)}m`,
          `-Xmx${options.heapMib}m`,
          // Several that live for one test must start quickly and do little.
          ...(options.member === undefined
            ? ['-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20']
            : ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']),
          ...(options.keepClasses ? sharedClasses(options.java, folder) : []),
          ...jvmArguments(options, folder),
          'kafka.Kafka',
          join(folder, 'server.properties'),
        ],
        env: options.env,
      },
      ...(options.reaper === undefined ? {} : { reaper: options.reaper }),
    });
    this.brokers = `127.0.0.1:${options.port}`;
    this.data = join(folder, 'data');
    this.config = join(folder, 'server.properties');
  }

  /** @throws when the stack was made without `saslPort`. */
  sasl(): SaslAccess {
    if (this.options.saslPort === undefined) throw new Error('This Kafka has no SASL_SSL listener');
    return {
      brokers: `127.0.0.1:${this.options.saslPort}`,
      mechanism: 'scram-sha-512',
      username: 'chorda',
      password: this.secret(),
      caPem: readFileSync(join(dirname(this.config), 'tls.pem'), 'utf8'),
    };
  }

  protected override async prepare(): Promise<void> {
    const folder = dirname(this.config);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'log4j2.properties'), log4j);
    if (this.options.saslPort !== undefined) await this.makeCertificate(folder);
    writeFileSync(this.config, this.properties(folder), { mode: 0o600 });
    if (!existsSync(join(this.data, 'meta.properties'))) await this.format(folder);
  }

  private async format(folder: string): Promise<void> {
    // A format that was cut off leaves a folder that neither formats nor starts; nothing was written to it yet.
    rmSync(this.data, { recursive: true, force: true });
    const scram =
      this.options.saslPort === undefined
        ? []
        : ['--add-scram', `SCRAM-SHA-512=[name=chorda,password=${this.secret()}]`];
    try {
      await run(
        this.options.java.program,
        [
          '-XX:TieredStopAtLevel=1',
          '-XX:+UseSerialGC',
          ...jvmArguments(this.options, folder),
          'kafka.tools.StorageTool',
          'format',
          '-t',
          this.options.member?.clusterId ?? newClusterId(),
          '-c',
          this.config,
          ...scram,
        ],
        { env: this.options.env },
      );
    } catch (error) {
      rmSync(this.data, { recursive: true, force: true });
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServerFailedError('Kafka', 'could not format its data folder', join(folder, 'data'), reason);
    }
  }

  /** Self-signed: the certificate is its own authority, which is all that a client on this machine needs. */
  private async makeCertificate(folder: string): Promise<void> {
    const keystore = join(folder, 'tls.p12');
    if (existsSync(join(folder, 'tls.pem'))) return;
    rmSync(keystore, { force: true });
    const keytool = join(dirname(this.options.java.program), 'keytool');
    const store = ['-keystore', keystore, '-storepass', this.secret(), '-alias', 'kafka'];
    const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650', '-storetype', 'PKCS12'];
    const subject = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost,ip:127.0.0.1', '-ext', 'bc:c'];
    await run(keytool, ['-genkeypair', ...key, ...subject, ...store]);
    await run(keytool, ['-exportcert', '-rfc', '-file', join(folder, 'tls.pem'), ...store]);
  }

  private secret(): string {
    const path = join(dirname(this.config), 'secret');
    if (!existsSync(path)) writeFileSync(path, randomBytes(18).toString('base64url'), { mode: 0o600 });
    return readFileSync(path, 'utf8');
  }

  private properties(folder: string): string {
    const { port, controllerPort, saslPort } = this.options;
    const plain = `PLAINTEXT://127.0.0.1:${port}`;
    const sasl = saslPort === undefined ? '' : `,SASL_SSL://127.0.0.1:${saslPort}`;
    const { nodeId = 1, nodes = 1 } = this.options.member ?? {};
    const controller = nodeId === 1 ? `,CONTROLLER://127.0.0.1:${controllerPort}` : '';
    const properties: Record<string, string | number | boolean> = {
      'process.roles': nodeId === 1 ? 'broker,controller' : 'broker',
      'node.id': nodeId,
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAINTEXT',
      listeners: `${plain}${controller}${sasl}`,
      'advertised.listeners': plain + sasl,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
      'log.dirs': this.data,
      'auto.create.topics.enable': false,
      'default.replication.factor': nodes,
      'min.insync.replicas': 1,
      // A record is at most 1 MiB of Avro and a topic takes 2 MiB: the broker's own limit must not be the lower one.
      'message.max.bytes': 2 * 1024 * 1024,
      'replica.fetch.max.bytes': 2 * 1024 * 1024,
      'offsets.topic.replication.factor': nodes,
      'offsets.topic.num.partitions': 8,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'transaction.state.log.num.partitions': 4,
      'share.coordinator.state.topic.replication.factor': 1,
      'share.coordinator.state.topic.min.isr': 1,
      'share.coordinator.state.topic.num.partitions': 1,
      // Alone on the machine, a group need not wait for members that may yet come.
      'group.initial.rebalance.delay.ms': 0,
      'group.min.session.timeout.ms': 1_000,
      // Committed offsets of a group that is away for long must not be forgotten before the events are.
      'offsets.retention.minutes': 30 * 24 * 60,
      // The cleaner's default buffer is 128 MiB of a heap that has little more.
      'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
      'num.network.threads': 2,
      'num.io.threads': 4,
      'background.threads': 2,
      'num.recovery.threads.per.data.dir': 2,
    };
    if (nodes > 1) Object.assign(properties, quickToNotice);
    if (saslPort !== undefined) Object.assign(properties, this.saslProperties(folder));
    return Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('');
  }

  private saslProperties(folder: string): Record<string, string> {
    return {
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512,OAUTHBEARER',
      'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      // Kafka's own unsecured validator: it looks at subject and expiry and at no signature, which needs no identity
      // provider. For tests alone, as this whole listener is.
      'listener.name.sasl_ssl.oauthbearer.sasl.jaas.config':
        'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="kafka";',
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': join(folder, 'tls.p12'),
      'ssl.keystore.password': this.secret(),
      'ssl.key.password': this.secret(),
    };
  }
}

/** A node that went is missed within seconds: what is tested is what follows. */
const quickToNotice = {
  'broker.session.timeout.ms': 2_000,
  'broker.heartbeat.interval.ms': 500,
  'replica.lag.time.max.ms': 3_000,
};

function jvmArguments(options: KafkaOptions, folder: string): readonly string[] {
  return [
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    '-cp',
    options.classpath,
  ];
}

const log4j = `rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
`;

/** Kafka's own ids never begin with a dash: its tools would take one for an option. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}
