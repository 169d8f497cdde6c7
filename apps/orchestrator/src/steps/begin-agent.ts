import { agentId, executionId, jsonValue, sessionId, userId, type AnyCommand, type agent } from '@chorda/contracts';
import { derivedId, InvalidInputError, type JsonValue } from '@chorda/kernel';
import { StillUndecidedError, type CommandGiver } from './command-giver.js';
import { membersOf } from './members-of.js';
import { failed, type StepOutcome } from './step-outcome.js';
import type { StepAssignment } from './step-runner.js';

/** Starts an execution of an agent. Its end comes as an event, which a consumer makes the result of the step. */
export async function beginAgent(agents: CommandGiver, assignment: StepAssignment): Promise<StepOutcome> {
  const { work, tenantId, metadata } = assignment;
  const { data } = work;
  let command: AnyCommand;
  try {
    command = executeCommand(assignment);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return failed({ class: 'agent', code: 'INVALID_COMMAND', message: error.message, retriable: false });
  }
  const commandId = derivedId(tenantId, data.attempt_token, 'execute');
  const subject = 'agent_id' in command.data ? command.data.agent_id : '';
  const answer = await agents.give(command, { tenantId, commandId, subject, metadata });
  // Thought lost, and begun again: by then the same command has its outcome.
  if (answer.kind === 'taken') throw new StillUndecidedError(`${command.type} is not decided yet`);
  if (answer.outcome.status === 'accepted') return { kind: 'begun' };
  if (answer.outcome.status === 'failed') {
    const { message } = answer.outcome;
    return failed({ class: 'agent', code: 'COMMAND_FAULT', message, retriable: true });
  }
  const { code, message, details } = answer.outcome;
  // The execution of this very try, by whoever had the work before.
  if (code === 'EXECUTION_EXISTS') return { kind: 'begun' };
  return failed({ class: 'agent', code, message, details: { ...details }, retriable: code === 'AGENT_BUSY' });
}

function executeCommand({ work: { data } }: StepAssignment): AnyCommand {
  const settings = membersOf(jsonValue(data.settings));
  const text = (name: string): string | null => {
    const value = settings[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const user = text('user_id') ?? data.user_id;
  const session = text('session_id');
  return {
    type: 'agent.execute',
    data: {
      agent_id: agentId(text('agent_id') ?? ''),
      execution_id: executionId(data.attempt_token),
      user_id: user === null ? null : userId(user),
      session_id: session === null ? null : sessionId(session),
      input_data: data.input_data,
      limits: limitsOf(settings['limits'] ?? null),
      metadata: { workflow_id: data.workflow_id, step_id: data.step_id },
    },
  };
}

function limitsOf(value: JsonValue): agent.ExecutionLimits | null {
  const limits = membersOf(value);
  const number = (name: string): number | null => (typeof limits[name] === 'number' ? limits[name] : null);
  if (Object.keys(limits).length === 0) return null;
  const { cost_usd_max: cost } = limits;
  return {
    execution_time_ms_max: number('execution_time_ms_max'),
    turns_max: number('turns_max'),
    tokens_max: number('tokens_max'),
    cost_usd_max: typeof cost === 'string' ? cost : null,
  };
}
