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
