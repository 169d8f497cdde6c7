import { sleep, type BackboneError, type Logger } from '@chorda/kernel';
import type { AssignedPartition, GroupConsumer, GroupConsumerOptions, GroupState } from '../port.js';
import type { Cluster } from './cluster.js';
import { codeOf, isConnectionFailure, kafkaErrors, toBackboneError } from './errors.js';
import { GroupSession, type SessionEnd } from './group-session.js';
import { Membership } from './membership.js';

const backoffMsMin = 100;
const backoffMsMax = 10_000;
/** A member that is slow to come back is waited for by all others; its drain has to fit in. */
const rebalanceSlackMs = 10_000;

export interface GroupSettings {
  readonly drainTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly stuckAfterMs: number;
  readonly commitIntervalMs: number;
  readonly bufferBytesMax: number;
  readonly inflatedBytesMax: number;
  readonly fetchPauseMs: number;
  readonly startFrom: 'earliest' | 'latest';
}

export function groupSettings(options: GroupConsumerOptions): GroupSettings {
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  return {
    drainTimeoutMs: options.drainTimeoutMs ?? 5_000,
    sessionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? Math.min(1_000, Math.floor(sessionTimeoutMs / 6)),
    stuckAfterMs: options.stuckAfterMs ?? 300_000,
    commitIntervalMs: options.commitIntervalMs ?? 500,
    bufferBytesMax: options.partitionBufferBytesMax ?? 2 * 1024 * 1024,
    fetchPauseMs: options.fetchPauseMs ?? 0,
    inflatedBytesMax: options.inflatedBytesMax ?? 16 * 1024 * 1024,
    startFrom: options.startFrom ?? 'earliest',
  };
}

/**
 * A member of a consumer group for as long as the process wants it.
 *
 * - `joining`: looks for topics and coordinator, waits for an assignment; after a loss of the brokers too, with its reason.
 * - `running`: partitions are assigned and fetched.
 * - `rebalancing`: intake has ended, readers finish what is in hand, their offsets are committed; then `joining`.
 * - `crashed`: something failed that does not come right by itself, or a reader does not return; after a back-off,
 *   `joining`.
 * - `stopped`: left the group, for good.
 */
export class KafkajsGroupConsumer implements GroupConsumer {
  private current: GroupState = 'joining';
  private session: GroupSession | undefined;
  private readonly stopping = new AbortController();
  private readonly settings: GroupSettings;
  private readonly membership: Membership;
  private readonly finished: Promise<void>;
  /** By partition: the reader of an earlier assignment, until it has returned. */
  private readonly readers = new Map<string, Promise<void>>();
  private epoch = 0;

  constructor(
    private readonly cluster: Cluster,
    topicPrefix: string,
    private readonly options: GroupConsumerOptions,
    private readonly logger: Logger,
  ) {
    this.settings = groupSettings(options);
    this.membership = new Membership(
      cluster,
      `${topicPrefix}${options.group}`,
      options.topics.map((topic) => `${topicPrefix}${topic}`),
      {
        sessionTimeoutMs: this.settings.sessionTimeoutMs,
        rebalanceTimeoutMs: this.settings.drainTimeoutMs + rebalanceSlackMs,
      },
    );
    this.finished = this.runUntilStopped(topicPrefix);
  }

  get state(): GroupState {
    return this.current;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.session?.end({ kind: 'stop' });
    // A join that waits for others is not waited for.
    const deadlineMs = this.settings.drainTimeoutMs + 2_000;
    await Promise.race([this.finished, sleep(deadlineMs)]);
    await this.cluster.close();
    await this.finished;
  }

  private async runUntilStopped(topicPrefix: string): Promise<void> {
    let backoffMs = backoffMsMin;
    while (!this.stopping.signal.aborted) {
      try {
        this.enter('joining', undefined);
        const end = await this.runSession(topicPrefix);
        backoffMs = backoffMsMin;
        if (end.kind === 'stuck') await this.waitForStuckReaders();
      } catch (error) {
        if (this.stopping.signal.aborted) break;
        const failure = toBackboneError(error, `Consumer group ${this.options.group}`);
        if (membershipFaults.has(codeOf(failure))) {
          await sleep(backoffMsMin, this.stopping.signal);
          continue;
        }
        // What comes right by itself (a broker that is away, a coordinator that loads) is still joining, with its reason.
        this.enter(failure.retriable ? 'joining' : 'crashed', failure);
        await sleep(backoffMs, this.stopping.signal);
        backoffMs = Math.min(backoffMs * 2, backoffMsMax);
        if (isConnectionFailure(failure)) await this.cluster.refresh().catch(() => undefined);
      }
    }
    await this.membership
      .leave()
      .catch((error: unknown) => this.logger.debug('The group could not be left', { error }));
    this.enter('stopped', undefined);
  }

  private async runSession(topicPrefix: string): Promise<SessionEnd> {
    const assigned = await this.membership.join();
    const session = new GroupSession(this.cluster, this.membership, this.settings, this.logger, topicPrefix);
    this.session = session;
    if (this.stopping.signal.aborted) session.end({ kind: 'stop' });
    const run = (partition: AssignedPartition) => this.runReader(partition, session);
    this.enter('running', undefined);
    const end = await session.run(assigned, () => ++this.epoch, run);
    this.session = undefined;
    this.logger.info('A consumer session ended', { group: this.options.group, reason: end.kind });
    if (end.kind === 'lost') this.membership.forget();
    if (end.kind === 'stuck') await this.membership.leave().catch(() => undefined);
    if (end.kind === 'failed') throw end.error;
    return end;
  }

  /** Waits for the reader of an older assignment: two at once would handle the same records side by side. */
  private async runReader(partition: AssignedPartition, session: GroupSession): Promise<void> {
    const key = `${partition.topic}/${partition.partition}`;
    // From here on the watchdog counts: an older reader that never returns must not keep the partition from others.
    partition.progress();
    await this.readers.get(key);
    if (partition.intake.aborted) return;
    const reading = this.options.run(partition).catch((error: unknown) => {
      session.end({ kind: 'failed', error: toBackboneError(error, `Reading ${key}`) });
    });
    const settled = reading.finally(() => {
      if (this.readers.get(key) === settled) this.readers.delete(key);
    });
    this.readers.set(key, settled);
    await settled;
  }

  private async waitForStuckReaders(): Promise<void> {
    const stuck = [...this.readers.keys()].join(', ');
    this.enter('crashed', toBackboneError(new Error(`the handler of ${stuck} does not return`), 'Consumer'));
    await Promise.race([Promise.all(this.readers.values()), aborted(this.stopping.signal)]);
  }

  private enter(state: GroupState, error: BackboneError | undefined): void {
    if (this.current === 'stopped') return;
    this.current = state;
    if (error) this.logger.warn('A consumer will join again', { group: this.options.group, state, error });
    this.options.onState?.(state, error);
  }
}

const membershipFaults: ReadonlySet<number | undefined> = new Set([
  kafkaErrors.rebalanceInProgress,
  kafkaErrors.illegalGeneration,
  kafkaErrors.unknownMemberId,
]);

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
