export type {
  Aggregate,
  Decision,
  Given,
  StatesOf,
  StreamDefinition,
  StreamRef,
  Timer,
  Typed,
  WorkItem,
} from './aggregate.js';
export { DomainError } from './domain-error.js';
export { agentsAggregate, agentsAggregateWith, type AgentStates } from './agents/agents.aggregate.js';
export type { AnyAgentCommand } from './agents/agent-commands.js';
export type { Agent, KnownAgent, LifeCycleState } from './agents/agent.js';
export type { Execution, RunningExecution, ToolCall } from './agents/execution.js';
export type { Session } from './agents/session.js';
export { agentStream, executionStream, sessionStream, type AgentStreamKind } from './agents/streams.js';
export { executionTimeMsMax, idPattern as agentIdPattern } from './agents/limits.js';
export { defaultModel, type ModelPrices as TurnPrices } from './agents/budget.js';
export { memoryAreas, memoryOf, memoryTools, type MemoryArea } from './agents/memory.js';
export { plantableAgentRules, plantAgentRules, type PlantableAgentRule } from './agents/planted-agents.js';
export { commandOf, lostCall, type AssignedWork, type WorkOutcome } from './agents/work-outcome.js';
export type {
  AgentStep,
  Assign,
  Backoff,
  Catch,
  Duration,
  Correlation,
  EmitStep,
  ErrorMatch,
  Expression,
  Final,
  Flow,
  FlowStep,
  Graph,
  GraphStep,
  HumanStep,
  Join,
  LlmStep,
  Machine,
  MachineState,
  MapStep,
  OpenApiOperation,
  RaiseStep,
  RetryRule,
  Scope,
  ScriptStep,
  Step,
  StepBase,
  StepKind,
  StepType,
  SubWorkflowStep,
  Template,
  TimerStep,
  Timeouts,
  ToolStep,
  Transition,
  Trigger,
  WaitStep,
  WebhookStep,
  WorkflowError,
  WorkflowForm,
} from './workflows/form.js';
export { evaluateTemplate, ExpressionError, type Expressions } from './workflows/expressions.js';
export { holdsReference, ReferredTooLargeError, wholeOf, type PayloadSource } from './workflows/referred-values.js';
export * as workflowLimits from './workflows/limits.js';
export { workflowsAggregate } from './workflows/workflows.aggregate.js';
export type { WorkflowPorts, WorkflowStates } from './workflows/run-course.js';
export type { AnyWorkflowCommand } from './workflows/run-commands.js';
export type { KnownRun, Run } from './workflows/run-state.js';
export type { Branch, KnownBranch } from './workflows/branch-state.js';
export type { FlowState, StepState } from './workflows/flow-state.js';
export { formOf } from './workflows/form-lookup.js';
export { isRetriableStatus } from './workflows/retriable-status.js';
export {
  plantableWorkflowRules,
  plantWorkflowRules,
  type PlantableWorkflowRule,
} from './workflows/planted-workflows.js';
export { branchStream, runStream, type WorkflowStreamKind } from './workflows/paths.js';
export {
  StepFailure,
  WorkflowRunner,
  type RunnerOptions,
  type Script,
  type StepRequest,
} from './workflows/workflow-runner.js';
export {
  forkedState,
  runPlan,
  runReport,
  type ForkEdits,
  type PlannedPhase,
  type PlannedStep,
  type RunPlan,
  type RunReport,
} from './workflows/run-views.js';
export { fireIdOf, jitterMs, scheduleIdPattern, scheduleOfFire } from './schedules/fire-id.js';
export {
  catchUpRules,
  overlapRules,
  scheduleStream,
  type Fire,
  type KnownSchedule,
  type Schedule,
  type ScheduleRules,
} from './schedules/schedule.js';
export {
  schedulesAggregate,
  type AnyScheduleCommand,
  type FireTimes,
  type SchedulePorts,
  type ScheduleStates,
} from './schedules/schedules.aggregate.js';
