import type { Logger } from '@chorda/kernel';
import { BrokerUnavailableError, TopicMissingError } from '../errors.js';
import type { KafkaConnection } from '../port.js';
import { errorOfCode, isConnectionFailure, isRetriableCode, kafkaErrors, toBackboneError } from './errors.js';
import { createBroker, kafkajsLogger, type KafkajsBroker, type WireRequest } from './kafkajs-internals.js';
import { openSocket, saslOptions, tlsOptions } from './sockets.js';
import { metadataRequest, type ClusterMetadata, type TopicMetadata } from './wire/requests.js';

const connectTimeoutMs = 5_000;
const requestTimeoutMs = 15_000;
const groupCoordinator = 0;

export interface Node {
  readonly nodeId: number;
  readonly address: string;
  readonly broker: KafkajsBroker;
}

/**
 * The brokers of a cluster, their connections, and who leads which partition. One cluster object belongs to one producer,
 * one consumer or one admin, so that none waits for the requests of another.
 */
export class Cluster {
  private readonly nodes = new Map<number, Node>();
  private readonly seeds: Node[];
  private readonly connecting = new Map<string, Promise<unknown>>();
  private readonly topics = new Map<string, TopicMetadata>();
  private refreshing: Promise<ClusterMetadata> | undefined;
  private closed = false;
  controllerId = -1;

  constructor(
    private readonly connection: KafkaConnection,
    private readonly logger: Logger,
  ) {
    this.seeds = connection.brokers.map((address) => this.nodeAt(-1, address));
  }

  /** Known topics only; ask `refresh` first. */
  topic(name: string): TopicMetadata | undefined {
    return this.topics.get(name);
  }

  leaderOf(topic: string, partition: number): Node | undefined {
    const partitions = this.topics.get(topic)?.partitions;
    // Brokers list them in order; asked for every partition of every request, a search would be felt.
    const expected = partitions?.[partition];
    const found =
      expected?.partition === partition ? expected : partitions?.find((candidate) => candidate.partition === partition);
    return found === undefined ? undefined : this.nodes.get(found.leader);
  }

  node(nodeId: number): Node | undefined {
    return this.nodes.get(nodeId);
  }

  /** Asks a broker that answers for these topics and every known one; topics that are missing are forgotten. */
  async refresh(more: readonly string[] = []): Promise<ClusterMetadata> {
    const known = more.every((topic) => this.topics.has(topic));
    if (this.refreshing && known) return this.refreshing;
    await this.refreshing?.catch(() => undefined);
    const asked = [...new Set([...this.topics.keys(), ...more])];
    const refreshing = this.fetchMetadata(asked).finally(() => {
      if (this.refreshing === refreshing) this.refreshing = undefined;
    });
    this.refreshing = refreshing;
    return refreshing;
  }

  /** @throws {@link TopicMissingError} @throws {@link BrokerUnavailableError} */
  async topicOrThrow(name: string): Promise<TopicMetadata> {
    const known = this.topics.get(name);
    if (known && known.partitions.every(({ leader }) => leader >= 0)) return known;
    const metadata = await this.refresh([name]);
    const found = metadata.topics.find((topic) => topic.name === name);
    if (!found || found.errorCode === kafkaErrors.unknownTopicOrPartition) throw new TopicMissingError(name);
    if (found.errorCode !== 0) throw errorOfCode(found.errorCode, `Looking up topic ${name}`, name);
    return found;
  }

  async coordinatorOf(group: string): Promise<Node> {
    const { coordinator } = await this.withAnyNode('Finding the group coordinator', ({ broker }) =>
      broker.findGroupCoordinator({ groupId: group, coordinatorType: groupCoordinator }),
    );
    const known = this.nodes.get(coordinator.nodeId);
    const address = `${coordinator.host}:${coordinator.port}`;
    if (known?.address === address) return known;
    const node = this.nodeAt(coordinator.nodeId, address);
    this.nodes.set(coordinator.nodeId, node);
    return node;
  }

  /** Sends one of our own requests to a node. */
  async send<Answer>(node: Node, request: WireRequest<Answer>, lane: 0 | 1 = 0): Promise<Answer> {
    return this.call(node, request.request.apiName, () => node.broker.connectionPool.pool[lane].send(request), lane);
  }

  /** Calls kafkajs's own request on a connected broker; every error becomes one of ours. */
  async call<Answer>(node: Node, what: string, ask: (broker: KafkajsBroker) => Promise<Answer>, lane: 0 | 1 = 0) {
    try {
      await this.connect(node, lane);
      return await ask(node.broker);
    } catch (error) {
      // A request that timed out leaves a connection that nobody can trust: its answer may come to the next request.
      if (error instanceof Error && error.name === 'KafkaJSRequestTimeoutError') {
        node.broker.connectionPool.pool[lane].socket?.destroy(new Error('a request timed out'));
      }
      throw toBackboneError(error, `${what} at ${node.address}`);
    }
  }

  async withAnyNode<Answer>(what: string, ask: (node: Node) => Promise<Answer>): Promise<Answer> {
    let last: unknown;
    for (const node of this.byConnected()) {
      if (this.closed) throw new BrokerUnavailableError(`${what}: the client is closed`);
      try {
        return await this.call(node, what, () => ask(node));
      } catch (error) {
        last = error;
        // Another broker may answer where this one is away or still loading; a refusal is everyone's.
        if (!isConnectionFailure(error) && !isRetriable(error)) throw error;
      }
    }
    throw toBackboneError(last, what);
  }

  async close(): Promise<void> {
    this.closed = true;
    const all = [...this.nodes.values(), ...this.seeds];
    for (const { broker } of all) {
      for (const { socket } of broker.connectionPool.pool) socket?.destroy();
    }
    // Without a socket each of them ends at once; what was in flight is rejected by it.
    const closing = all.map(({ broker }) => endConnections(broker));
    await Promise.allSettled(closing);
  }

  private async connect(node: Node, lane: 0 | 1): Promise<void> {
    if (this.closed) throw new BrokerUnavailableError('The client is closed');
    const { pool } = node.broker.connectionPool;
    if (pool[0].isConnected() && pool[lane].isConnected()) return;
    // Two requests at once would open two sockets for one connection, and kafkajs would forget the first.
    await this.once(`${node.nodeId} ${node.address} 0`, () => this.openFirst(node));
    if (lane === 1 && !pool[1].isConnected())
      await this.once(`${node.nodeId} ${node.address} 1`, () => pool[1].connect());
  }

  private async openFirst({ broker }: Node): Promise<void> {
    const [first] = broker.connectionPool.pool;
    try {
      await broker.connect();
      // kafkajs calls a broker connected when either connection is.
      if (!first.isConnected()) await first.connect();
    } catch (error) {
      // Half signed in: the broker takes no second handshake on this connection.
      first.socket?.destroy();
      throw error;
    }
  }

  private once(key: string, open: () => Promise<unknown>): Promise<unknown> {
    const running = this.connecting.get(key);
    if (running) return running;
    const opening = open().finally(() => this.connecting.delete(key));
    this.connecting.set(key, opening);
    return opening;
  }

  private byConnected(): Node[] {
    const all = [...this.nodes.values(), ...this.seeds];
    const isOpen = ({ broker }: Node) => broker.connectionPool.pool[0].isConnected();
    return [...all.filter(isOpen), ...all.filter((node) => !isOpen(node))];
  }

  private async fetchMetadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const metadata = await this.withAnyNode('Metadata', (node) => this.send(node, metadataRequest(topics)));
    for (const { nodeId, host, port } of metadata.brokers) {
      const address = `${host}:${port}`;
      if (this.nodes.get(nodeId)?.address !== address) this.nodes.set(nodeId, this.nodeAt(nodeId, address));
    }
    this.controllerId = metadata.controllerId;
    for (const topic of metadata.topics) {
      if (topic.errorCode === 0) this.topics.set(topic.name, topic);
      else if (!isRetriableCode(topic.errorCode) || topic.errorCode === kafkaErrors.unknownTopicOrPartition) {
        this.topics.delete(topic.name);
      }
    }
    return metadata;
  }

  private nodeAt(nodeId: number, address: string): Node {
    const { host, port } = parseAddress(address);
    const broker = createBroker(nodeId < 0 ? null : nodeId, {
      host,
      port,
      ssl: tlsOptions(this.connection.ssl),
      sasl: saslOptions(this.connection.sasl),
      clientId: this.connection.clientId,
      socketFactory: openSocket,
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      logger: kafkajsLogger(this.logger),
    });
    return { nodeId, address, broker };
  }
}

function isRetriable(error: unknown): boolean {
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}

async function endConnections(broker: KafkajsBroker): Promise<void> {
  for (const connection of broker.connectionPool.pool) {
    connection.rejectRequests(new Error('the client was closed'));
    await connection.disconnect();
  }
}

function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}
