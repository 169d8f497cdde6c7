import type { WorkflowForm } from '@chorda/domain';
import type { Issue, JsonValue } from '@chorda/kernel';
import { readWorkflow, type ReadOptions, type ReadWorkflow } from './compile/read-workflow.js';
import { documentOf, yamlOf } from './document/document-of.js';

export type AnyDefinition = ReadWorkflow & { readonly format: 'chorda' | 'serverless-workflow' };

/** Reads a definition in whichever of its formats. */
export function readAnyDefinition(text: string, options: ReadOptions = {}): AnyDefinition {
  return { ...readWorkflow(text, options), format: 'chorda' };
}

export interface StoredDefinition {
  /** JSON text of the form. */
  readonly form: string;
  readonly source: string;
  readonly sourceFormat: 'chorda' | 'serverless-workflow';
}

export type ExportFormat = 'yaml' | 'json' | 'serverless-workflow';

/** A stored definition as text; `refusals` are what the format cannot say, and then there is no text. */
export function exportWorkflow(
  definition: StoredDefinition,
  format: ExportFormat,
): { readonly text: string | undefined; readonly refusals: readonly Issue[] } {
  const json: JsonValue = JSON.parse(definition.form);
  // Stored by us, and checked before it was.
  const form = json as JsonValue & WorkflowForm;
  if (format === 'serverless-workflow') {
    return { text: undefined, refusals: [{ pointer: '', detail: 'is not written yet' }] };
  }
  return { text: format === 'yaml' ? yamlOf(form) : `${JSON.stringify(documentOf(form), null, 2)}\n`, refusals: [] };
}
