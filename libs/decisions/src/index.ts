export { decisionBounds, type DecisionBounds } from './bounds.js';
export { contractsCodec, type ContractsCodecs } from './contracts-codec.js';
export type { CommandContext, CommandEnvelope, DecisionCodec, EncodedBody } from './decision-codec.js';
export type { DecidedEvent, Outcome } from './outcome.js';
export {
  startDecisions,
  type DecisionsHealth,
  type DecisionsOptions,
  type HostedAggregate,
  type RunningDecisions,
} from './start-decisions.js';
