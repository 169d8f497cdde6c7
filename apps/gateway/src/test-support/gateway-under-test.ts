import { applyTopics, registerSchemas } from '@chorda/contracts';
import { defaultTenant, silentLogger, tenantId, type TenantId } from '@chorda/kernel';
import { createKafkaDriver, type KafkaAdmin } from '@chorda/messaging';
import { createApiKey, createAppHost, type AppHost } from '@chorda/platform';
import { ApiKeyRepository, createPool, migrate } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { scopes, type Scope } from '../auth/scopes.js';
import { startGateway, type RunningGateway } from '../start-gateway.js';
import { JournalStandIn } from './journal-stand-in.js';
import { untilTrue } from './until-true.js';

/** Topics, schemas, tables and a journal of a spec's own, in which gateways are started and stopped. */
export interface Ground {
  readonly env: Readonly<Record<string, string>>;
  readonly keys: ApiKeyRepository;
  readonly journal: JournalStandIn;
  /** A new key with these scopes; its text. */
  issueKey(scopes: readonly Scope[], tenant?: TenantId): Promise<string>;
  /** Why Kafka does not delete the group: it has members (`NON_EMPTY_GROUP`), or it is not there (`GROUP_ID_NOT_FOUND`). */
  groupState(group: string): Promise<string>;
  close(): Promise<void>;
}

export interface GatewayUnderTest {
  readonly url: string;
  readonly app: RunningGateway;
  readonly host: AppHost;
  stop(): Promise<void>;
}

export const otherTenant = tenantId('other');
export const everyScope: readonly Scope[] = scopes;

export async function prepareGround(stack: StackAddresses): Promise<Ground> {
  const prefix = freshTopicPrefix();
  const database = await freshDatabase(stack);
  const registryUrl = stack.sharedRegistryUrl ?? stack.registryUrl;
  const env = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: registryUrl,
    DATABASE_URL: database.url,
    CHORDA_TOPIC_PREFIX: prefix,
    CHORDA_SIMULATED_DECISIONS: 'true',
    // No engine runs beside most gateways of specs: a command is answered 202 soon.
    CHORDA_COMMAND_WAIT_MS: '200',
    // What stands in for an inference worker does not say that it is there.
    CHORDA_INFERENCE_ABSENT_MS: '0',
    PORT: '0',
  };
  const driver = createKafkaDriver({ brokers: [stack.kafkaBrokers], topicPrefix: prefix, clientId: 'gateway-spec' });
  const admin = await driver.admin();
  await Promise.all([migrate(database.url), topicsOn(admin), registerSchemas({ registryUrl, topicPrefix: prefix })]);
  const pool = createPool(database.url);
  const keys = new ApiKeyRepository(pool);
  const journal = await JournalStandIn.connect(driver, admin, pool);
  return {
    env,
    keys,
    journal,
    async issueKey(granted, tenant = defaultTenant) {
      const { keyId, text, secretHash } = createApiKey();
      await keys.issue({ tenantId: tenant, keyId, name: 'spec', secretHash, scopes: [...granted] });
      return text;
    },
    groupState: (group) => admin.deleteGroups([group]).then(() => 'EMPTY', refusalOf),
    async close() {
      await journal.close();
      await driver.close();
      await pool.end();
      await database.drop();
    },
  };
}

export async function startGatewayOn(
  ground: Ground,
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayUnderTest> {
  const host = { ...createAppHost({ name: 'gateway', sharesProcess: true, instance: 'spec' }), logger: silentLogger };
  const app = await startGateway({ ...ground.env, ...env }, host);
  await untilTrue(
    async () => (await app.notReady()).length === 0,
    30_000,
    async () => (await app.notReady()).join('; '),
  );
  return { url: app.url, app, host, stop: () => app.stop() };
}

/** A broker that makes topics for several specs at once may not know the newest yet; a second run finds them. */
async function topicsOn(admin: KafkaAdmin): Promise<void> {
  await applyTopics(admin).catch(() => applyTopics(admin));
}

/** The driver's error says that groups were not deleted; its cause says it of each. */
function refusalOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  const [group] = cause instanceof Error && 'groups' in cause && Array.isArray(cause.groups) ? cause.groups : [];
  return String(Object(Object(group).error).type);
}
