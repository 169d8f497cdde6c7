// libs/contracts/src/generated/message-map.ts: written by `npm run contracts:generate`, never by hand.
import type * as agentCommand from './agent-command.js';
import type * as agentWork from './agent-work.js';
import type * as inferenceCommand from './inference-command.js';
import type * as inferenceDelta from './inference-delta.js';
import type * as scheduleCommand from './schedule-command.js';
import type * as workflowCommand from './workflow-command.js';
import type * as workflowWork from './workflow-work.js';

/** Every type of command and its command. */
export interface CommandMap {
  readonly 'agent.cancel_execution': agentCommand.CancelExecution;
  readonly 'agent.create': agentCommand.Create;
  readonly 'agent.delete': agentCommand.Delete;
  readonly 'agent.execute': agentCommand.Execute;
  readonly 'agent.record_check': agentCommand.RecordCheck;
  readonly 'agent.record_tool_result': agentCommand.RecordToolResult;
  readonly 'agent.record_turn': agentCommand.RecordTurn;
  readonly 'agent.record_turn_failure': agentCommand.RecordTurnFailure;
  readonly 'agent.retry_execution': agentCommand.RetryExecution;
  readonly 'agent.settle_incident': agentCommand.SettleIncident;
  readonly 'agent.terminate': agentCommand.Terminate;
  readonly 'agent.validate': agentCommand.Validate;
  readonly 'agent.write_memory': agentCommand.WriteMemory;
  readonly 'inference.cancel': inferenceCommand.Cancel;
  readonly 'schedule.change': scheduleCommand.Change;
  readonly 'schedule.create': scheduleCommand.Create;
  readonly 'schedule.delete': scheduleCommand.Delete;
  readonly 'schedule.pause': scheduleCommand.Pause;
  readonly 'schedule.record_run_ended': scheduleCommand.RecordRunEnded;
  readonly 'schedule.record_start_refused': scheduleCommand.RecordStartRefused;
  readonly 'schedule.resume': scheduleCommand.Resume;
  readonly 'workflow.cancel': workflowCommand.Cancel;
  readonly 'workflow.claim_task': workflowCommand.ClaimTask;
  readonly 'workflow.decide_task': workflowCommand.DecideTask;
  readonly 'workflow.pause': workflowCommand.Pause;
  readonly 'workflow.record_step_progress': workflowCommand.RecordStepProgress;
  readonly 'workflow.record_step_result': workflowCommand.RecordStepResult;
  readonly 'workflow.record_step_started': workflowCommand.RecordStepStarted;
  readonly 'workflow.resume': workflowCommand.Resume;
  readonly 'workflow.retry': workflowCommand.Retry;
  readonly 'workflow.signal': workflowCommand.Signal;
  readonly 'workflow.start': workflowCommand.Start;
}

/** Every type of delta and its delta. */
export interface DeltaMap {
  readonly 'inference.tokens_generated': inferenceDelta.TokensGenerated;
}

/** Every type of work and its work. */
export interface WorkMap {
  readonly 'agent.check_requested': agentWork.CheckRequested;
  readonly 'agent.tool_requested': agentWork.ToolRequested;
  readonly 'agent.turn_requested': agentWork.TurnRequested;
  readonly 'agent.work_revoked': agentWork.WorkRevoked;
  readonly 'workflow.parent_told': workflowWork.ParentTold;
  readonly 'workflow.step_requested': workflowWork.StepRequested;
  readonly 'workflow.stop_requested': workflowWork.StopRequested;
}
