import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedClasses, type Java } from '../machine/java.js';
import { ManagedServer } from './managed-server.js';
import { registryProperties, type RegistryKafka } from './registry-kafka.js';
import type { Reaper } from './reaper.js';
import type { ServerPlace } from './server.js';

export interface RegistryOptions extends ServerPlace {
  readonly java: Java;
  /** `quarkus-run.jar` of Apicurio Registry. */
  readonly jar: string;
  readonly port: number;
  readonly managementPort: number;
  /** Where its schemas are kept. */
  readonly kafka: RegistryKafka;
  readonly reaper?: Reaper;
}

/** Apicurio Registry. Its schemas are in Kafka, so that the log and the key to it share one fate. */
export class RegistryServer extends ManagedServer {
  readonly name = 'registry';
  readonly url: string;

  constructor(private readonly options: RegistryOptions) {
    const url = `http://127.0.0.1:${options.port}/apis/ccompat/v7`;
    super({
      title: 'The schema registry',
      logFile: join(options.home, 'logs', 'registry.log'),
      pidFile: join(options.home, 'run', 'registry.pid'),
      stopSignal: 'SIGTERM',
      readyTimeoutMs: 120_000,
      stopTimeoutMs: 30_000,
      isReady: async () => (await hasReadItsJournal(options.managementPort)) && answers(`${url}/subjects`),
      launch: {
        program: options.java.program,
        arguments: [
          '-Xms64m',
          '-Xmx320m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          ...(options.keepClasses ? sharedClasses(options.java, join(options.home, 'registry')) : []),
          '-jar',
          options.jar,
        ],
        env: { ...options.env, ...registryEnv(options) },
        cwd: join(options.home, 'registry'),
      },
      ...(options.reaper === undefined ? {} : { reaper: options.reaper }),
    });
    this.url = url;
  }

  protected override prepare(): Promise<void> {
    const config = join(this.options.home, 'registry', 'config');
    mkdirSync(config, { recursive: true });
    // It holds a password; the environment of a process can be read by more than its owner's files.
    const file = join(config, 'application.properties');
    writeFileSync(file, registryProperties(this.options.kafka), { mode: 0o600 });
    return Promise.resolve();
  }
}

function registryEnv(options: RegistryOptions): NodeJS.ProcessEnv {
  return {
    APICURIO_STORAGE_KIND: 'kafkasql',
    QUARKUS_HTTP_HOST: '127.0.0.1',
    QUARKUS_HTTP_PORT: String(options.port),
    QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
    QUARKUS_MANAGEMENT_PORT: String(options.managementPort),
    // It looks for a snapshot before it reads its journal, and waits that long for each answer of none: by default 5 s,
    // twice a start. A snapshot that came later than this costs a longer replay and nothing else.
    APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: '1000',
    // One line a request, and one a change, say nothing that a developer asked for.
    QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
    QUARKUS_LOG_LEVEL: 'WARN',
    QUARKUS_LOG_CATEGORY__IO_APICURIO__LEVEL: 'WARN',
    QUARKUS_LOG_CATEGORY__IO_APICURIO_REGISTRY_LOGGING_AUDIT__LEVEL: 'WARN',
  };
}

/**
 * It answers while it still reads its journal, and lacks what it has not come to: a service that starts then would miss
 * schemas that are there. Of its checks this one alone: others say for a while that it was slow.
 */
async function hasReadItsJournal(managementPort: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${managementPort}/health/ready`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    const { checks } = (await response.json()) as { readonly checks: readonly { name: string; status: string }[] };
    return checks.some(({ name, status }) => name === 'PersistenceSimpleReadinessCheck' && status === 'UP');
  } catch {
    return false;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
