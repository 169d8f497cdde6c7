// libs/contracts/src/generated/areas.ts: written by `npm run contracts:generate`, never by hand.
export type * as agent from './agent.js';
export type * as agentCommand from './agent-command.js';
export type * as agentWork from './agent-work.js';
export type * as audit from './audit.js';
export type * as external from './external.js';
export type * as inference from './inference.js';
export type * as system from './system.js';
export type * as workflow from './workflow.js';
export type { AgentEvent } from './agent.js';
export type { AgentCommand } from './agent-command.js';
export type { AgentWork } from './agent-work.js';
export type { AuditEvent } from './audit.js';
export type { ExternalEvent } from './external.js';
export type { InferenceEvent } from './inference.js';
export type { SystemEvent } from './system.js';
export type { WorkflowEvent } from './workflow.js';
