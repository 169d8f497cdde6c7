import { BackboneError, type Logger } from '@chorda/kernel';
import type { ModulesContainer } from '@nestjs/core';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Registry } from 'prom-client';
import { distinctUntilChanged, type Observable } from 'rxjs';
import type { ConsumerHealth, ConsumerOptions, RunningConsumer } from '../consumer-contract.js';
import { startConsumer, type StartConsumer } from '../consumer/start-consumer.js';
import type { KafkaDriver } from '../port.js';
import { discoverBatchConsumers, type DiscoveredConsumer } from './batch-consumer-discovery.js';
import type { BatchConsumerOptions } from './batch-consumer.decorator.js';

/** The transport id of {@link ChordaKafkaServer}: Nest's own `Transport.KAFKA` handlers are not for it. */
export const chordaKafkaTransport = Symbol('chorda:kafka');

/**
 * What the worst of the app's consumers is in. `disconnected` before `listen` and while any consumer still joins,
 * `connected` when all have their partitions, `rebalancing` while one is between two assignments, `crashed` when one
 * cannot go on by itself, `stopped` after `close`.
 */
export type ChordaKafkaStatus = 'disconnected' | 'connected' | 'rebalancing' | 'crashed' | 'stopped';

export interface ChordaKafkaServerOptions {
  /** Nest's container: `app.get(ModulesContainer)`, or `inject: [ModulesContainer]` of an async microservice. */
  readonly modules: ModulesContainer;
  /** Stays the caller's: `close` leaves it open. */
  readonly driver: KafkaDriver;
  readonly codec: StartConsumer['codec'];
  readonly logger: Logger;
  readonly metrics: Registry;
}

/** Kafka is not reached by patterns here, so what belongs to patterns is refused instead of doing nothing. */
export class UnsupportedTransportFeatureError extends BackboneError {
  readonly code = 'UNSUPPORTED_TRANSPORT_FEATURE';
  readonly retriable = false;
}

/**
 * Runs every `@BatchConsumer` of an app as a group of its own, on the consumer engine of this library.
 *
 * `listen` finds the consumers and fails where their declarations do not hold together; it does not wait for Kafka: a
 * broker that is away shows in `status` and `health`, and is tried again without end. `close` ends intake, drains what
 * is in hand, commits and leaves the groups. In an app that also listens to HTTP, Nest runs `onModuleDestroy` before it
 * closes transports: what handlers need (pools) must be closed in `onApplicationShutdown`.
 */
export class ChordaKafkaServer extends Server<never, ChordaKafkaStatus> implements CustomTransportStrategy {
  override readonly transportId = chordaKafkaTransport;
  /** A handler's failure is the engine's to see: it decides whether offsets move. */
  override readonly propagatesEventHandlerErrors = true;

  readonly #options: ChordaKafkaServerOptions;
  readonly #running: RunningConsumer[] = [];
  readonly #states = new Map<string, ConsumerHealth['state']>();
  #starting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ChordaKafkaServerOptions) {
    super();
    this.#options = options;
    this._status$.next('disconnected');
  }

  override get status(): Observable<ChordaKafkaStatus> {
    return this._status$.pipe(distinctUntilChanged());
  }

  listen(callback: (error?: unknown) => void): void {
    this.#starting = this.#startAll();
    void this.#tellWhenStarted(callback);
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A consumer that is still joining would join after we left: wait until there is something to stop.
    await this.#starting.catch(() => undefined);
    await this.#stopAll();
    this._status$.next('stopped');
  }

  /** The consumers that run, one a group, in the order of their declaration. */
  unwrap<T = readonly RunningConsumer[]>(): T {
    return [...this.#running] as T;
  }

  /** For readiness: health of each group, with the reason of every partition that waits. */
  health(): readonly ConsumerHealth[] {
    return this.#running.map((consumer) => consumer.health());
  }

  on(): never {
    throw new UnsupportedTransportFeatureError('ChordaKafkaServer emits no events: subscribe to `status` instead');
  }

  async #tellWhenStarted(callback: (error?: unknown) => void): Promise<void> {
    const [started] = await Promise.allSettled([this.#starting]);
    // Nest takes any argument but undefined for a failure.
    callback(started.status === 'rejected' ? started.reason : undefined);
  }

  async #startAll(): Promise<void> {
    const consumers = discoverBatchConsumers(this.#options.modules);
    if (this.messageHandlers.size > 0) {
      const patterns = [...this.messageHandlers.keys()].join(', ');
      this.#options.logger.warn('Pattern handlers get nothing from Kafka here: use @BatchConsumer', { patterns });
    }
    for (const consumer of consumers) this.#states.set(consumer.options.consumerGroup, 'joining');
    const started = await Promise.allSettled(consumers.map((consumer) => this.#start(consumer)));
    for (const result of started) if (result.status === 'fulfilled') this.#running.push(result.value);
    const failed = started.filter((result) => result.status === 'rejected');
    if (failed.length === 0) return this.#reportStatus();
    await this.#stopAll();
    throw failed.length === 1 ? failed[0]?.reason : new AggregateError(failed.map((result) => result.reason));
  }

  async #start({ className, options, handler }: DiscoveredConsumer): Promise<RunningConsumer> {
    const { driver, codec, metrics } = this.#options;
    const group = options.consumerGroup;
    const logger = this.#options.logger.child({ consumer: className, group });
    const onState = (state: ConsumerHealth['state']) => {
      this.#states.set(group, state);
      this.#reportStatus();
    };
    return startConsumer({ driver, codec, options: consumerOptions(options), handler, logger, metrics, onState });
  }

  async #stopAll(): Promise<void> {
    const stopped = await Promise.allSettled(this.#running.splice(0).map((consumer) => consumer.stop()));
    const reasons = stopped.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown);
    if (reasons.length > 0) throw new AggregateError(reasons, 'Some consumers did not stop cleanly');
  }

  #reportStatus(): void {
    if (!this.#closed) this._status$.next(worstOf([...this.#states.values()]));
  }
}

const worstFirst = ['crashed', 'stopped', 'joining', 'rebalancing', 'running'] as const;

function worstOf(states: readonly ConsumerHealth['state'][]): ChordaKafkaStatus {
  const worst = worstFirst.find((state) => states.includes(state)) ?? 'running';
  if (worst === 'running') return 'connected';
  return worst === 'joining' ? 'disconnected' : worst;
}

function consumerOptions(declared: BatchConsumerOptions): ConsumerOptions {
  const { topic, consumerGroup, batchSizeMax, ...same } = declared;
  const size = batchSizeMax === undefined ? {} : { batchRecordsMax: batchSizeMax };
  return { ...same, ...size, group: consumerGroup, topics: [topic] };
}
