export { formOf, readWorkflow, type ReadWorkflow } from './compile/read-workflow.js';
export type { WorkflowDocument } from './document/types.js';
export { expressions } from './expressions/expressions.js';
export { hashOfForm, textOfForm } from './form-text.js';
export { InvalidDefinitionError, type DefinitionFault } from './source/fault.js';
export { sourceBytesMax } from './source/read-source.js';
export {
  exportWorkflow,
  readAnyDefinition,
  type AnyDefinition,
  type ExportFormat,
  type StoredDefinition,
} from './any-definition.js';
export { documentOf, yamlOf } from './document/document-of.js';
export {
  agent,
  emit,
  flow,
  human,
  llm,
  map,
  openapi,
  raise,
  script,
  subWorkflow,
  timer,
  tool,
  waitFor,
  webhook,
  type BuiltStep,
  type Came,
  type Decided,
  type MapOptions,
  type OpenApiOptions,
  type Shared,
  type Templated,
} from './builder/kinds.js';
export { cel, text, type Ref, type Reference } from './builder/reference.js';
export {
  machine,
  workflow,
  type BuiltWorkflow,
  type EndedStep,
  type KnownStep,
  type KnownSteps,
  type MachineOptions,
  type Sight,
  type StateOptions,
  type WorkflowBuilder,
  type WorkflowOptions,
} from './builder/workflow.js';
export {
  approvalTemplate,
  mapReduceTemplate,
  processingTemplate,
  sagaTemplate,
  type ApprovalOptions,
  type MapReduceOptions,
  type ProcessingOptions,
  type SagaStep,
} from './templates/templates.js';
export { durationMsOf, durationText } from './document/durations.js';
export { workflowJsonSchema } from './document/workflow-schema.js';
export { workflowPorts } from './workflow-ports.js';
export { fireTimes } from './schedules/fire-times.js';
export { awaitedEventsOf, isEventTypeName, type AwaitedEvent } from './awaited-events.js';
export { pinSubWorkflows, type NewestVersions } from './pin-sub-workflows.js';
export { celFault } from './expressions/cel-fault.js';
export { OpenApiDocument } from './openapi/openapi-document.js';
export { OpenApiError } from './openapi/openapi-error.js';
export { operationRequest, type AskedOperation, type OperationRequest } from './openapi/operation-request.js';
