import { sleep, type Logger } from '@chorda/kernel';
import type { AssignedLog } from './assigned-log.js';
import type { Cluster, Node } from './cluster.js';
import { errorOfCode, isRetriableCode, kafkaErrors, toBackboneError } from './errors.js';
import { fetchRequest, type FetchedPartition } from './wire/requests.js';

const limits = { waitMsMax: 200, bytesMax: 8 * 1024 * 1024, partitionBytesMax: 1024 * 1024 };
const backoffMsMin = 50;
const backoffMsMax = 1_000;
/** A fetch in flight knows nothing of partitions that got room since: a shorter pause than `waitMsMax` would not help. */
const idleMsMax = 200;
const fetchLane = 1;
const pausedBytesMax = 256 * 1024;

/**
 * One loop a broker, one request in flight each. The next one starts as soon as the last is in the buffers, whatever the
 * readers do.
 */
export class Fetcher {
  private readonly loops = new Map<number, Promise<void>>();
  private readonly stopping = new AbortController();
  private wakeAll: (() => void)[] = [];
  private turn = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly logs: readonly AssignedLog[],
    private readonly logger: Logger,
    private readonly onOutOfRange: (log: AssignedLog) => void,
    private readonly pauseMs = 0,
  ) {}

  wake(): void {
    for (const wake of this.wakeAll.splice(0)) wake();
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      for (const log of this.logs) {
        const leader = this.cluster.leaderOf(log.fullTopic, log.partition);
        if (leader && !this.loops.has(leader.nodeId)) this.startLoop(leader.nodeId);
      }
      const hasHomeless = this.logs.some((log) => !this.cluster.leaderOf(log.fullTopic, log.partition));
      if (hasHomeless) await this.refresh();
      await sleep(500, this.stopping.signal);
    }
    await Promise.allSettled(this.loops.values());
  }

  stop(): void {
    this.stopping.abort();
    this.wake();
  }

  private startLoop(nodeId: number): void {
    const loop = this.loop(nodeId).finally(() => this.loops.delete(nodeId));
    this.loops.set(nodeId, loop);
  }

  private async loop(nodeId: number): Promise<void> {
    let backoffMs = backoffMsMin;
    while (!this.stopping.signal.aborted) {
      const node = this.cluster.node(nodeId);
      if (!node) return;
      const wanted = this.wantedFrom(nodeId);
      if (wanted.length === 0) {
        await this.idle();
        continue;
      }
      try {
        const isHealthy = await this.fetchOnce(node, wanted);
        backoffMs = isHealthy ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
        if (isHealthy) continue;
      } catch (error) {
        this.logger.debug('A fetch failed', { node: node.address, error: toBackboneError(error, 'Fetch') });
        backoffMs = Math.min(backoffMs * 2, backoffMsMax);
      }
      await this.refresh();
      await sleep(backoffMs, this.stopping.signal);
    }
  }

  /** Every turn starts with another partition, since the broker fills its answer in the order of the request. */
  private wantedFrom(nodeId: number): AssignedLog[] {
    const wanted = this.logs.filter(
      (log) => log.wantsFetch && this.cluster.leaderOf(log.fullTopic, log.partition)?.nodeId === nodeId,
    );
    if (wanted.length < 2) return wanted;
    const first = this.turn++ % wanted.length;
    return [...wanted.slice(first), ...wanted.slice(0, first)];
  }

  private async fetchOnce(node: Node, wanted: readonly AssignedLog[]): Promise<boolean> {
    const asked = new Map(wanted.map((log) => [`${log.fullTopic}/${log.partition}`, { log, seek: log.generation }]));
    const request = fetchRequest(
      wanted.map(({ fullTopic, partition, fetchOffset }) => ({ topic: fullTopic, partition, offset: fetchOffset! })),
      limits,
    );
    const fetched = await this.cluster.send(node, request, fetchLane);
    let isHealthy = true;
    let bytes = 0;
    const nowMs = Date.now();
    for (const part of fetched) {
      const target = asked.get(`${part.topic}/${part.partition}`);
      bytes += part.records?.length ?? 0;
      if (!target || target.log.generation !== target.seek || target.log.intake.aborted) continue;
      if (part.errorCode === 0) target.log.accept(part, nowMs);
      else isHealthy = this.handleError(target.log, part) && isHealthy;
    }
    // Who is behind gets large answers, and is not held up.
    if (this.pauseMs > 0 && bytes > 0 && bytes < pausedBytesMax) await sleep(this.pauseMs, this.stopping.signal);
    return isHealthy;
  }

  private handleError(log: AssignedLog, part: FetchedPartition): boolean {
    const { errorCode } = part;
    if (errorCode === kafkaErrors.offsetOutOfRange) {
      this.onOutOfRange(log);
      return true;
    }
    if (isRetriableCode(errorCode) || errorCode === kafkaErrors.unknownTopicOrPartition) return false;
    log.stopAt(errorOfCode(errorCode, 'Fetching', log.topic).message);
    return true;
  }

  private async idle(): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
      this.wakeAll.push(resolve);
    });
    const timer = setTimeout(wake, idleMsMax);
    await woken;
    clearTimeout(timer);
  }

  private async refresh(): Promise<void> {
    await this.cluster
      .refresh()
      .catch((error: unknown) => this.logger.debug('Metadata could not be refreshed', { error }));
  }
}
