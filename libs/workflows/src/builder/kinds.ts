import type {
  AgentDocument,
  EmitDocument,
  FlowDocument,
  HumanDocument,
  LlmDocument,
  SharedDocument,
  StepKindDocument,
  SubWorkflowDocument,
  TimerDocument,
  ToolDocument,
  WaitDocument,
  WebhookDocument,
} from '../document/types.js';
import type { Reference } from './reference.js';

/** JSON with references in it. */
export type Templated =
  string | number | boolean | null | Reference<unknown> | readonly Templated[] | { readonly [name: string]: Templated };

declare const outputType: unique symbol;

/** A step that comes to an `Output`. */
export interface BuiltStep<Output> {
  readonly [outputType]?: Output;
  readonly document: StepKindDocument & Shared;
}

type WithReferences<Document> = {
  readonly [Name in keyof Document]: NonNullable<Document[Name]> extends string | number | boolean
    ? Document[Name] | Reference<unknown>
    : Document[Name] extends SharedDocument[keyof SharedDocument]
      ? Document[Name]
      : Templated | Document[Name];
};

/** What every kind of step takes beside its own. */
export type Shared = Omit<SharedDocument, 'needs' | 'join' | 'input' | 'output' | 'compensate'> & {
  readonly input?: Templated | undefined;
  readonly output?: Templated | undefined;
  readonly compensate?: BuiltStep<unknown> | undefined;
};

type Options<Document, Own extends keyof Document = never> = WithReferences<Omit<Document, 'kind' | Own>> & Shared;

function built<Output>(document: object): BuiltStep<Output> {
  // Checked by the kind's own function, and again when the form is made.
  return { document: document as StepKindDocument & Shared };
}

/** Done by a worker that serves the tool. */
export function tool<Output = unknown>(name: string, options: Options<ToolDocument, 'tool'> = {}): BuiltStep<Output> {
  return built({ kind: 'tool', tool: name, ...options });
}

export function agent<Output = unknown>(
  agentId: string | Reference<unknown>,
  options: Options<AgentDocument, 'agent_id'> = {},
): BuiltStep<Output> {
  return built({ kind: 'agent', agent_id: agentId, ...options });
}

export function llm<Output = unknown>(options: Options<LlmDocument>): BuiltStep<Output> {
  return built({ kind: 'llm', ...options });
}

export interface Decided<Form = unknown> {
  readonly decision: string;
  readonly form_data: Form;
  readonly comment: string;
  readonly decided_by: string;
}

export function human<Form = unknown>(
  title: string | Reference<unknown>,
  options: Options<HumanDocument, 'title'> = {},
): BuiltStep<Decided<Form>> {
  return built({ kind: 'human', title, ...options });
}

export function webhook<Output = unknown>(
  url: string | Reference<unknown>,
  options: Options<WebhookDocument, 'url' | 'openapi'> = {},
): BuiltStep<Output> {
  return built({ kind: 'webhook', url, ...options });
}

export type OpenApiOptions = Options<WebhookDocument, 'url' | 'method' | 'openapi'> & {
  /** Values by name, as the document describes them. */
  readonly parameters?: Templated;
  /** What the document itself is asked for with. */
  readonly documentHeaders?: Templated;
};

/** A call of an operation that an OpenAPI document describes. */
export function openapi<Output = unknown>(
  document: string | Reference<unknown>,
  operation: string,
  { parameters, documentHeaders, ...options }: OpenApiOptions = {},
): BuiltStep<Output> {
  const called = {
    ...{ document, operation },
    ...(parameters !== undefined && { parameters }),
    ...(documentHeaders !== undefined && { headers: documentHeaders }),
  };
  return built({ kind: 'webhook', openapi: called, ...options });
}

export function emit(event: string, options: Options<EmitDocument, 'event'> = {}): BuiltStep<unknown> {
  return built({ kind: 'emit', event, ...options });
}

export interface Came<Data> {
  readonly name: string;
  readonly key: string;
  readonly data: Data;
}

export function waitFor<Data = unknown>(
  event: string,
  options: Options<WaitDocument, 'event'> = {},
): BuiltStep<Came<Data>> {
  return built({ kind: 'wait', event, ...options });
}

export function timer(options: Options<TimerDocument>): BuiltStep<null> {
  return built({ kind: 'timer', ...options });
}

export function subWorkflow<Output = unknown>(
  name: string,
  options: Options<SubWorkflowDocument, 'workflow'> = {},
): BuiltStep<Output> {
  return built({ kind: 'sub_workflow', workflow: name, ...options });
}

/** A value that is computed at once. */
export function script<Output = unknown>(value: Templated, options: Shared = {}): BuiltStep<Output> {
  return built({ kind: 'script', value, ...options });
}

export function raise(error: Templated, options: Shared = {}): BuiltStep<never> {
  return built({ kind: 'raise', error, ...options });
}

/** A flow within the flow. */
export function flow<Output = unknown>(inner: FlowDocument, options: Shared = {}): BuiltStep<Output> {
  return built({ kind: 'flow', flow: inner, ...options });
}

export interface MapOptions extends Shared {
  readonly window?: number;
  readonly item_input?: Templated;
  readonly failures_max?: number;
  readonly join_count?: number;
  readonly collect?: 'all' | 'none';
}

/** The same flow for each of many items. */
export function map<Output = unknown>(
  items: Templated,
  body: FlowDocument,
  options: MapOptions = {},
): BuiltStep<readonly Output[]> {
  return built({ kind: 'map', items, body, ...options });
}

/** The document of a step, with its compensation. */
export function documentOfStep({ document }: BuiltStep<unknown>): object {
  const { compensate, ...rest } = document;
  return { ...rest, ...(compensate === undefined ? {} : { compensate: documentOfStep(compensate) }) };
}
