import { createRequire } from 'node:module';
import type { Cluster, Node } from './cluster.js';
import { codeOf, errorOfCode, kafkaErrors } from './errors.js';
import type { JoinedGroup } from './kafkajs-internals.js';

const load = createRequire(import.meta.url);
const protocol: {
  MemberMetadata: {
    encode(metadata: { version: number; topics: readonly string[] }): Buffer;
    decode(bytes: Buffer): { topics: readonly string[] };
  };
  MemberAssignment: {
    encode(assignment: { version: number; assignment: Readonly<Record<string, readonly number[]>> }): Buffer;
    decode(bytes: Buffer): { assignment: Readonly<Record<string, readonly number[]>> } | null;
  };
} = load('kafkajs/src/consumer/assignerProtocol');

const assignerName = 'RoundRobinAssigner';

export interface GroupTiming {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export interface TopicOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** A member of a consumer group (the classic protocol): join, sync, heartbeat, commit, leave. Topics carry their prefix. */
export class Membership {
  private memberId = '';
  private generationId = -1;
  private coordinator: Node | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly group: string,
    private readonly topics: readonly string[],
    private readonly timing: GroupTiming,
  ) {}

  /** Joins and waits for an assignment. Rejects on a rebalance in between: call again. */
  async join(): Promise<{ topic: string; partition: number }[]> {
    await this.cluster.refresh(this.topics);
    for (const topic of this.topics) await this.cluster.topicOrThrow(topic);
    this.coordinator = await this.cluster.coordinatorOf(this.group);
    try {
      const joined = await this.ask('JoinGroup', (broker) =>
        broker.joinGroup({
          groupId: this.group,
          sessionTimeout: this.timing.sessionTimeoutMs,
          rebalanceTimeout: this.timing.rebalanceTimeoutMs,
          memberId: this.memberId,
          groupProtocols: [
            { name: assignerName, metadata: protocol.MemberMetadata.encode({ version: 1, topics: this.topics }) },
          ],
        }),
      );
      this.memberId = joined.memberId;
      this.generationId = joined.generationId;
      const groupAssignment = joined.leaderId === joined.memberId ? await this.assignAll(joined) : [];
      const { memberAssignment } = await this.ask('SyncGroup', (broker) =>
        broker.syncGroup({
          groupId: this.group,
          generationId: this.generationId,
          memberId: this.memberId,
          groupAssignment,
        }),
      );
      return this.assigned(memberAssignment);
    } catch (error) {
      if (codeOf(error) === kafkaErrors.unknownMemberId) this.forget();
      throw error;
    }
  }

  async heartbeat(): Promise<void> {
    await this.ask('Heartbeat', (broker) =>
      broker.heartbeat({ groupId: this.group, groupGenerationId: this.generationId, memberId: this.memberId }),
    );
  }

  async commit(offsets: readonly TopicOffset[]): Promise<void> {
    const topics = offsets.map(({ topic, partition, offset }) => ({
      topic,
      partitions: [{ partition, offset: String(offset), metadata: null }],
    }));
    await this.ask('OffsetCommit', (broker) =>
      broker.offsetCommit({
        groupId: this.group,
        groupGenerationId: this.generationId,
        memberId: this.memberId,
        topics,
      }),
    );
  }

  async committed(partitions: readonly { topic: string; partition: number }[]): Promise<TopicOffset[]> {
    if (partitions.length === 0) return [];
    const { responses } = await this.ask('OffsetFetch', (broker) =>
      broker.offsetFetch({
        groupId: this.group,
        topics: partitions.map(({ topic, partition }) => ({ topic, partitions: [{ partition }] })),
      }),
    );
    return responses.flatMap(({ topic, partitions: found }) =>
      found.flatMap(({ partition, offset, errorCode }) => {
        if (errorCode !== 0) throw errorOfCode(errorCode, 'OffsetFetch', topic);
        return BigInt(offset) < 0n ? [] : [{ topic, partition, offset: BigInt(offset) }];
      }),
    );
  }

  /** The coordinator may have moved; the next call looks for it. */
  async findCoordinator(): Promise<void> {
    this.coordinator = await this.cluster.coordinatorOf(this.group);
  }

  /** The broker has given us up: the next join is a new member's. */
  forget(): void {
    this.memberId = '';
    this.generationId = -1;
  }

  async leave(): Promise<void> {
    if (this.memberId === '') return;
    const { memberId } = this;
    this.forget();
    await this.ask('LeaveGroup', (broker) => broker.leaveGroup({ groupId: this.group, memberId }));
  }

  private ask<Answer>(what: string, ask: (broker: Node['broker']) => Promise<Answer>): Promise<Answer> {
    return this.cluster.call(this.coordinator!, what, ask);
  }

  /** As kafkajs's round robin does, so that both can share a group: members by id, partitions dealt in turn. */
  private async assignAll({ members }: JoinedGroup) {
    const memberIds = members.map(({ memberId }) => memberId).sort();
    const topicsOf = new Map(
      members.map(({ memberId, memberMetadata }) => [memberId, protocol.MemberMetadata.decode(memberMetadata).topics]),
    );
    const topics = [...new Set([...topicsOf.values()].flat())].sort();
    await this.cluster.refresh(topics);
    const shares = new Map<string, Record<string, number[]>>(memberIds.map((memberId) => [memberId, {}]));
    let turn = 0;
    for (const topic of topics) {
      const takers = memberIds.filter((memberId) => topicsOf.get(memberId)?.includes(topic));
      for (const { partition } of this.cluster.topic(topic)?.partitions ?? []) {
        const share = shares.get(takers[turn++ % takers.length]!)!;
        (share[topic] ??= []).push(partition);
      }
    }
    return [...shares].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: protocol.MemberAssignment.encode({ version: 1, assignment }),
    }));
  }

  private assigned(memberAssignment: Buffer): { topic: string; partition: number }[] {
    const decoded = protocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
    return Object.entries(decoded)
      .filter(([topic]) => this.topics.includes(topic))
      .flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
  }
}
