import type { agentWork } from '@chorda/contracts';
import type { AssignedWork, WorkOutcome } from '@chorda/domain';
import type { Assignment as AnyAssignment, ModelAskOrigin, WorkRunner as AnyWorkRunner } from '@chorda/work';

/** Work of agents as whoever does it gets it. */
export type Assignment<Work extends AssignedWork = AssignedWork> = AnyAssignment<Work>;
export type WorkRunner = AnyWorkRunner<AssignedWork, WorkOutcome>;

/** Who is charged for what this work asks of models. */
export function originOf({
  agent_id,
  execution_id,
  user_id,
  session_id,
}: agentWork.TurnRequested['data'] | agentWork.ToolRequested['data']): ModelAskOrigin {
  return { agent_id, execution_id, user_id, session_id, workflow_id: null, step_id: null };
}
