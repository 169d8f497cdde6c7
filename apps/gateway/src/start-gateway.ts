import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { asyncApiDocument, EventCodec } from '@chorda/contracts';
import { systemClock } from '@chorda/kernel';
import {
  createKafkaDriver,
  healthOf,
  OperationRecorder,
  startServiceReporter,
  type ServiceReporter,
} from '@chorda/messaging';
import {
  HealthRegistry,
  isPlanted,
  kafkaConnection,
  nestLogger,
  openPayloads,
  ProcessSampler,
  productVersion,
  readEnv,
  registryConnection,
  type AppHost,
  type RunningApp,
} from '@chorda/platform';
import {
  ApiKeyRepository,
  AuditOutbox,
  CheckpointRepository,
  JournalRepository,
  ServicesRepository,
  TenantRepository,
} from '@chorda/read-models';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { openDecisions } from './agents/open-decisions.js';
import { AuditRelay } from './audit/audit-relay.js';
import { Denials } from './audit/denials.js';
import { tokenIssuer } from './auth/access.env.js';
import { Authenticator } from './auth/authenticator.js';
import { credentialLookup } from './auth/credentials.js';
import { TokenVerifier } from './auth/token-verifier.js';
import { gatewayEnv, type GatewayEnv } from './gateway.env.js';
import { gatewayPool } from './gateway-pool.js';
import { GatewayMetrics } from './gateway.metrics.js';
import { GatewayModule, type AccessParts, type GatewayParts } from './gateway.module.js';
import { createHttpAdapter } from './http/http-server.js';
import { ProblemFilter } from './http/problem.filter.js';
import { DirectRoutes } from './http/direct-routes.js';
import { RouteInventory } from './http/route-inventory.js';
import { Entrance } from './auth/entrance.js';
import { directIngest } from './ingest/direct-ingest.js';
import { IngestController } from './ingest/ingest.controller.js';
import type { IngestAdmission } from './ingest/ingest-admission.js';
import { openInference } from './inference/open-inference.js';
import { addDirectOpenAi } from './inference/openai/direct-openai.js';
import { OpenAiController } from './inference/openai/openai.controller.js';
import { openIngest } from './ingest/open-ingest.js';
import { SimulationDoor } from './ingest/simulation-door.js';
import { openExternalTypes } from './external-types/open-external-types.js';
import { openLimits } from './limits/open-limits.js';
import { openRedis } from './redis/open-redis.js';
import { PayloadDesk } from './payloads/payload-desk.js';
import { ProjectionStandings } from './projections/projection-standings.js';
import { ApiDocuments } from './reference/api-documents.js';
import { CredentialWatch } from './stream/credential-watch.js';
import { openSockets, openTail } from './stream/open-tail.js';
import { withTailSocket } from './stream/socket/tail-socket.asyncapi.js';
import type { TailSockets } from './stream/socket/tail-sockets.js';
import { TailHistoryService } from './stream/tail-history.service.js';
import { openRunDecisions } from './runs/open-run-decisions.js';
import { openScheduleDecisions } from './schedules/open-schedule-decisions.js';
import { openStepDesk } from './runs/step-desk.js';
import { openWorkers } from './workers/open-workers.js';

interface OpenedParts {
  readonly parts: GatewayParts;
  readonly routes: RouteInventory;
  readonly admission: IngestAdmission;
  readonly health: HealthRegistry;
  readonly operations: OperationRecorder;
  close(): Promise<void>;
}

/** Opens everything the gateway needs, then listens. What is opened is closed again when a later part fails. */
export async function startGateway(source: NodeJS.ProcessEnv, host: AppHost): Promise<RunningGateway> {
  const env = readEnv(gatewayEnv, source);
  const opened = await open(env, host);
  try {
    const { app, sockets } = await listen(env, opened);
    return new RunningGateway(app, sockets, opened, env, host);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

export class RunningGateway implements RunningApp {
  readonly name = 'gateway';
  readonly url: string;
  /** What its router answers. */
  readonly routes: RouteInventory;

  private readonly reporter: ServiceReporter;
  private readonly sampler = new ProcessSampler();

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly sockets: TailSockets,
    private readonly opened: OpenedParts,
    env: GatewayEnv,
    host: AppHost,
  ) {
    const address = app.getHttpServer().address();
    const isSocket = typeof address === 'object' && address !== null;
    this.routes = opened.routes;
    this.url = isSocket ? `http://${hostInUrl(address.address)}:${address.port}` : '';
    const { parts, operations, admission } = opened;
    this.reporter = startServiceReporter({
      producer: parts.producer,
      codec: parts.codec,
      service: this.name,
      instance: host.instance,
      version: productVersion,
      address: this.url,
      sharesProcess: host.sharesProcess,
      sample: () => ({ ...this.sampler.sample(), operations: operations.take(), queueSize: admission.waiting }),
      health: async () => healthOf(await this.notReady()),
      intervalMs: env.CHORDA_SELF_REPORT_INTERVAL_MS,
      logger: host.logger,
      metrics: host.metrics,
    });
  }

  notReady(): Promise<readonly string[]> {
    return this.opened.health.notReady();
  }

  async crashed(error: Error): Promise<void> {
    await this.reporter.alert({ severity: 'critical', code: 'CRASHED', message: error.message });
  }

  /** Readiness first, so that nobody sends more; then writes, streams and the server; the producer last. */
  async stop(): Promise<void> {
    const { health, admission, parts } = this.opened;
    health.beginDraining();
    admission.stop();
    parts.tail.admission.stop();
    parts.tail.hub.close();
    await this.sockets.stop();
    this.app.get(CredentialWatch).close();
    await this.app.close();
    await this.reporter.stop();
    this.sampler.stop();
    await this.opened.close();
  }
}

async function open(env: GatewayEnv, host: AppHost): Promise<OpenedParts> {
  const closing: (() => Promise<unknown> | void)[] = [];
  const close = async () => {
    for (const each of closing.reverse()) await each();
  };
  try {
    return { ...(await openParts(env, host, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openParts(
  env: GatewayEnv,
  host: AppHost,
  closing: (() => Promise<unknown> | void)[],
): Promise<Omit<OpenedParts, 'close'>> {
  const { logger } = host;
  const metrics = new GatewayMetrics(host.metrics);
  const pool = gatewayPool(env, '');
  closing.push(() => pool.end());
  const redis = env.REDIS_URL === undefined ? undefined : openRedis(env.REDIS_URL);
  closing.push(() => redis?.disconnect());
  const checkpoints = new CheckpointRepository(pool, env.DATABASE_URL, logger);
  closing.push(() => checkpoints.close());
  const codec = await EventCodec.connect({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX });
  closing.push(() => codec.close());
  const driver = createKafkaDriver(kafkaConnection(env, 'chorda-gateway'), { logger });
  closing.push(() => driver.close());
  const producer = await driver.createProducer({
    deliveryTimeoutMs: env.CHORDA_INGEST_DELIVERY_TIMEOUT_MS,
    onRequest: (records, bytes) => {
      metrics.producerRequests.inc();
      metrics.producerRecords.inc(records);
      metrics.producerBytes.inc(bytes);
    },
  });
  closing.push(() => producer.close());
  const admin = await driver.admin();
  const onTypes: (() => void)[] = [];
  const externalTypes = await openExternalTypes(
    {
      pool,
      codec,
      admin,
      registry: { ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX },
      typesMax: env.CHORDA_EXTERNAL_TYPES_MAX,
      logger,
      onChange: () => onTypes.forEach((follow) => follow()),
    },
    closing,
  );
  // Types that come while the tail is opened are in its first list of topics.
  const tail = await openTail(env, { driver, admin, codec, registry: host.metrics, logger });
  onTypes.push(() => tail.feed.addTopics());
  closing.push(() => tail.feed.stop());
  await tail.feed.start();
  const routes = new RouteInventory();
  const operations = new OperationRecorder();
  const health = new HealthRegistry();
  health.add('database', async () => void (await pool.query('SELECT 1')));
  health.add('kafka', () => tail.feed.notReady());
  const access = openAccess(env, { pool, redis, producer, codec, metrics, logger }, closing);
  const ingest = openIngest(env, { metrics, host, redis }, closing);
  const decisions = await openDecisions(env, { driver, producer, events: codec, host }, closing);
  const inference = await openInference(
    env,
    {
      ...{ driver, admin, pool, host, events: codec, commands: decisions.codec },
      ...{ limits: access.limits, answers: ingest.answers },
    },
    closing,
  );
  health.add('inference', () => inference.feed.notReady());
  const runDecisions = await openRunDecisions(
    env,
    { driver, producer, events: codec, commands: decisions.codec, host },
    closing,
  );
  const scheduleDecisions = openScheduleDecisions(env, { driver, producer, commands: decisions.codec, host }, closing);
  const payloads = new PayloadDesk(openPayloads(env, host.metrics));
  const issuer = tokenIssuer(env);
  const tokens = issuer && new TokenVerifier(issuer);
  const parts: GatewayParts = {
    logger,
    producer,
    admin,
    codec,
    pool,
    authenticator: new Authenticator(credentialLookup({ ...access, tokens, clock: systemClock }), systemClock),
    access,
    externalTypes,
    ingest,
    decisions,
    workers: openWorkers({ databaseUrl: env.DATABASE_URL, pool, host, payloads }, closing),
    payloads,
    runDecisions,
    scheduleDecisions,
    stepDesk: openStepDesk(
      { ...{ env, host, producer, payloads }, commands: decisions.codec, door: runDecisions.door },
      closing,
    ),
    inference,
    journal: new JournalRepository(pool),
    services: new ServicesRepository(pool),
    checkpoints,
    projections: new ProjectionStandings(driver, admin, checkpoints, logger),
    tail,
    metrics,
    documents: new ApiDocuments(withTailSocket(asyncApiDocument), externalTypes.door),
    problems: new ProblemFilter(routes, logger, metrics),
    simulation: new SimulationDoor(env.CHORDA_SIMULATED_DECISIONS),
    notReady: () => health.notReady(),
  };
  return { parts, routes, admission: ingest.admission, health, operations };
}

async function listen(
  env: GatewayEnv,
  { parts, routes, admission, operations }: OpenedParts,
): Promise<{ readonly app: NestFastifyApplication; readonly sockets: TailSockets }> {
  const direct = new DirectRoutes();
  const adapter = createHttpAdapter({
    routes,
    direct,
    metrics: parts.metrics,
    admission,
    operations,
    limits: {
      requestBytesMax: env.CHORDA_INGEST_REQUEST_BYTES_MAX,
      requestTimeoutMs: env.CHORDA_HTTP_REQUEST_TIMEOUT_MS,
    },
    origins: env.CHORDA_CORS_ORIGINS,
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.with(parts), adapter, {
    logger: nestLogger(parts.logger),
    bodyParser: false,
    abortOnError: false,
  });
  parts.documents.describe(app, productVersion);
  direct.add('POST', '/v1/events', directIngest(app.get(IngestController), app.get(Entrance), parts.problems));
  addDirectOpenAi(direct, app.get(OpenAiController), app.get(Entrance), parts.problems);
  await app.listen(env.PORT, env.CHORDA_LISTEN_HOST);
  direct.assertTaken();
  const { authenticator, access, logger } = parts;
  const met = { watch: app.get(CredentialWatch), history: app.get(TailHistoryService), logger };
  const sockets = openSockets(env, parts.tail, { authenticator, limits: access.limits, ...met });
  sockets.attach(app.getHttpServer());
  return { app, sockets };
}

type AccessNeeds = Pick<GatewayParts, 'producer' | 'codec' | 'metrics' | 'logger'> & {
  readonly pool: pg.Pool;
  readonly redis: Redis | undefined;
};

function openAccess(
  env: GatewayEnv,
  { pool, redis, producer, codec, metrics, logger }: AccessNeeds,
  closing: (() => Promise<unknown> | void)[],
): AccessParts {
  const audited = { producer, codec, clock: systemClock };
  const audit = new AuditRelay(new AuditOutbox(pool), audited, metrics.auditPublished, logger);
  audit.start();
  closing.push(() => audit.stop());
  const limits = openLimits({
    redis,
    prefix: env.CHORDA_TOPIC_PREFIX,
    defaults: {
      keyRequestsPerMinute: env.CHORDA_LIMIT_KEY_REQUESTS_PER_MINUTE,
      tenantRequestsPerMinute: env.CHORDA_LIMIT_TENANT_REQUESTS_PER_MINUTE,
      tenantEventsPerMinute: env.CHORDA_LIMIT_TENANT_EVENTS_PER_MINUTE,
      tenantEventsPerDay: env.CHORDA_LIMIT_TENANT_EVENTS_PER_DAY,
    },
    clock: systemClock,
    logger,
    onRefused: (window) => metrics.rateLimited.inc({ window }),
    onAlone: () => metrics.limitsAlone.inc(),
  });
  return {
    keys: new ApiKeyRepository(pool, isPlanted('audit-apart') ? auditApart(pool) : undefined),
    tenants: new TenantRepository(pool),
    limits,
    audit,
    denials: new Denials(audited, metrics.auditDenied, logger),
  };
}

/** The bug `audit-apart`. */
function auditApart(pool: pg.Pool): typeof AuditOutbox.add {
  const outbox = new AuditOutbox(pool);
  return (_tx, entry) => outbox.record(entry).catch(() => undefined);
}

function hostInUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
