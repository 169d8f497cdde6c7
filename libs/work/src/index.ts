export {
  startDecidingApp,
  type AppPart,
  type DecidingAppParts,
  type DecidingCodecs,
  type PartGround,
  type RunningPart,
} from './deciding-app.js';
export {
  ModelAsks,
  NoModelError,
  NoWorkerError,
  type ModelAsk,
  type ModelAskOrigin,
  type ModelAsksParts,
  type WithdrawnAsk,
} from './model-asks.js';
export { OutcomeSender, type OutcomeSenderParts } from './outcome-sender.js';
export { startedOf, stepAnswers, type StepOutcome } from './steps/step-answers.js';
export { startWork, type RunningWork, type WorkGround, type WorkOptions } from './start-work.js';
export { WorkExecutor, type WorkExecutorParts } from './work-executor.js';
export { InboxFullError, WorkIntake, workDecoder, type Inbox } from './work-intake.js';
export {
  keptMetadata,
  timeForWorkMs,
  type AnswerKind,
  type Assignment,
  type Begun,
  type GivenCommand,
  type KeptMetadata,
  type RevokedRecord,
  type RevokedWork,
  type WorkKind,
  type WorkRead,
  type WorkRunner,
} from './work-kind.js';
export type { WorkMetrics } from './work-metrics.js';
