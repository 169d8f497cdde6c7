import type { JsonValue } from '@chorda/kernel';

/**
 * What every way of writing a workflow comes to, and all that is interpreted: a run is pinned to one of these by the hash
 * of its JSON. Nothing in it is a default that is filled in later: whoever makes one says everything, so that a later
 * version of Chorda cannot change what a running workflow does. Checked before it is stored; here it is trusted.
 */
export interface WorkflowForm {
  readonly form: 1;
  readonly name: string;
  readonly version: string;
  readonly title: string | null;
  /** JSON Schema 2020-12 of what goes in; checked at the door. */
  readonly input_schema: JsonValue | null;
  readonly output_schema: JsonValue | null;
  /** Makes the input of the flow of what came in: `input` is what came in. Null: as it came. */
  readonly input: Template | null;
  /** Makes the output of the run: `output` is that of the flow. Null: as it is. */
  readonly output: Template | null;
  /** The run is stopped then; null: it may take for ever. */
  readonly timeout_ms: number | null;
  readonly flow: Flow;
  /**
   * Of the form of a run, never of a stored one, and not part of its hash: versions of the workflows that steps name
   * without one, as they were when the run was started. Runs of before it have none.
   */
  readonly sub_versions?: { readonly [workflow: string]: string };
}

/** An expression by its language. CEL is ours; jq is what imports of Serverless Workflow bring along. */
export type Expression =
  { readonly language: 'cel'; readonly text: string } | { readonly language: 'jq'; readonly text: string };

/** Any JSON value in which expressions stand for parts of it. */
export type Template =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'object'; readonly members: { readonly [name: string]: Template } }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  /** Text put together: values that are no text stand there as JSON. */
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] };

/**
 * What expressions see. Only what exists at a place is there.
 *
 * | name      | is                                                                              | where               |
 * | --------- | ------------------------------------------------------------------------------- | ------------------- |
 * | `input`   | what went into this flow                                                        | everywhere          |
 * | `context` | what `assign` wrote, beginning with the flow's own                              | everywhere          |
 * | `steps`   | by id `{status, output, error}` of the steps and states of this flow that ended | everywhere          |
 * | `run`     | `{id, name, started_at, input}`                                                 | everywhere          |
 * | `item`, `index` | of a map                                                                  | in its body         |
 * | `output`  | what the step, or the flow, came to                                             | `output`, `assign`  |
 * | `event`   | `{name, key, data}` of the event that came                                      | after a wait for it |
 * | `error`   | a {@link WorkflowError}                                                         | catches, guards     |
 */
export interface Scope {
  readonly [name: string]: JsonValue;
}

/** Steps and what they wait for, or states and what leads from one to the next. */
export type Flow = Graph | Machine;

interface FlowBase {
  /** What `context` begins with; null: `{}`. */
  readonly context: Template | null;
  /** Of the flow, once it has ended. Null: see {@link Graph} and {@link Machine}. */
  readonly output: Template | null;
}

/** Without an `output` of its own it comes to `{<id>: output}` of the steps that nothing needs, or to the one winner's. */
export interface Graph extends FlowBase {
  readonly kind: 'graph';
  readonly steps: readonly GraphStep[];
  /** How many of the steps that nothing needs must end well before the flow has. */
  readonly join: Join;
}

/** How many of several have to end. */
export interface Join {
  /** `any` is one of them. */
  readonly mode: 'all' | 'any' | 'count';
  /** Of `count`. */
  readonly count: number | null;
  /** Those that are still on their way are cancelled: first wins. */
  readonly cancel_rest: boolean;
}

export interface GraphStep {
  readonly step: Step;
  /** Ids of steps of the same flow. */
  readonly needs: readonly string[];
  /** Of what it needs. A need that was skipped or whose failure is tolerated counts as ended. */
  readonly join: Join;
}

/** Without an `output` of its own it comes to the output of the last step that ended. */
export interface Machine extends FlowBase {
  readonly kind: 'machine';
  readonly start: string;
  readonly states: readonly MachineState[];
  /** Of states, over the whole flow: no loop is without a bound. Past it the flow fails with `LOOP_BOUND`. */
  readonly visits_max: number;
}

export interface MachineState {
  readonly name: string;
  /** Done each time the state is entered. Null: the state waits for events and time, or leads on at once. */
  readonly step: Step | null;
  /** In order: the first that applies is taken. */
  readonly transitions: readonly Transition[];
  /** Entered, the flow ends so. */
  readonly final: Final | null;
}

export type Final =
  | { readonly kind: 'completed'; readonly output: Template | null }
  | { readonly kind: 'failed'; readonly error: Template }
  /** Ends the whole run and not only this flow. */
  | { readonly kind: 'run_completed'; readonly output: Template | null };

export interface Transition {
  readonly on: Trigger;
  /** Must be true; sees `output`, `event` or `error` of what triggered it. */
  readonly when: Expression | null;
  /** In order, each sees what the ones before it wrote. */
  readonly assign: readonly Assign[];
  readonly to: string;
}

export type Trigger =
  /** The step ended well; of a state without a step: at once. */
  | { readonly kind: 'done' }
  /** The step failed, and its retries are used up; `errors` empty: whatever failed. */
  | { readonly kind: 'error'; readonly errors: ErrorMatch }
  | {
      readonly kind: 'event';
      readonly name: string;
      readonly key: Expression | null;
      /** Forms of before it have none. */
      readonly correlate?: Correlation;
    }
  /** So long after the state was entered. A state with a step cancels it. */
  | { readonly kind: 'after'; readonly ms: Duration };

/** Puts a value at a place of `context`: `order.total`; an empty path replaces all of it. */
export interface Assign {
  readonly path: readonly string[];
  readonly value: Template;
}

/** Milliseconds, or an expression that gives them: a number, or an ISO 8601 duration such as `PT5M`. */
export type Duration =
  { readonly kind: 'ms'; readonly ms: number } | { readonly kind: 'expression'; readonly expression: Expression };

/** An error as expressions see it and as it is stored. */
export interface WorkflowError {
  /**
   * timeout, http, tool, agent, llm, human, expression, schema, workflow, raised, cancelled, or what a worker names. A URI
   * for errors of Serverless Workflow.
   */
  readonly class: string;
  /** Stable, UPPER_SNAKE_CASE. */
  readonly code: string;
  readonly message: string;
  readonly status: number | null;
  readonly details: JsonValue;
  /** Whether trying again may help; a rule that names the class decides without it. */
  readonly retriable: boolean;
}

/** All that is said must hold. */
export interface ErrorMatch {
  /** One of these classes; a `*` at the end stands for any rest. Empty: any. */
  readonly classes: readonly string[];
  readonly codes: readonly string[];
  readonly statuses: readonly number[];
  /** Sees `error`. */
  readonly when: Expression | null;
}

/** The first rule that fits an error says what is done; none fits: a retriable error is not tried again either. */
export interface RetryRule {
  readonly errors: ErrorMatch;
  /** With the first; 1 to 100. */
  readonly attempts_max: number;
  readonly backoff: Backoff;
  /** Since the first attempt; null: as long as there are attempts. */
  readonly time_ms_max: number | null;
}

export interface Backoff {
  readonly kind: 'constant' | 'linear' | 'exponential';
  readonly ms: number;
  readonly ms_max: number;
  /** Of exponential: 2 doubles. */
  readonly factor: number;
  /** 0 to 1: a part of the pause that is left to chance, which follows from run, step and attempt. */
  readonly jitter: number;
}

export interface Timeouts {
  /** From when it may be done until a worker has taken it. */
  readonly schedule_to_start_ms: number | null;
  /** Of one attempt, from when it was given out. */
  readonly run_ms: number | null;
  /** Nothing is heard of it for so long; progress and heartbeats begin it anew. */
  readonly idle_ms: number | null;
  /** Of all attempts and pauses together. */
  readonly whole_ms: number | null;
}

/** What is done about an error that is left when retries are used up. The first that fits. */
export interface Catch {
  readonly errors: ErrorMatch;
  /** In place of the step; its input is the step's, with `error` in `context`. Null: nothing, the output is null. */
  readonly flow: Flow | null;
}

/** What every step has. */
export interface StepBase {
  /** Unique within its flow: letters, digits, `_` and `-`. */
  readonly id: string;
  /** For people. */
  readonly name: string | null;
  /** Where it is not true, the step is skipped. */
  readonly when: Expression | null;
  /** What goes in. Null: the input of the flow. */
  readonly input: Template | null;
  /** Of what came out; sees `output`. Null: as it came. */
  readonly output: Template | null;
  /** Into `context`, once it has ended well; sees `output` as `output` above made it. */
  readonly assign: readonly Assign[];
  /** JSON Schemas of what goes in and what came out. */
  readonly input_schema: JsonValue | null;
  readonly output_schema: JsonValue | null;
  readonly retry: readonly RetryRule[];
  readonly timeouts: Timeouts;
  readonly catch: readonly Catch[];
  /** Where nothing catches it. pause: an incident that a person looks at; continue: what needs it goes on without. */
  readonly on_failure: 'pause' | 'fail' | 'continue';
  /** Undoes what the step did; sees its `input` and `output`. Of leaf steps that need no people. */
  readonly compensate: Step | null;
}

export type Step = StepBase & StepKind;

/** What kinds of steps there are, with what is theirs alone. */
export type StepKind =
  | AgentStep
  | ToolStep
  | LlmStep
  | HumanStep
  | WebhookStep
  | EmitStep
  | WaitStep
  | TimerStep
  | SubWorkflowStep
  | ScriptStep
  | RaiseStep
  | FlowStep
  | MapStep;

export type StepType = StepKind['kind'];

/** An execution of an agent; `input` goes to it. It comes to `{content, ...}`. */
export interface AgentStep {
  readonly kind: 'agent';
  readonly agent_id: Template;
  readonly user_id: Template | null;
  readonly session_id: Template | null;
  readonly limits: JsonValue | null;
}

/** Done by whoever polls the queue for it; `input` are its arguments. */
export interface ToolStep {
  readonly kind: 'tool';
  readonly tool: string;
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly queue: string;
  /** One that may not be called twice is not, when nobody knows what became of a call: an incident is opened. */
  readonly idempotent: boolean;
}

/** One call of a model: `input` is a prompt, or a list of messages as the chat API has them. */
export interface LlmStep {
  readonly kind: 'llm';
  readonly model: string | null;
  readonly instructions: Template | null;
  readonly tokens_max: number | null;
  readonly temperature: number | null;
  /** JSON Schema that the answer must follow; the output is its value and no text. */
  readonly answer_schema: JsonValue | null;
}

/** Waits for people; `input` is shown to them. It comes to `{decision, form_data, comment, decided_by}`. */
export interface HumanStep {
  readonly kind: 'human';
  readonly task: 'approval' | 'form';
  readonly title: Template;
  readonly description: Template | null;
  /** JSON Schema of the answer. */
  readonly form_schema: JsonValue | null;
  /** A list of user ids each. Both empty: whoever has the scope may decide. */
  readonly assignees: Template | null;
  readonly groups: Template | null;
  readonly due: Duration | null;
  /** Without an answer by then it fails with class human, code TASK_EXPIRED. */
  readonly expires: Duration | null;
  /** approval: `rejected` is an error of class human, code TASK_REJECTED; else an output like any other. */
  readonly fail_on_rejection: boolean;
}

/** A call of another system by HTTP; `input` is the body. It comes to `{status, headers, body}`. */
export interface WebhookStep {
  readonly kind: 'webhook';
  /** Null where `openapi` says it. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS' | null;
  /** Null where `openapi` says it. */
  readonly url: Template | null;
  /** An object of texts; `{{secret:NAME}}` in one is put in where it is sent. */
  readonly headers: Template | null;
  readonly query: Template | null;
  /** What counts as answered well: `[[200, 299]]`. Everything else is an error of class http with the status. */
  readonly expect_status: readonly (readonly [number, number])[];
  /** body: the output is the body alone; raw: it is its bytes in base64. */
  readonly output_as: 'response' | 'body' | 'raw';
  readonly idempotent: boolean;
  /** Name of the secret that the request is signed with, by Standard Webhooks. Forms of before it have none. */
  readonly signing_secret?: string | null;
  /** The operation that is called, in place of method and URL. Forms of before it have none. */
  readonly openapi?: OpenApiOperation;
}

/** An operation, as the OpenAPI document describes it when the step is done. */
export interface OpenApiOperation {
  /** Where the document is: 2.0 or 3.x, JSON or YAML. */
  readonly document: Template;
  /** What the document itself is asked for with. */
  readonly headers: Template | null;
  readonly operation: string;
  /** Values by name, of whatever place the document says. */
  readonly parameters: Template | null;
}

/** Says something to all other runs of the tenant; `input` is its data. */
export interface EmitStep {
  readonly kind: 'emit';
  readonly event: Template;
  /** What waits are correlated by. */
  readonly key: Template | null;
  /** How long it is kept for runs that are yet to wait for it; absent: {@link emittedTtlMsOf}. Forms of before it have none. */
  readonly ttl?: Duration;
}

/**
 * What the key of an event is that no run emitted and nobody signalled: one that a producer sent, of the type that is
 * waited for. Left out: its subject, kept for {@link emittedTtlMsOf} for whoever waits later.
 */
export interface Correlation {
  /** Sees `event`: `{id, type, source, subject, time, correlation_id, data}`. Null: its subject. */
  readonly key: Expression | null;
  /** How long it is kept for whoever begins to wait later; null: see above. */
  readonly kept_ms: number | null;
}

/** Waits until an event comes, or one that came before and nobody has taken. It comes to `{name, key, data}`, or a list. */
export interface WaitStep {
  readonly kind: 'wait';
  readonly event: Template;
  /** Text; null: whichever is sent to the run. */
  readonly key: Template | null;
  /** Sees `event`; others are left for others. Not `when`, which says of every step whether it is skipped. */
  readonly accept: Expression | null;
  /** See {@link Correlation}. Forms of before it have none. */
  readonly correlate?: Correlation;
  /** How many; more than 1: the output is a list. */
  readonly count: number;
  /** Without it by then the step fails with class timeout. */
  readonly ttl: Duration | null;
}

export interface TimerStep {
  readonly kind: 'timer';
  readonly wait:
    | { readonly kind: 'for'; readonly duration: Duration }
    /** An RFC 3339 time, or milliseconds since the Unix epoch. */
    | { readonly kind: 'until'; readonly at: Template };
}

/** Another workflow, as a run of its own; `input` goes into it, and its output comes out. */
export interface SubWorkflowStep {
  readonly kind: 'sub_workflow';
  readonly workflow: string;
  /** Null: the newest when the run was started, of `sub_versions`; of one that was not there yet, when the step begins. */
  readonly version: string | null;
  /** Goes on at once with `{run_id}`. */
  readonly detached: boolean;
}

/** Computed at once: its output is the value. */
export interface ScriptStep {
  readonly kind: 'script';
  readonly value: Template;
}

/** Fails on purpose. */
export interface RaiseStep {
  readonly kind: 'raise';
  /** Members of a {@link WorkflowError}; what is left out is class raised, code RAISED. */
  readonly error: Template;
}

/** A flow within the flow, with `input` as its own: what several steps are tried, caught, raced or retried as. */
export interface FlowStep {
  readonly kind: 'flow';
  readonly flow: Flow;
}

/** The same flow for each of many items. It comes to the list of their outputs, or `{total, completed, failed}`. */
export interface MapStep {
  readonly kind: 'map';
  /** A list, or a number of times; sees what `input` sees. */
  readonly items: Template;
  /** At most so many at once; 1: one after the other. */
  readonly window: number;
  /** What goes into the body; sees `item` and `index`. Null: the item. */
  readonly item_input: Template | null;
  /** Stops before the next item where it is not true; sees `item`, `index`. Of a window of 1. */
  readonly while: Expression | null;
  readonly body: Flow;
  /** How many may fail before the step does. */
  readonly failures_max: number;
  /** How many have to end well; the rest is cancelled then. Null: all. */
  readonly join_count: number | null;
  /** none: only counts, for many items; their outputs are read with the items. */
  readonly collect: 'all' | 'none';
}
