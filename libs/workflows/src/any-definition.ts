import type { WorkflowForm } from '@chorda/domain';
import type { Issue, JsonValue } from '@chorda/kernel';
import { readWorkflow, type ReadOptions, type ReadWorkflow } from './compile/read-workflow.js';
import { exportServerless } from './serverless-workflow/export-serverless.js';
import { isServerlessWorkflow } from './serverless-workflow/import-serverless.js';
import { readSource } from './source/read-source.js';
import { documentOf, yamlOf } from './document/document-of.js';

export type AnyDefinition = ReadWorkflow & { readonly format: 'chorda' | 'serverless-workflow' };

/** Reads a definition in whichever of its formats. */
export function readAnyDefinition(text: string, options: ReadOptions = {}): AnyDefinition {
  const isServerless = isServerlessWorkflow(readSource(text).value);
  return { ...readWorkflow(text, options), format: isServerless ? 'serverless-workflow' : 'chorda' };
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
    if (definition.sourceFormat === 'serverless-workflow') return { text: definition.source, refusals: [] };
    return exportServerless(form);
  }
  return { text: format === 'yaml' ? yamlOf(form) : `${JSON.stringify(documentOf(form), null, 2)}\n`, refusals: [] };
}
