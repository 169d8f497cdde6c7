import type { AgentId, EventEnvelope, ExecutionId } from '@chorda/contracts';
import { jsonText } from '@chorda/contracts';
import { defaultTenant, newId } from '@chorda/kernel';

const agents = 1_000;

/** An `agent.executed` of about 300 bytes of Avro, of one of a thousand agents. */
export function sampleEvent(index: number): EventEnvelope {
  const agentId =
    `AGENT-20261121-000000-0001-${(index % agents).toString(16).padStart(4, '0').toUpperCase()}` as AgentId;
  return {
    event: {
      type: 'agent.executed',
      data: {
        agent_id: agentId,
        execution_id: newId() as ExecutionId,
        user_id: null,
        session_id: null,
        input_data: jsonText({ question: 'Which of the open invoices of this customer are overdue, and by how long?' }),
        output_data: jsonText({
          answer: 'Two of five: 2026-0411 by 12 days and 2026-0398 by 31 days.',
          confidence: 0.93,
        }),
        execution_time_ms: 1_234,
        status: 'completed',
        metadata: null,
        model: null,
        usage: null,
      },
    },
    metadata: {
      id: newId(),
      source: 'urn:chorda:bench',
      subject: agentId,
      tenantId: defaultTenant,
      timeMs: Date.now(),
      correlationId: newId(),
    },
  };
}
