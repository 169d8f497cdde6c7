import { agentId, executionId, jsonValue, workflowId, type workflowWork } from '@chorda/contracts';
import { derivedId } from '@chorda/kernel';
import type { Assignment, ModelAsks, WorkGround } from '@chorda/work';
import { membersOf } from './members-of.js';
import type { CommandGiver } from './command-giver.js';

interface StopParts {
  readonly revoke: WorkGround['revoke'];
  readonly agents: CommandGiver;
  readonly workflows: CommandGiver;
  readonly asks: Pick<ModelAsks, 'cancel'>;
}

/** Nobody waits for a step any more: what was not begun never is, and what it began elsewhere is asked to stop. */
export async function stopStep(
  { revoke, agents, workflows, asks }: StopParts,
  { work: { data }, tenantId, metadata }: Assignment<workflowWork.StopRequested>,
): Promise<void> {
  await revoke([{ tenantId, workId: data.target_id }]);
  const commandId = derivedId(tenantId, data.attempt_token, 'stop');
  const reason = 'The run does not wait for it any more';
  if (data.step_type === 'llm') return asks.cancel({ tenantId, requestId: data.target_id, reason, metadata });
  if (data.step_type === 'sub_workflow') {
    const run = workflowId(data.target_id);
    const command = {
      type: 'workflow.cancel',
      data: { workflow_id: run, reason, hard: false, compensate: false },
    } as const;
    await workflows.give(command, { tenantId, commandId, subject: run, metadata });
  }
  const agent = membersOf(jsonValue(data.settings))['agent_id'];
  if (data.step_type !== 'agent' || typeof agent !== 'string' || agent === '') return;
  const target = { agent_id: agentId(agent), execution_id: executionId(data.target_id), reason };
  // One that has ended by itself refuses, which is as well.
  await agents.give(
    { type: 'agent.cancel_execution', data: target },
    { tenantId, commandId, subject: agent, metadata },
  );
}
