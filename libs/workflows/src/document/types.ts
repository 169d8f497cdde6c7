import type { JsonValue } from '@chorda/kernel';

/** A workflow as people write it, in YAML, JSON or TypeScript. What is left out is undefined. */
export interface WorkflowDocument extends FlowDocument {
  readonly $schema?: string | undefined;
  readonly workflow: string;
  readonly version?: string | number | undefined;
  readonly title?: string | undefined;
  readonly input_schema?: SchemaDocument | undefined;
  readonly output_schema?: SchemaDocument | undefined;
  readonly timeout?: DurationDocument | undefined;
  readonly run_input?: JsonValue | undefined;
  readonly run_output?: JsonValue | undefined;
}

export interface FlowDocument {
  readonly context?: JsonValue | undefined;
  readonly output?: JsonValue | undefined;
  readonly steps?: { readonly [id: string]: StepDocument } | undefined;
  readonly join?: JoinDocument | undefined;
  readonly start?: string | undefined;
  readonly states?: { readonly [name: string]: StateDocument } | undefined;
  readonly visits_max?: number | undefined;
}

export interface StateDocument {
  readonly step?: StepDocument | undefined;
  readonly next?: TransitionsDocument | undefined;
  readonly on_error?: TransitionsDocument | undefined;
  readonly on?: { readonly [event: string]: TransitionsDocument } | undefined;
  readonly after?: readonly DelayedDocument[] | undefined;
  readonly final?: 'completed' | 'failed' | 'run_completed' | undefined;
  readonly output?: JsonValue | undefined;
  readonly error?: JsonValue | undefined;
}

export type TransitionsDocument = string | TransitionDocument | readonly (string | TransitionDocument)[];

export interface TransitionDocument {
  readonly to: string;
  readonly when?: string | undefined;
  readonly assign?: AssignDocument | undefined;
  readonly errors?: ErrorMatchDocument | undefined;
  readonly key?: string | undefined;
  readonly correlate?: CorrelationDocument | undefined;
}

export interface DelayedDocument extends TransitionDocument {
  readonly delay: DurationDocument;
}

export type DurationDocument = string | number;
export type SchemaDocument = { readonly [keyword: string]: JsonValue } | boolean;
type Assigned = { readonly [path: string]: JsonValue };
export type AssignDocument = Assigned | readonly Assigned[];

export type JoinDocument =
  'all' | 'any' | 'first' | { readonly count: number; readonly cancel_rest?: boolean | undefined };

export type ErrorMatchDocument =
  | readonly string[]
  | {
      readonly classes?: readonly string[] | undefined;
      readonly codes?: readonly string[] | undefined;
      readonly statuses?: readonly number[] | undefined;
      readonly when?: string | undefined;
    };

export interface RetryRuleDocument {
  readonly errors?: ErrorMatchDocument | undefined;
  readonly attempts: number;
  readonly backoff?: BackoffDocument | undefined;
  readonly time_max?: DurationDocument | undefined;
}

export type BackoffDocument =
  | DurationDocument
  | {
      readonly kind?: 'constant' | 'linear' | 'exponential' | undefined;
      readonly delay: DurationDocument;
      readonly delay_max?: DurationDocument | undefined;
      readonly factor?: number | undefined;
      readonly jitter?: number | undefined;
    };

export interface SharedDocument {
  readonly name?: string | undefined;
  readonly needs?: readonly string[] | undefined;
  readonly join?: JoinDocument | undefined;
  readonly when?: string | undefined;
  readonly input?: JsonValue | undefined;
  readonly output?: JsonValue | undefined;
  readonly assign?: AssignDocument | undefined;
  readonly input_schema?: SchemaDocument | undefined;
  readonly output_schema?: SchemaDocument | undefined;
  readonly retry?: RetryRuleDocument | readonly RetryRuleDocument[] | undefined;
  readonly timeouts?:
    | {
        readonly schedule_to_start?: DurationDocument | undefined;
        readonly run?: DurationDocument | undefined;
        readonly idle?: DurationDocument | undefined;
        readonly whole?: DurationDocument | undefined;
      }
    | undefined;
  readonly catch?:
    | readonly { readonly errors?: ErrorMatchDocument | undefined; readonly flow?: FlowDocument | undefined }[]
    | undefined;
  readonly on_failure?: 'pause' | 'fail' | 'continue' | undefined;
  readonly compensate?: StepDocument | undefined;
}

export interface AgentDocument {
  readonly kind: 'agent';
  readonly agent_id: JsonValue;
  readonly user_id?: JsonValue | undefined;
  readonly session_id?: JsonValue | undefined;
  readonly limits?: { readonly [name: string]: JsonValue } | undefined;
}

export interface ToolDocument {
  readonly kind: 'tool';
  readonly tool: string;
  readonly queue?: string | undefined;
  readonly idempotent?: boolean | undefined;
}

export interface LlmDocument {
  readonly kind: 'llm';
  readonly model?: string | undefined;
  readonly instructions?: JsonValue | undefined;
  readonly tokens_max?: number | undefined;
  readonly temperature?: number | undefined;
  readonly answer_schema?: SchemaDocument | undefined;
}

export interface HumanDocument {
  readonly kind: 'human';
  readonly task?: 'approval' | 'form' | undefined;
  readonly title: JsonValue;
  readonly description?: JsonValue | undefined;
  readonly form_schema?: SchemaDocument | undefined;
  readonly assignees?: JsonValue | undefined;
  readonly groups?: JsonValue | undefined;
  readonly due?: DurationDocument | undefined;
  readonly expires?: DurationDocument | undefined;
  readonly fail_on_rejection?: boolean | undefined;
}

export interface WebhookDocument {
  readonly kind: 'webhook';
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS' | undefined;
  readonly url?: JsonValue | undefined;
  readonly openapi?: OpenApiDocumented | undefined;
  readonly headers?: JsonValue | undefined;
  readonly query?: JsonValue | undefined;
  readonly expect_status?: readonly (readonly [number, number])[] | undefined;
  readonly output_as?: 'response' | 'body' | 'raw' | undefined;
  readonly idempotent?: boolean | undefined;
  readonly signing_secret?: string | undefined;
}

/** Which operation of which OpenAPI document a webhook step calls. */
export interface OpenApiDocumented {
  readonly document: JsonValue;
  readonly operation: string;
  readonly parameters?: JsonValue | undefined;
  readonly headers?: JsonValue | undefined;
}

export interface EmitDocument {
  readonly kind: 'emit';
  readonly event: JsonValue;
  readonly key?: JsonValue | undefined;
  readonly ttl?: DurationDocument | undefined;
}

/** What the key of an event is that a producer sent; a text: the expression alone. */
export type CorrelationDocument =
  string | { readonly key?: string | undefined; readonly kept?: DurationDocument | undefined };

export interface WaitDocument {
  readonly kind: 'wait';
  readonly event: JsonValue;
  readonly key?: JsonValue | undefined;
  readonly accept?: string | undefined;
  readonly correlate?: CorrelationDocument | undefined;
  readonly count?: number | undefined;
  readonly ttl?: DurationDocument | undefined;
}

export interface TimerDocument {
  readonly kind: 'timer';
  readonly for?: DurationDocument | undefined;
  readonly until?: JsonValue | undefined;
}

export interface SubWorkflowDocument {
  readonly kind: 'sub_workflow';
  readonly workflow: string;
  readonly version?: string | number | undefined;
  readonly detached?: boolean | undefined;
}

export interface ScriptDocument {
  readonly kind: 'script';
  readonly value: JsonValue;
}

export interface RaiseDocument {
  readonly kind: 'raise';
  readonly error: JsonValue;
}

export interface FlowStepDocument {
  readonly kind: 'flow';
  readonly flow: FlowDocument;
}

export interface MapDocument {
  readonly kind: 'map';
  readonly items: JsonValue;
  readonly window?: number | undefined;
  readonly item_input?: JsonValue | undefined;
  readonly while?: string | undefined;
  readonly body: FlowDocument;
  readonly failures_max?: number | undefined;
  readonly join_count?: number | undefined;
  readonly collect?: 'all' | 'none' | undefined;
}

export type StepKindDocument =
  | AgentDocument
  | ToolDocument
  | LlmDocument
  | HumanDocument
  | WebhookDocument
  | EmitDocument
  | WaitDocument
  | TimerDocument
  | SubWorkflowDocument
  | ScriptDocument
  | RaiseDocument
  | FlowStepDocument
  | MapDocument;

export type StepDocument = SharedDocument & StepKindDocument;
