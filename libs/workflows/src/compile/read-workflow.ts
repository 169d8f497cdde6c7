import { workflowLimits, type WorkflowForm } from '@chorda/domain';
import type { Issue, JsonValue } from '@chorda/kernel';
import type { z } from 'zod';
import { msOf } from './policies.js';
import { stepKinds } from '../document/steps.js';
import type { WorkflowDocument } from '../document/types.js';
import { workflowSchema } from '../document/workflow-document.js';
import { textOfForm } from '../form-text.js';
import { Faults, faultsMax, InvalidDefinitionError, within, type DefinitionFault } from '../source/fault.js';
import { readSource } from '../source/read-source.js';
import { importServerless, isServerlessWorkflow } from '../serverless-workflow/import-serverless.js';
import type { JsonObject } from '../serverless-workflow/task-reading.js';
import { dyn, isSchema as isObject, knownBySchema } from '../types/known.js';
import { compileFlow, runKnown } from './compile-flow.js';
import { checkNames } from './check-names.js';
import { Compiler } from './compiler.js';
import { checkSize } from './size.js';

export type ReadWorkflow =
  | { readonly form: WorkflowForm; readonly faults: readonly [] }
  | { readonly form: null; readonly faults: readonly DefinitionFault[] };

export interface ReadOptions {
  /** Whether a sub-workflow that is named is there; left out where nobody can say. */
  readonly isWorkflow?: ((name: string) => boolean) | undefined;
}

/** Makes the form of YAML or JSON, or says all that is wrong with it and where. */
export function readWorkflow(text: string, { isWorkflow }: ReadOptions = {}): ReadWorkflow {
  const source = readSource(text);
  if (source.value === undefined || source.faults.length > 0) return { form: null, faults: source.faults };
  const { form, issues } = isServerlessWorkflow(source.value)
    ? compileServerless(source.value, isWorkflow)
    : compileWorkflow(source.value, isWorkflow);
  if (form !== null) return { form, faults: [] };
  const faults = issues.map((issue) => ({ ...issue, ...source.place(issue.pointer) }));
  return { form: null, faults: faults.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0)) };
}

/** The same of a value that is there already. @throws {@link InvalidDefinitionError} */
export function formOf(document: JsonValue | WorkflowDocument): WorkflowForm {
  const { form, issues } = compileWorkflow(JSON.parse(JSON.stringify(document)));
  if (form !== null) return form;
  throw new InvalidDefinitionError(issues.map((issue) => ({ ...issue, line: null, column: null })));
}

function compileWorkflow(
  value: JsonValue,
  isWorkflow?: (name: string) => boolean,
): { readonly form: WorkflowForm | null; readonly issues: readonly Issue[] } {
  const own = isObject(value) ? value['workflow'] : undefined;
  const compiler = new Compiler(compileFlow, isWorkflow && ((name) => name === own || isWorkflow(name)));
  if (!checkSize(value, compiler.faults) || !checkNames(value, compiler.faults)) {
    return { form: null, issues: compiler.faults.all };
  }
  const parsed = workflowSchema.safeParse(value);
  if (!parsed.success) return { form: null, issues: issuesOf(parsed.error.issues, value) };
  const form = compileDocument(parsed.data, compiler);
  const bytes = Buffer.byteLength(textOfForm(form));
  if (bytes > workflowLimits.formBytesMax) {
    compiler.faults.add('', `comes to ${bytes} bytes; at most ${workflowLimits.formBytesMax} may be`);
  }
  return compiler.faults.all.length > 0 ? { form: null, issues: compiler.faults.all } : { form, issues: [] };
}

/** What the import makes is checked like any other; a fault in it is told where the document begins. */
function compileServerless(source: JsonObject, isWorkflow?: (name: string) => boolean) {
  const named = new Faults();
  if (!checkNames(source, named)) return { form: null, issues: named.all };
  const { document, issues } = importServerless(source);
  if (issues.length > 0) return { form: null, issues };
  const made = compileWorkflow(document, isWorkflow);
  return {
    ...made,
    issues: made.issues.map(({ pointer, detail }) => ({ pointer: '', detail: `${pointer} ${detail}` })),
  };
}

function compileDocument(document: WorkflowDocument, compiler: Compiler): WorkflowForm {
  const inputSchema = compiler.schema(document.input_schema, '/input_schema');
  const outputSchema = compiler.schema(document.output_schema, '/output_schema');
  const given = inputSchema === null ? dyn : knownBySchema(inputSchema);
  const outer = { run: runKnown };
  const input = compiler.template(document.run_input, '/run_input', { ...outer, input: given });
  const { flow, output: flowOutput } = compileFlow(document, {
    pointer: '',
    input: input?.known ?? given,
    outer,
    compiler,
  });
  const output = compiler.template(document.run_output, '/run_output', { ...outer, input: given, output: flowOutput });
  if (output !== null) compiler.fitting(output, outputSchema, '/run_output');
  else if (flow.output !== null) {
    compiler.fitting({ template: flow.output, known: flowOutput }, outputSchema, '/output');
  }
  return {
    form: 1,
    name: document.workflow,
    version: String(document.version ?? '1'),
    title: document.title ?? null,
    input_schema: inputSchema,
    output_schema: outputSchema,
    input: input?.template ?? null,
    output: output?.template ?? null,
    timeout_ms: document.timeout === undefined ? null : msOf(document.timeout),
    flow,
  };
}

function issuesOf(issues: readonly z.core.$ZodIssue[], document: JsonValue): readonly Issue[] {
  const faults = new Faults();
  for (const issue of issues.slice(0, faultsMax)) {
    const pointer = within('', ...issue.path.map((each) => (typeof each === 'symbol' ? each.toString() : each)));
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) faults.add(within(pointer, key), `is not known here${nearest(issue.path)}`);
    } else faults.add(pointer, isThere(document, issue.path) ? detailOf(issue) : 'must be there');
  }
  return faults.all;
}

function isThere(document: JsonValue, path: readonly PropertyKey[]): boolean {
  let at: unknown = document;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false;
    at = Reflect.get(at, step);
  }
  return true;
}

function nearest(path: readonly PropertyKey[]): string {
  return path.length === 0
    ? '; known are workflow, version, title, input_schema, output_schema, timeout, steps, states, …'
    : '';
}

function detailOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.path.at(-1) === 'kind') return `must be one of ${stepKinds.join(', ')}`;
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.map(String).join(', ')}`.replace(/, ([^,]*)$/, ' or $1');
  const sentence = issue.message.replace(/^Invalid input: expected /, 'must be ');
  return sentence.startsWith('must') || sentence.startsWith('has') ? sentence : `must be right: ${sentence}`;
}
