import { jsonText, stepId, workflowId, type EventMetadata, type workflowWork } from '@chorda/contracts';
import { defaultTenant } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { stepWorkKind } from './step-work.kind.js';

const metadata: EventMetadata = {
  ...{ id: 'r', source: 'urn:spec', subject: 'run-1', tenantId: defaultTenant, timeMs: 1, correlationId: 'c' },
};
const requested: Omit<workflowWork.StepRequested['data'], 'queue' | 'idempotent'> = {
  ...{ workflow_id: workflowId('run-1'), workflow_name: 'test', step_id: stepId('charge'), step_name: 'charge' },
  ...{ step_type: 'tool', attempt: 1, attempt_token: 'token-1', lease_ms: 15_000, deadline_at: 60_000 },
  ...{ idempotency_key: 'run-1/charge', worker_queue: null, tool_name: 'charge', user_id: null },
  ...{ input_data: jsonText(null), settings: jsonText({ idle_ms: null }), checkpoint: 0, checkpoint_value: null },
};

function itemOf(queue: 'steps' | 'workers', idempotent: boolean) {
  const data = { ...requested, queue, idempotent };
  const read = stepWorkKind.read(`workflow.work.${queue}`, { type: 'workflow.step_requested', data }, metadata);
  if (read.kind !== 'asked') throw new TypeError(read.kind);
  return read.item;
}

describe('the work of a step', () => {
  it('is begun again when whoever did it is lost where its definition says that it may be, and else is not', () => {
    expect(itemOf('workers', true).repeatable).toBe(true);
    expect(itemOf('workers', false).repeatable).toBe(false);
    expect(itemOf('steps', false).repeatable).toBe(false);
  });

  it('is known by its try: the same record again is the same work', () => {
    expect(itemOf('workers', true)).toEqual(itemOf('workers', true));
    expect(itemOf('workers', true)).toMatchObject({ workId: 'token-1', queue: 'workers:default', toolName: 'charge' });
    expect(itemOf('steps', true).queue).toBe('steps');
  });
});
