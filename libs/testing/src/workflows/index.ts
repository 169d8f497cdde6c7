export { ExpectationError } from './expectation-error.js';
export type { ExpectedStep, HistoryEntry, RunStatus, StepStatus } from './expectations.js';
export { givenWorkflow, type Definition, type GivenWorkflow, type StartOptions } from './given-workflow.js';
export type { OpenTask } from './open-task.js';
export {
  answers,
  answersWith,
  fails,
  isLost,
  isNeverTaken,
  responds,
  staysSilent,
  type HttpResponse,
  type Reply,
  type ScriptedCall,
  type ScriptedError,
} from './replies.js';
export type { Call } from './scripted-world.js';
export type { Asked, ScriptedKind } from './scripts.js';
export type { CancelOptions, DecideOptions, RetryOptions, SignalOptions, TestedRun } from './tested-run.js';
