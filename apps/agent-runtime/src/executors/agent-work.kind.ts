import type { AgentWork } from '@chorda/contracts';
import { commandOf, lostCall, type AssignedWork, type WorkOutcome } from '@chorda/domain';
import { isPlanted } from '@chorda/platform';
import { workAnsweredChannel, workReadyChannel, workRevokedChannel } from '@chorda/read-models';
import { keptMetadata, type WorkKind } from '@chorda/work';

/** One group for all executors: each work is taken into the inbox once, and done by whoever has room. */
export const executorGroup = 'agent-runtime.executors';

/** Work that the engine of agents gives out. */
export const agentWorkKind: WorkKind<AgentWork, AssignedWork, WorkOutcome> = {
  table: 'agent_work',
  source: 'urn:chorda:service:agent-runtime',
  consumerGroup: executorGroup,
  topics: ['agent.work.models', 'agent.work.tools', 'agent.work.workers'],
  endsWork: new Set(['agent.work_revoked']),
  channels: { ready: workReadyChannel, answered: workAnsweredChannel, revoked: workRevokedChannel },
  queues: ['models', 'tools'],
  crashPrefix: 'executor',
  lost: lostCall,
  read(topic, work, metadata) {
    const { tenantId } = metadata;
    const queue = topic.slice(topic.lastIndexOf('.') + 1);
    const kept = keptMetadata(metadata);
    if (work.type === 'agent.work_revoked') {
      const works = work.data.attempt_tokens.map((workId) => ({ tenantId, workId, queue, metadata: kept }));
      return { kind: 'revoked', works };
    }
    const { data } = work;
    return {
      kind: 'asked',
      item: {
        tenantId,
        workId: data.attempt_token,
        queue,
        toolName: work.type === 'agent.tool_requested' ? work.data.tool_name : null,
        // Asking a model twice costs twice and does nothing else.
        repeatable: work.type !== 'agent.tool_requested' || work.data.idempotent || isPlanted('executors-repeat-all'),
        work: JSON.stringify(work),
        metadata: JSON.stringify(kept),
        leaseMs: Math.max(1, data.lease_ms),
        deadlineMs: data.deadline_at,
      },
    };
  },
  commandOf(work, outcome) {
    const command = commandOf(work, outcome);
    return command && { command };
  },
  labelOf: ({ queue }) => queue,
  endOf: (outcome) => (outcome.kind === 'tool_result' ? outcome.status : outcome.kind),
  isUnfinished: (outcome) =>
    outcome.kind === 'turn_failure' || (outcome.kind === 'tool_result' && outcome.status !== 'completed'),
};
