export { decisionBounds, type DecisionBounds } from './bounds.js';
export { DecisionAdmission, type AdmissionParts, type AdmissionRefusal } from './callers/admission.js';
export {
  CommandDoor,
  CommandRefusedAtDoorError,
  type CommandAnswer,
  type GiveOptions,
} from './callers/command-door.js';
export {
  OutcomeWaiter,
  TooManyWaitersError,
  type GivenCommand,
  type OutcomeWaiterParts,
  type ToldOutcome,
} from './callers/outcome-waiter.js';
export { contractsCodec, type ContractsCodecs } from './contracts-codec.js';
export type { CommandContext, CommandEnvelope, DecisionCodec, EncodedBody } from './decision-codec.js';
export { payloadBounds, type PayloadStoreReader } from './engine/loaded-payloads.js';
export type { DecidedEvent, Outcome } from './outcome.js';
export {
  startDecisions,
  type DecisionsHealth,
  type DecisionsOptions,
  type HostedAggregate,
  type PublishedRecord,
  type RunningDecisions,
} from './start-decisions.js';
export {
  EnginesRunningError,
  restoreDecisions,
  type RestoredPartition,
  type RestoreOptions,
  type RestoreProgress,
} from './restore/restore-decisions.js';
export { aggregateSpec, type AggregateSpec, type Endings } from './testing/aggregate-spec.js';
export type { StreamSource } from './store/load-streams.js';
export {
  StreamReader,
  StreamTooLongError,
  type StreamAt,
  type StreamEvent,
  type StreamMoment,
} from './streams/stream-reader.js';
