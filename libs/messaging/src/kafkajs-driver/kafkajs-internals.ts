import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Logger } from '@chorda/kernel';
import { DriverVersionError } from '../errors.js';

/**
 * kafkajs gives us sockets, TLS, SASL, framing and the small requests; the loops that move records are our own. What is
 * used below its public face is named here and nowhere else, and belongs to exactly this version.
 */
export const kafkajsVersion = '2.2.4';

export interface WireRequest<Answer> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<{ buf: Buffer; buffer: Buffer }>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<{ answer: Answer; clientSideThrottleTime: number }>;
    parse(decoded: { answer: Answer }): Promise<Answer>;
  };
  readonly requestTimeout: number | null;
}

export interface KafkajsConnection {
  readonly socket?: Socket;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  rejectRequests(error: Error): void;
  send<Answer>(request: WireRequest<Answer>): Promise<Answer>;
}

export interface KafkajsConnectionPool {
  /** Two connections: everything but Fetch goes over the first, so that a waiting fetch delays no heartbeat. */
  readonly pool: readonly [KafkajsConnection, KafkajsConnection];
  destroy(): Promise<void>;
}

interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly errorCode: number }[];
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly groupProtocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

/** What we call of kafkajs's `Broker`. Each call rejects with one of its errors. */
export interface KafkajsBroker {
  readonly connectionPool: KafkajsConnectionPool;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<{
    coordinator: { nodeId: number; host: string; port: number };
  }>;
  joinGroup(options: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: readonly { name: string; metadata: Buffer }[];
  }): Promise<JoinedGroup>;
  syncGroup(options: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(of: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(of: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; offset: string; metadata: string | null }[];
    }[];
  }): Promise<unknown>;
  offsetFetch(options: {
    groupId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ responses: readonly TopicOffsets[] }>;
  listOffsets(options: {
    isolationLevel: number;
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: readonly TopicOffsets[] }>;
}

type KafkajsLogEntry = { namespace: string; level: number; log: { message: string; [field: string]: unknown } };
interface KafkajsLogger {
  namespace(name: string): KafkajsLogger;
}

export interface SocketRequest {
  readonly host: string;
  readonly port: number;
  readonly ssl: object | undefined;
  readonly onConnect: () => void;
}

interface ConnectionPoolOptions {
  host: string;
  port: number;
  rack: null;
  ssl: object | undefined;
  sasl: object | undefined;
  clientId: string;
  socketFactory: (request: SocketRequest) => Socket;
  connectionTimeout: number;
  requestTimeout: number;
  enforceRequestTimeout: boolean;
  maxInFlightRequests: null;
  reauthenticationThreshold: number;
  instrumentationEmitter: null;
  logger: KafkajsLogger;
}

interface RequestQueueInternals {
  pending: readonly unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const load = createRequire(import.meta.url);
const installed: { version: string } = load('kafkajs/package.json');
const poolModule: new (options: ConnectionPoolOptions) => KafkajsConnectionPool = load(
  'kafkajs/src/network/connectionPool',
);
const brokerModule: new (options: {
  connectionPool: KafkajsConnectionPool;
  logger: KafkajsLogger;
  nodeId: number | null;
  authenticationTimeout: number;
  allowAutoTopicCreation: boolean;
}) => KafkajsBroker = load('kafkajs/src/broker');
const loggers: {
  createLogger(options: { level: number; logCreator: () => (entry: KafkajsLogEntry) => void }): KafkajsLogger;
} = load('kafkajs/src/loggers');
const requestQueueModule: { prototype: RequestQueueInternals } = load('kafkajs/src/network/requestQueue');

/** @throws {@link DriverVersionError} unless the installed kafkajs is the one that this file belongs to. */
export function assertKafkajsVersion(found = installed.version): void {
  if (found === kafkajsVersion) return;
  throw new DriverVersionError(
    `kafkajs ${found} is installed, the driver reaches into ${kafkajsVersion}: install exactly that version`,
  );
}

/**
 * kafkajs arms a new timer of 1 ms whenever the last one fired, per connection and for ever, though nothing waits.
 * A timer is needed only while the broker has told us to slow down and requests wait for that to end.
 */
export function stopIdleTimerLoop(): void {
  requestQueueModule.prototype.scheduleCheckPendingRequests = function scheduleWhileSomethingWaits() {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId) return;
    // Without a throttle the answer of a request in flight checks the queue; the timer is for the lost case.
    const waitMs = Math.max(this.throttledUntil - Date.now(), 10);
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, waitMs);
  };
}

const warnLevel = 2;

/** kafkajs logs each lost connection as an error; we retry those, so nothing from it is above debug here. */
export function kafkajsLogger(logger: Logger): KafkajsLogger {
  return loggers.createLogger({
    level: warnLevel,
    logCreator:
      () =>
      ({ log, namespace }) =>
        logger.debug(`kafkajs: ${log.message}`, { namespace, broker: log['broker'] }),
  });
}

export function createBroker(
  nodeId: number | null,
  options: Omit<
    ConnectionPoolOptions,
    'rack' | 'maxInFlightRequests' | 'instrumentationEmitter' | 'reauthenticationThreshold' | 'enforceRequestTimeout'
  >,
): KafkajsBroker {
  const connectionPool = new poolModule({
    ...options,
    rack: null,
    enforceRequestTimeout: true,
    maxInFlightRequests: null,
    reauthenticationThreshold: 10_000,
    instrumentationEmitter: null,
  });
  return new brokerModule({
    connectionPool,
    logger: options.logger,
    nodeId,
    authenticationTimeout: 10_000,
    allowAutoTopicCreation: false,
  });
}
