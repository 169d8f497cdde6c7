// libs/contracts/src/generated/ids.ts: written by `npm run contracts:generate`, never by hand.
import type { Brand } from '@chorda/kernel';
import { checkedId } from '../checked-id.js';

export type AgentId = Brand<string, 'AgentId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const agentId = (text: string): AgentId => checkedId<AgentId>('Agent id', text);

export type ExecutionId = Brand<string, 'ExecutionId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const executionId = (text: string): ExecutionId => checkedId<ExecutionId>('Execution id', text);

export type IncidentId = Brand<string, 'IncidentId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const incidentId = (text: string): IncidentId => checkedId<IncidentId>('Incident id', text);

export type InstanceId = Brand<string, 'InstanceId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const instanceId = (text: string): InstanceId => checkedId<InstanceId>('Instance id', text);

export type MemoryId = Brand<string, 'MemoryId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const memoryId = (text: string): MemoryId => checkedId<MemoryId>('Memory id', text);

export type RequestId = Brand<string, 'RequestId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const requestId = (text: string): RequestId => checkedId<RequestId>('Request id', text);

export type ScheduleId = Brand<string, 'ScheduleId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const scheduleId = (text: string): ScheduleId => checkedId<ScheduleId>('Schedule id', text);

export type SessionId = Brand<string, 'SessionId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const sessionId = (text: string): SessionId => checkedId<SessionId>('Session id', text);

export type SignalId = Brand<string, 'SignalId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const signalId = (text: string): SignalId => checkedId<SignalId>('Signal id', text);

export type StepId = Brand<string, 'StepId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const stepId = (text: string): StepId => checkedId<StepId>('Step id', text);

export type TaskId = Brand<string, 'TaskId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const taskId = (text: string): TaskId => checkedId<TaskId>('Task id', text);

export type TimerId = Brand<string, 'TimerId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const timerId = (text: string): TimerId => checkedId<TimerId>('Timer id', text);

export type ToolCallId = Brand<string, 'ToolCallId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const toolCallId = (text: string): ToolCallId => checkedId<ToolCallId>('Tool call id', text);

export type UserId = Brand<string, 'UserId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const userId = (text: string): UserId => checkedId<UserId>('User id', text);

export type WorkflowId = Brand<string, 'WorkflowId'>;
/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */
export const workflowId = (text: string): WorkflowId => checkedId<WorkflowId>('Workflow id', text);
