// Written by `npm run api:release` from docs/reference/openapi.json, never by hand.

export type ProjectionPartition = {
  readonly topic: string;
  readonly partition: number;
  /** Everything before it is applied */
  readonly next_offset: string;
  /** One past the last record of the log */
  readonly end_offset: string | null;
  /** Records between the two, decimal */
  readonly lag_events: string | null;
  /** Age of the oldest event that is not applied; 0 where there is none */
  readonly lag_seconds: number | null;
  /** The oldest event that is not applied */
  readonly oldest_unapplied: {
    readonly offset: string;
    readonly recorded_at: string;
  } | null;
  /** How long events have waited without one being applied */
  readonly no_progress_ms: number;
  /** Why it stands still; null while it moves */
  readonly stopped_reason: string | null;
  /** The instance that writes it */
  readonly owner: string;
};

export type Projection = {
  readonly name: string;
  readonly version: number;
  readonly state: 'running' | 'lagging' | 'stopped';
  /** The open rebuild of it; null where there is none */
  readonly rebuild: {
    readonly state: string;
    /** The tables that are filled */
    readonly to_version: number | null;
    readonly events_done: string;
    readonly events_total: string;
    /** Null where nothing is filled */
    readonly seconds_left: number | null;
  } | null;
  readonly partitions: readonly ProjectionPartition[];
};

export type Projections = {
  readonly projections: readonly Projection[];
};

export type NewRebuild = {
  readonly swap?: 'when_equal' | 'manual';
  readonly events_per_second_max?: number;
  readonly connections_max?: number;
};

export type Rebuild = {
  readonly rebuild_id: string;
  readonly projection: string;
  readonly state: 'requested' | 'filling' | 'catching_up' | 'comparing' | 'ready' | 'mismatch' | 'swapped' | 'swapped_back' | 'done' | 'cancelled' | 'failed';
  /** What was asked for and is not done yet */
  readonly wanted: string | null;
  /** The tables that were live when it began */
  readonly from_version: number;
  /** The tables that are filled; from 1001 on for tables that a rebuild made */
  readonly to_version: number | null;
  readonly swap: 'when_equal' | 'manual';
  /** Null: what the projector allows */
  readonly events_per_second_max: number | null;
  /** Null: what the projector allows */
  readonly connections_max: number | null;
  /** Decimal */
  readonly events_done: string;
  /** Decimal; grows while live goes on */
  readonly events_total: string;
  readonly events_per_second: number;
  /** Which part of its time it works; below 1 it gives way to the live projections. Null where nothing is filled */
  readonly time_share: number | null;
  /** Null where nothing is filled */
  readonly seconds_left: number | null;
  /** Why it failed, stands still or could not do what was asked */
  readonly reason: string | null;
  /** What comparing both tables at the same offsets found; tenants and rows that differ, at most 20 each, and columns that old rows lack because they are older than the column */
  readonly report: Readonly<Record<string, unknown>> | null;
  /** The projector that does it */
  readonly owner: string | null;
  readonly requested_by: string;
  readonly requested_at: string;
  /** When its tables were made */
  readonly started_at: string | null;
  /** When it had caught up */
  readonly filled_at: string | null;
  /** When readers saw the new tables */
  readonly swapped_at: string | null;
  /** How long the tables that are not shown are kept up */
  readonly keep_until: string | null;
  /** When it was done or cancelled */
  readonly ended_at: string | null;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    /** Everything before it is in the new tables */
    readonly next_offset: string;
  }[];
};

/** An agent as its events tell of it. Known by facts alone, it is not `managed` and has no `state`. */
export type Agent = {
  /** Names the agent */
  readonly agent_id: string;
  /** Whether its life cycle is decided here */
  readonly managed: boolean;
  /** State of its life cycle; null where it is not managed */
  readonly state: string | null;
  /** When it came into the state */
  readonly state_since: string | null;
  /** Of its stream: the last decision that is applied */
  readonly version: string | null;
  /** For people */
  readonly name: string | null;
  /** What it does */
  readonly description: string | null;
  /** Kind of agent */
  readonly agent_type: string | null;
  /** What it can do */
  readonly capabilities: readonly string[];
  /** What it may use */
  readonly tools: readonly string[];
  /** The model it calls */
  readonly model: string | null;
  /** Its settings */
  readonly config?: unknown;
  /** Version of its definition, in the words of its owner */
  readonly definition_version: string | null;
  /** What its model is told before everything else */
  readonly instructions?: string | null;
  /** What one of its executions may use; null: the defaults */
  readonly limits: unknown;
  /** What it remembers of a session; null: the defaults */
  readonly memory: unknown;
  /** Executions that it may run at once */
  readonly concurrency_max: number | null;
  /** Who defined it */
  readonly created_by: string | null;
  /** When it was defined */
  readonly created_at: string | null;
  /** When it was ended */
  readonly terminated_at: string | null;
  /** When its definition was removed */
  readonly deleted_at: string | null;
  /** What it is doing */
  readonly current_execution_id: string | null;
  /** Executions that began */
  readonly executions_started: number;
  /** Executions that ended well */
  readonly executions_completed: number;
  /** Executions that ended badly */
  readonly executions_failed: number;
  /** Executions that were stopped */
  readonly executions_cancelled: number;
  /** Executions of which no end is known */
  readonly executions_unknown: number;
  /** All executions together, milliseconds */
  readonly execution_time_ms: number;
  /** Turns it took */
  readonly turns: number;
  /** Tools it called */
  readonly tool_calls: number;
  /** Tokens that went in */
  readonly prompt_tokens: number;
  /** Of them, those that were cached */
  readonly cached_prompt_tokens: number;
  /** Tokens that came out */
  readonly completion_tokens: number;
  /** What the model calls cost, US dollars, exact */
  readonly cost_usd: string;
  /** Facts of others about a managed agent */
  readonly foreign_facts: number;
  /** Of its last failure */
  readonly last_error_code: string | null;
  /** Of its last failure */
  readonly last_error_message: string | null;
  /** When it failed last */
  readonly last_error_at: string | null;
  /** Its first event */
  readonly first_seen: string;
  /** Its last event */
  readonly last_active: string;
};

export type AgentPage = {
  readonly items: readonly Agent[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

/** An execution of an agent. `input_data`, `output_data` and `error` are shown of a single one alone. */
export type Execution = {
  /** Names the execution */
  readonly execution_id: string;
  /** Who ran it */
  readonly agent_id: string;
  /** Whether it was decided here */
  readonly managed: boolean;
  /** running, completed, failed, cancelled, unknown */
  readonly status: string;
  /** When it began */
  readonly started_at: string;
  /** When it ended */
  readonly ended_at: string | null;
  /** When it had to end */
  readonly deadline_at: string | null;
  /** How long it ran, milliseconds */
  readonly execution_time_ms: number | null;
  /** For whom */
  readonly user_id: string | null;
  /** In which session */
  readonly session_id: string | null;
  /** The run it belongs to */
  readonly workflow_id: string | null;
  /** The step of that run */
  readonly step_id: string | null;
  /** The first request of its chain */
  readonly correlation_id: string;
  /** Turns it took */
  readonly turns: number | null;
  /** Why it ended so */
  readonly reason: string | null;
  /** Who stopped it */
  readonly cancelled_by: string | null;
  /** Number of its start in its stream */
  readonly start_version: string | null;
  /** Number of its end in its stream */
  readonly end_version: string | null;
  /** What went in */
  readonly input_data?: unknown;
  /** What came out */
  readonly output_data?: unknown;
  /** What went wrong */
  readonly error?: unknown;
  /** Stable name of what went wrong */
  readonly error_code: string | null;
  /** The model it called */
  readonly model: string | null;
  /** Tokens that went in */
  readonly prompt_tokens: number | null;
  /** Of them, those that were cached */
  readonly cached_prompt_tokens: number | null;
  /** Tokens that came out */
  readonly completion_tokens: number | null;
  /** What the model calls cost, US dollars, exact */
  readonly cost_usd: string | null;
  /** Who reported its end */
  readonly source: string | null;
  /** The event that reported its end */
  readonly fact_id: string | null;
  /** When its end was reported */
  readonly reported_at: string | null;
  /** Facts of others about it */
  readonly foreign_facts: number;
};

export type ExecutionPage = {
  readonly items: readonly Execution[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

/** A run of a workflow. Payloads are shown of a single one alone, those of more than 64 KiB as references: `GET /v1/payloads/{sha256}`. */
export type Run = {
  /** Names the run */
  readonly workflow_id: string;
  /** The definition it follows */
  readonly workflow_name: string;
  /** Of the definition as it was when the run began */
  readonly definition_hash: string | null;
  /** Where it stands */
  readonly status: string;
  /** Of its stream: the last decision that is applied */
  readonly version: string | null;
  /** For whom */
  readonly user_id: string | null;
  /** The run that began it */
  readonly parent_workflow_id: string | null;
  /** The step that began it */
  readonly parent_step_id: string | null;
  /** The run it was forked from */
  readonly forked_from_workflow_id: string | null;
  /** Where it was forked */
  readonly forked_at_version: string | null;
  /** The first request of its chain */
  readonly correlation_id: string;
  /** When it began */
  readonly started_at: string;
  /** When it ended */
  readonly ended_at: string | null;
  /** When it has to end */
  readonly deadline_at: string | null;
  /** Since when it rests */
  readonly paused_at: string | null;
  /** From its beginning to its end, milliseconds */
  readonly execution_time_ms: number | null;
  /** Why it ended so */
  readonly reason: string | null;
  /** Who ended it */
  readonly ended_by: string | null;
  /** What went in */
  readonly input_data?: unknown;
  /** What came out */
  readonly output_data?: unknown;
  /** What went wrong */
  readonly error?: unknown;
  /** Stable name of what went wrong */
  readonly error_code: string | null;
  /** The step that failed */
  readonly failed_step_id: string | null;
  /** The step it was at last */
  readonly current_step_id: string | null;
  /** Steps that might run */
  readonly steps_scheduled: number;
  /** Steps that ended well */
  readonly steps_completed: number;
  /** Steps that ended badly */
  readonly steps_failed: number;
  /** Steps that were undone */
  readonly steps_compensated: number;
  /** Tasks for people that it opened */
  readonly tasks_opened: number;
  /** Those of them that are decided */
  readonly tasks_closed: number;
  /** Messages that came from outside */
  readonly signals_received: number;
  /** Timers it set */
  readonly timers_set: number;
  /** Those of them that fired */
  readonly timers_fired: number;
  /** Its last event */
  readonly last_active: string;
};

export type RunPage = {
  readonly items: readonly Run[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

/** A step of a run with its timing. */
export type Step = {
  /** The run */
  readonly workflow_id: string;
  /** Names the step within its run */
  readonly step_id: string;
  /** The definition of the run */
  readonly workflow_name: string;
  /** For people */
  readonly step_name: string;
  /** agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script */
  readonly step_type: string;
  /** Where it stands */
  readonly status: string;
  /** Tries so far */
  readonly attempts: number;
  /** Where it waited for a worker */
  readonly queue: string | null;
  /** Who took it */
  readonly worker: string | null;
  /** When it first might run */
  readonly queued_at: string;
  /** When its last attempt might run */
  readonly scheduled_at: string | null;
  /** It waits until then */
  readonly not_before: string | null;
  /** When it has to end */
  readonly deadline_at: string | null;
  /** When its last attempt began */
  readonly started_at: string | null;
  /** When it ended */
  readonly ended_at: string | null;
  /** When it is tried again */
  readonly retry_at: string | null;
  /** How long its last attempt waited for a worker */
  readonly queue_time_ms: number | null;
  /** How long its last attempt ran */
  readonly execution_time_ms: number | null;
  /** From when it first might run to its end */
  readonly total_time_ms: number | null;
  /** When it was undone */
  readonly compensated_at: string | null;
  /** How long undoing took */
  readonly compensation_time_ms: number | null;
  /** What went in */
  readonly input_data?: unknown;
  /** What came out */
  readonly output_data?: unknown;
  /** What went wrong */
  readonly error?: unknown;
  /** Stable name of what went wrong */
  readonly error_code: string | null;
  /** What follows it */
  readonly next_steps: readonly string[];
};

export type StepPage = {
  readonly items: readonly Step[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

/** A task for people: an approval or a form. */
export type Task = {
  /** Names the task */
  readonly task_id: string;
  /** The run that waits for it */
  readonly workflow_id: string;
  /** The definition of the run */
  readonly workflow_name: string;
  /** The step that waits for it */
  readonly step_id: string;
  /** open, escalated (open, with others now), decided */
  readonly status: string;
  /** approval or form */
  readonly task_type: string;
  /** The question, in one line */
  readonly title: string;
  /** What people need to know to answer */
  readonly description: string | null;
  /** JSON Schema of the answer to a form */
  readonly form_schema?: unknown;
  /** What it is about */
  readonly input_data?: unknown;
  /** Users who may decide */
  readonly assignees: readonly string[];
  /** Groups whose members may decide */
  readonly groups: readonly string[];
  /** How many have to approve */
  readonly quorum: number;
  /** When it was opened */
  readonly opened_at: string;
  /** When an answer is due; sorted by it, a list has the tasks alone that have it */
  readonly due_at: string | null;
  /** When it goes to others */
  readonly escalate_at: string | null;
  /** When it ends without an answer */
  readonly expires_at: string | null;
  /** How often it went to others */
  readonly escalation_level: number;
  /** When it went to others */
  readonly escalated_at: string | null;
  /** Why it went to others */
  readonly escalation_reason: string | null;
  /** Answers so far */
  readonly answers: number;
  /** Those that approve */
  readonly approvals: number;
  /** Those that reject */
  readonly rejections: number;
  /** How it was decided */
  readonly decision: string | null;
  /** Who decided */
  readonly decided_by: string | null;
  /** When it was decided */
  readonly decided_at: string | null;
  /** Of who decided */
  readonly comment: string | null;
  /** The answer to a form */
  readonly form_data?: unknown;
  /** From its opening to its decision */
  readonly waiting_time_ms: number | null;
};

export type TaskPage = {
  readonly items: readonly Task[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

export type StoryEvent = StoredEvent & {
  readonly orderedby: 'causation' | 'stream' | 'time';
};

export type CorrelationPage = {
  readonly items: readonly StoryEvent[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
  readonly order: 'causal' | 'time';
};

/** Sums of a group; the members that it is grouped by stand first. */
export type UsageSums = {
  /** Empty where no agent asked */
  readonly agent_id?: string;
  /** Empty where no run asked */
  readonly workflow_id?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly hour?: string;
  readonly day?: string;
  /** Decimal, exact */
  readonly attempts: string;
  /** Decimal, exact */
  readonly attempts_completed: string;
  /** Decimal, exact */
  readonly attempts_failed: string;
  /** Decimal, exact */
  readonly attempts_cancelled: string;
  /** Decimal, exact */
  readonly attempts_superseded: string;
  /** Decimal, exact */
  readonly attempts_estimated: string;
  /** Decimal, exact */
  readonly prompt_tokens: string;
  /** Decimal, exact */
  readonly cached_prompt_tokens: string;
  /** Decimal, exact */
  readonly completion_tokens: string;
  /** Decimal, exact */
  readonly cost_usd: string;
  /** Decimal, exact */
  readonly duration_ms: string;
};

export type Usage = {
  readonly items: readonly UsageSums[];
  readonly total: UsageSums;
  readonly group_by: readonly ('agent' | 'workflow' | 'provider' | 'model' | 'hour' | 'day')[];
  readonly from: string;
  readonly to: string;
  readonly truncated: boolean;
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

export type MetricsSummary = {
  readonly from: string;
  readonly minutes: number;
  readonly topics: readonly {
    readonly topic: string;
    /** Decimal */
    readonly events: string;
    /** Decimal */
    readonly bytes: string;
    /** Oldest first */
    readonly events_per_minute: readonly number[];
  }[];
  readonly types: readonly {
    readonly topic: string;
    readonly type: string;
    /** Decimal */
    readonly events: string;
    /** Decimal */
    readonly bytes: string;
  }[];
  readonly errors: {
    readonly executions: {
      /** Decimal */
      readonly failed: string;
      /** Decimal */
      readonly ended: string;
      /** 0 to 1 */
      readonly share: number | null;
    };
    readonly steps: {
      /** Decimal */
      readonly failed: string;
      /** Decimal */
      readonly ended: string;
      /** 0 to 1 */
      readonly share: number | null;
    };
    readonly runs: {
      /** Decimal */
      readonly failed: string;
      /** Decimal */
      readonly ended: string;
      /** 0 to 1 */
      readonly share: number | null;
    };
    readonly inference: {
      /** Decimal */
      readonly failed: string;
      /** Decimal */
      readonly ended: string;
      /** 0 to 1 */
      readonly share: number | null;
    };
  };
  readonly services: {
    readonly instances: number;
    readonly up: number;
    /** Silent for three of their intervals */
    readonly missing: number;
    readonly unhealthy: number;
  };
  readonly projections: readonly {
    readonly name: string;
    readonly version: number;
    readonly state: string;
    readonly lag_events: string | null;
    readonly lag_seconds: number | null;
  }[];
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

export type Topic = {
  readonly name: string;
  /** What record keys are made of */
  readonly key: string;
  /** Null: for ever */
  readonly retention_ms: number | null;
  /** False: `chorda topics apply` has still to make it */
  readonly exists: boolean;
  readonly partition_count: number;
  readonly replication_factor: number | null;
  /** Decimal */
  readonly records: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly partitions: readonly {
    readonly partition: number;
    /** Decimal */
    readonly start_offset: string;
    /** Decimal */
    readonly end_offset: string;
    /** Decimal */
    readonly records: string;
  }[];
  readonly projections: readonly {
    readonly name: string;
    readonly lag_events: string | null;
    readonly lag_seconds: number | null;
  }[];
};

export type Topics = {
  readonly items: readonly Topic[];
};

export type EventTypeSummary = {
  readonly type: string;
  /** A fact is sent; a decision is made by a command */
  readonly kind: 'fact' | 'decision';
  readonly topic: string;
  /** Full name in Avro */
  readonly record: string;
  readonly doc: string;
  /** What decides it */
  readonly command: string | null;
  /** Names the schema that the gateway writes with */
  readonly data_schema: string;
  readonly origin: 'catalogue' | 'registered';
};

export type EventTypes = {
  readonly items: readonly EventTypeSummary[];
};

export type EventTypeSchema = {
  readonly type: string;
  /** A fact is sent; a decision is made by a command */
  readonly kind: 'fact' | 'decision';
  readonly topic: string;
  /** Full name in Avro */
  readonly record: string;
  readonly doc: string;
  /** What decides it */
  readonly command: string | null;
  /** Names the schema that the gateway writes with */
  readonly data_schema: string;
  readonly origin: 'catalogue' | 'registered';
  /** The schema of now, Avro */
  readonly avro: Readonly<Record<string, unknown>>;
  /** Released versions, oldest first */
  readonly versions: readonly {
    readonly version: number;
    readonly avro: Readonly<Record<string, unknown>>;
  }[];
};

/** A record that a consumer group has set aside. */
export type DeadLetter = {
  /** The dead-letter topic */
  readonly topic: string;
  /** In the dead-letter topic */
  readonly partition: number;
  /** In the dead-letter topic */
  readonly offset: string;
  /** When it was set aside */
  readonly record_time: string;
  /** Where the record was */
  readonly source_topic: string;
  /** Where the record was */
  readonly source_partition: number;
  /** Where the record was */
  readonly source_offset: string;
  /** Who set it aside */
  readonly consumer_group: string;
  /** partition, decode, handler or retry */
  readonly stage: string;
  /** Stable name of why */
  readonly reason: string;
  /** Of the error */
  readonly error_class: string;
  /** Of the error */
  readonly error_message: string;
  /** Tries that were made */
  readonly attempts: number;
  /** When it was tried first */
  readonly first_at: string | null;
  /** Of the record */
  readonly key: string | null;
  /** Where the record has one */
  readonly event_id: string | null;
  /** Where the record has one */
  readonly event_type: string | null;
  /** Where the record has one */
  readonly event_source: string | null;
  /** Of the record */
  readonly value_bytes: number;
  /** When it was sent through again */
  readonly redriven_at: string | null;
};

export type DeadLetterPage = {
  readonly items: readonly DeadLetter[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

export type DeadLetterWhole = DeadLetter & {
  /** False where the log keeps it no longer: what follows is then left out */
  readonly in_log: boolean;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly key_base64?: string | null;
  readonly value_base64?: string | null;
  /** Where it can be decoded; `data` is JSON text */
  readonly event?: Readonly<Record<string, unknown>> | null;
  /** Why it cannot */
  readonly undecodable?: string;
};

/** Either `items` or `filter`. */
export type Redrive = {
  readonly items?: readonly {
    /** The dead-letter topic */
    readonly topic: string;
    readonly partition: number;
    /** Decimal */
    readonly offset: string;
  }[];
  readonly filter?: {
    readonly source_topic: string;
    readonly consumer_group: string;
    readonly reason?: string;
  };
  readonly limit?: number;
  readonly dry_run?: boolean;
};

export type RedriveResult = {
  readonly dry_run: boolean;
  readonly sent: number;
  readonly items: readonly {
    /** The dead-letter topic */
    readonly topic: string;
    readonly partition: number;
    /** Decimal */
    readonly offset: string;
    readonly status: 'sent' | 'planned' | 'already_sent' | 'not_found';
    readonly sent_to?: {
      /** The dead-letter topic */
      readonly topic?: string;
      readonly partition?: number;
      /** Decimal */
      readonly offset?: string;
    };
  }[];
};

/** Events of one aggregate that wait behind one that fails. */
export type ParkedSequence = {
  /** Of the sequence */
  readonly id: string;
  /** That could not apply its first event */
  readonly projection: string;
  /** Of the projection */
  readonly version: number;
  /** Of the events */
  readonly topic: string;
  /** Of the events */
  readonly partition: number;
  /** Key of their records, `<tenant>/<subject>` */
  readonly aggregate_key: string;
  /** That wait, the first included */
  readonly events: number;
  /** Of their keys and values */
  readonly bytes: number;
  /** Of the event that fails */
  readonly first_offset: string;
  /** Of the newest one */
  readonly last_offset: string;
  /** apply (its handler threw), data (Postgres refused its row), undecodable, gap (versions before it are missing) */
  readonly reason: string;
  /** The same for faults of one cause */
  readonly fingerprint: string;
  /** Of the error */
  readonly error_class: string;
  /** SQLSTATE, or why it cannot be decoded */
  readonly error_code: string | null;
  /** Of the error */
  readonly error_message: string;
  /** Of the event that fails; null where it cannot be decoded */
  readonly event_type: string | null;
  /** When the first event was parked */
  readonly parked_at: string;
  /** When anything of it last changed */
  readonly updated_at: string;
  /** That came to an event which fails */
  readonly retries: number;
  /** The last of them */
  readonly retried_at: string | null;
  /** A retry was asked for and is not served yet */
  readonly retry_requested_at: string | null;
};

export type ParkedPage = {
  readonly items: readonly ParkedSequence[];
  readonly next_cursor: string | null;
  readonly groups: readonly ParkedGroup[];
};

export type ParkedGroup = {
  readonly fingerprint: string;
  readonly reason: 'apply' | 'data' | 'undecodable' | 'gap';
  readonly error_class?: string;
  readonly error_code?: string | null;
  /** Of one of them */
  readonly error_message?: string;
  readonly event_type?: string | null;
  readonly sequences: number;
  readonly events: number;
  readonly oldest_at?: string;
  readonly newest_at?: string;
};

export type ParkedWhole = ParkedSequence & {
  readonly waiting: readonly ParkedEvent[];
  readonly next_cursor: string | null;
};

export type ParkedEvent = {
  /** Decimal */
  readonly offset: string;
  /** Of a decision, decimal */
  readonly stream_version?: string | null;
  readonly recorded_at?: string;
  readonly parked_at?: string;
  readonly event_id?: string | null;
  readonly event_type?: string | null;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly key_base64: string | null;
  readonly value_base64: string | null;
  /** The event as every read shows it; null where it cannot be decoded */
  readonly event: Readonly<Record<string, unknown>> | null;
  /** Why it cannot */
  readonly undecodable?: string;
};

export type ParkedRetry = {
  readonly id: string;
  readonly status: 'requested' | 'settled' | 'stuck';
  readonly sequence?: ParkedSequence;
};

export type ParkedRetries = {
  readonly requested: number;
};

export type ParkedDiscardRequest = {
  readonly reason: string;
  /** Up to this event; left out: all that wait */
  readonly through_offset?: string;
  /** Give up the versions that are missing, and no event */
  readonly gap?: boolean;
};

export type ParkedDiscard = {
  readonly id: string;
  /** Of the `system.parked_discarded` that tells of it */
  readonly event_id: string;
  readonly discarded: number;
  /** Events of the sequence that are tried again */
  readonly left: number;
  /** Decimal */
  readonly first_offset: string;
  /** Decimal */
  readonly last_offset: string;
  readonly reason: string;
  readonly discarded_by: string;
  readonly discarded_at?: string;
};

export type NewAgent = {
  /** Letters, digits, `.`, `_`, `:`, `-`. Left out: AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX */
  readonly agent_id?: string;
  /** Name for people */
  readonly name: string;
  /** What it is for */
  readonly description?: string | null;
  /** assistant, analyst, coder, or any word */
  readonly agent_type?: string;
  /** Version of the definition, in your words */
  readonly definition_version?: string | null;
  /** TEXT_PROCESSING, DOCUMENT_ANALYSIS, API_INTEGRATION, WORKFLOW_CONTROL */
  readonly capabilities?: readonly string[];
  /** Names of tools that it may call */
  readonly tools?: readonly string[];
  /** Model to ask; null: the default of the deployment */
  readonly model?: string | null;
  /** What the model is told before everything else */
  readonly instructions?: string | null;
  /** Settings: any JSON value */
  readonly config?: unknown;
  readonly memory?: {
    readonly history_messages_max?: number;
  } | null;
  /** What an execution may use; null leaves a limit to the default */
  readonly limits?: {
    /** From start to end, milliseconds. Default 300,000 */
    readonly execution_time_ms_max?: number | null;
    /** Model calls. Default 20 */
    readonly turns_max?: number | null;
    /** Tokens, sent and generated. Default 1,000,000 */
    readonly tokens_max?: number | null;
    /** US dollars, as decimal text. Default: not limited */
    readonly cost_usd_max?: string | null;
  } | null;
  readonly concurrency_max?: number;
};

export type NewExecution = {
  /** Left out: it follows from the command */
  readonly execution_id?: string;
  /** What goes in: any JSON value */
  readonly input_data: unknown;
  /** On whose behalf; a pseudonymous id */
  readonly user_id?: string | null;
  /** The conversation that it belongs to */
  readonly session_id?: string | null;
  /** What an execution may use; null leaves a limit to the default */
  readonly limits?: {
    /** From start to end, milliseconds. Default 300,000 */
    readonly execution_time_ms_max?: number | null;
    /** Model calls. Default 20 */
    readonly turns_max?: number | null;
    /** Tokens, sent and generated. Default 1,000,000 */
    readonly tokens_max?: number | null;
    /** US dollars, as decimal text. Default: not limited */
    readonly cost_usd_max?: string | null;
  } | null;
  readonly metadata?: {
    /** The run that asks */
    readonly workflow_id?: string | null;
    /** Its step */
    readonly step_id?: string | null;
  } | null;
};

export type Reason = {
  /** Why, in your words */
  readonly reason?: string | null;
};

export type ExecutionReason = {
  /** Why, in your words */
  readonly reason?: string | null;
  /** Its agent */
  readonly agent_id?: string;
};

export type OfAgent = {
  /** Its agent */
  readonly agent_id?: string;
  /** Of the new execution */
  readonly execution_id?: string;
};

export type IncidentSettlement = {
  readonly resolution: 'completed' | 'failed' | 'repeat' | 'abort';
  /** What the tool gave, where it was done */
  readonly output_data?: unknown;
  /** Why, in your words */
  readonly reason?: string | null;
  /** The agent of the execution */
  readonly agent_id?: string;
};

/** What was decided. What else it holds depends on the command. */
export type CommandDecided = {
  /** Of this request */
  readonly command_id: string;
  readonly events: readonly DecidedEvent[];
  /** A read that brings it as `min_position` sees all of it */
  readonly position: string;
  /** The agent */
  readonly agent_id?: string;
  /** The execution */
  readonly execution_id?: string;
  /** Of the agent */
  readonly state?: string;
  /** Of the execution */
  readonly status?: string;
  /** Executions of the agent */
  readonly running?: number;
};

export type DecidedEvent = {
  /** Of the event */
  readonly id: string;
  /** Of the event */
  readonly type: string;
  /** Its place in its stream; null for a fact */
  readonly stream_version: string | null;
};

export type CommandTaken = {
  /** Of this request */
  readonly command_id: string;
  readonly status: "taken";
  readonly position: null;
};

export type CommandOutcome = {
  readonly status: 'accepted' | 'refused' | 'failed';
  /** Of the command */
  readonly command_id: string;
  readonly events?: readonly DecidedEvent[];
  /** Where what it did stands */
  readonly position?: string;
  /** Why it was refused */
  readonly code?: string;
  /** Why it was refused, for people */
  readonly detail?: string;
};

export type StreamHistory = {
  readonly items: readonly {
    /** Of the event */
    readonly id: string;
    /** Of the event */
    readonly type: string;
    readonly time: string;
    /** Its place in the stream, decimal */
    readonly stream_version: string;
    /** The agent */
    readonly subject: string;
    /** The first request of the chain */
    readonly correlation_id?: string;
    /** What directly caused it */
    readonly causation_id?: string | null;
    /** The command that was decided */
    readonly command_id?: string | null;
    /** Of its data */
    readonly data_schema?: string;
    /** As in /v1/events */
    readonly data: Readonly<Record<string, unknown>>;
  }[];
  /** `after` of the next page */
  readonly next_after: string | null;
};

export type StreamState = {
  /** Events that it follows from, decimal */
  readonly version: string;
  /** When the last of them happened */
  readonly at: string;
  /** Times end in `_ms`: milliseconds since the Unix epoch */
  readonly state: Readonly<Record<string, unknown>>;
};

export type MemoryValue = {
  /** Any JSON value, at most 16 KiB; null forgets the entry */
  readonly value: unknown;
};

export type AgentSession = {
  /** The agent */
  readonly agent_id: string;
  /** The session */
  readonly session_id: string;
  /** Events that it follows from, decimal */
  readonly version: string;
  /** What was said in executions that were completed, as the chat API has it, the oldest first */
  readonly messages: readonly (Readonly<Record<string, unknown>>)[];
  readonly memory: {
    /** Of the session */
    readonly data: Readonly<Record<string, unknown>>;
    /** Told to the model at the start of each execution */
    readonly context: Readonly<Record<string, unknown>>;
    /** Of the agent */
    readonly variables: Readonly<Record<string, unknown>>;
  };
};

/** One of the two */
export type ExternalTypeSchema = {
  /** An Avro record; its name, namespace and topic are set from the type */
  readonly avro?: Readonly<Record<string, unknown>>;
  /** A JSON Schema of draft 2020-12: an object with properties */
  readonly json_schema?: Readonly<Record<string, unknown>>;
};

export type ExternalType = {
  readonly type: string;
  readonly outcome: 'registered' | 'evolved' | 'unchanged';
  /** null in a dry run */
  readonly version: number | null;
  readonly topic: string;
  readonly record: string;
  readonly fingerprint: string | null;
  /** As events of the type are written */
  readonly avro: Readonly<Record<string, unknown>>;
};

/** A request to a model. `error` and `output_data` are shown of a single one alone. */
export type InferenceRequest = {
  /** Names the request */
  readonly request_id: string;
  /** pending, completed, failed, expired, cancelled */
  readonly status: string;
  /** chat_completion, completion, embedding */
  readonly operation: string | null;
  /** The model that was asked for */
  readonly model: string;
  /** The model that answered */
  readonly answering_model: string | null;
  /** high, normal, low */
  readonly priority: string | null;
  /** Whether its tokens are sent on as they come */
  readonly stream: boolean;
  /** In which session */
  readonly session_id: string | null;
  /** For whom */
  readonly user_id: string | null;
  /** The agent that asked */
  readonly agent_id: string | null;
  /** The execution that asked */
  readonly execution_id: string | null;
  /** The run that asked */
  readonly workflow_id: string | null;
  /** The step of that run */
  readonly step_id: string | null;
  /** The user, key or service that asked */
  readonly requested_by: string | null;
  /** The first request of its chain */
  readonly correlation_id: string;
  /** When it was taken */
  readonly requested_at: string;
  /** When it expires */
  readonly deadline_at: string | null;
  /** When it had its outcome */
  readonly ended_at: string | null;
  /** Attempts that its outcome took */
  readonly attempts: number | null;
  /** Who answered */
  readonly provider: string | null;
  /** Which server of the provider */
  readonly replica: string | null;
  /** Why the model stopped */
  readonly finish_reason: string | null;
  /** Tokens of the prompt */
  readonly prompt_tokens: number | null;
  /** Of them, those that were cached */
  readonly cached_prompt_tokens: number | null;
  /** Tokens generated */
  readonly completion_tokens: number | null;
  /** What the answer cost, US dollars, exact */
  readonly cost_usd: string | null;
  /** From request to dispatch, milliseconds */
  readonly queue_time_ms: number | null;
  /** From dispatch to the first token, milliseconds */
  readonly time_to_first_token_ms: number | null;
  /** From dispatch to the last token, milliseconds */
  readonly inference_time_ms: number | null;
  /** Attempts that were accounted, those that failed included */
  readonly billed_attempts: number;
  /** Tokens of the prompts of all attempts */
  readonly billed_prompt_tokens: number;
  /** Tokens that all attempts generated */
  readonly billed_completion_tokens: number;
  /** What all attempts cost, US dollars, exact */
  readonly billed_cost_usd: string;
  /** Why it was cancelled, or where its deadline found it */
  readonly reason: string | null;
  /** Who cancelled it */
  readonly cancelled_by: string | null;
  /** Stable name of what went wrong */
  readonly error_code: string | null;
  /** What a caller who waited was answered */
  readonly http_status: number | null;
  /** What went wrong */
  readonly error?: unknown;
  /** The answer, as the OpenAI API gives it */
  readonly output_data?: unknown;
};

export type InferenceRequestPage = {
  readonly items: readonly InferenceRequest[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

export type NewInference = {
  readonly operation?: 'chat_completion' | 'completion' | 'embedding';
  /** The model to ask */
  readonly model: string;
  /** As the OpenAI API takes it, without `model` and `stream` */
  readonly input_data: Readonly<Record<string, unknown>>;
  /** Tokens as they come: `GET /v1/inference/{id}/stream` */
  readonly stream?: boolean;
  readonly priority?: 'high' | 'normal' | 'low';
  /** Milliseconds after which it expires */
  readonly deadline_ms?: number;
  /** The conversation that it belongs to */
  readonly session_id?: string;
  /** On whose behalf; a pseudonymous id */
  readonly user_id?: string;
  /** The agent that asks */
  readonly agent_id?: string;
  /** The execution that asks */
  readonly execution_id?: string;
  /** The run that asks */
  readonly workflow_id?: string;
  /** The step of that run */
  readonly step_id?: string;
  /** Tokens that all attempts may take together */
  readonly tokens_max?: number;
  /** US dollars that all attempts may cost together */
  readonly cost_usd_max?: string;
  /** Attempts that may be made */
  readonly attempts_max?: number;
};

export type CancelInference = {
  readonly reason?: string;
};

export type InferenceTaken = {
  /** Names the request */
  readonly request_id: string;
  readonly status: "pending";
  /** When it expires */
  readonly deadline_at?: string;
  /** Where it stands in the log */
  readonly position: string;
};

export type InferenceOutcome = {
  /** Names the request */
  readonly request_id: string;
  readonly status: 'completed' | 'failed' | 'expired' | 'cancelled';
  /** As the event `inference.<status>` has it; `output_data` is the answer */
  readonly outcome: Readonly<Record<string, unknown>>;
};

export type OpenAiError = {
  readonly error: {
    /** What was wrong */
    readonly message: string;
    /** invalid_request_error, rate_limit_error, insufficient_quota, timeout_error, server_error */
    readonly type: string;
    /** The field at fault */
    readonly param: string | null;
    /** Stable name */
    readonly code: string | number | null;
  };
};

export type ChatCompletionRequest = {
  /** The model to ask */
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
  }[];
  /** Tokens as they come */
  readonly stream?: boolean | null;
};

export type CompletionRequest = {
  /** The model to ask */
  readonly model: string;
  /** A text, a list of texts, of tokens, or of lists of tokens */
  readonly prompt: unknown;
  /** Tokens as they come */
  readonly stream?: boolean | null;
};

export type EmbeddingRequest = {
  /** The model to ask */
  readonly model: string;
  /** A text, a list of at most 2048 texts or lists of tokens, or tokens */
  readonly input: unknown;
};

/** What the model server answered, as it is */
export type OpenAiAnswer = Readonly<Record<string, unknown>>;

export type OpenAiModel = {
  /** Name to ask for */
  readonly id: string;
  readonly object: "model";
  /** Always 0: when it was made is not known here */
  readonly created: number;
  /** Who serves it */
  readonly owned_by: string;
  /** The model that an adapter changes */
  readonly parent: string | null;
  /** Tokens of prompt and answer together */
  readonly max_model_len: number | null;
};

export type OpenAiModels = {
  readonly object: "list";
  readonly data: readonly OpenAiModel[];
};

export type NewApiKey = {
  /** What it is for, for people */
  readonly name: string;
  /** A usual bundle of scopes */
  readonly role?: 'viewer' | 'producer' | 'operator' | 'admin';
  /** Beside those of the role */
  readonly scopes?: readonly ('events:write' | 'events:read' | 'agents:write' | 'agents:work' | 'inference:write' | 'inference:read' | 'workflows:read' | 'workflows:write' | 'events:simulate' | 'system:read' | 'system:operate' | 'admin' | 'deployment:operate')[];
  /** Default: your own */
  readonly tenant_id?: string;
  readonly expires_at?: string;
  readonly expires_in_days?: number;
  readonly requests_per_minute?: number;
  readonly events_per_minute?: number;
};

export type ApiKey = {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly state: 'valid' | 'revoked' | 'expired';
  readonly created_at: string;
  /** Who made it; null for keys of before that was kept */
  readonly created_by: string | null;
  /** null: never */
  readonly expires_at: string | null;
  /** null: it was not */
  readonly revoked_at: string | null;
  /** null: as the settings of the gateway say */
  readonly requests_per_minute: number | null;
  /** null: as the settings of the gateway say */
  readonly events_per_minute: number | null;
};

export type ApiKeyWithText = {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly state: 'valid' | 'revoked' | 'expired';
  readonly created_at: string;
  /** Who made it; null for keys of before that was kept */
  readonly created_by: string | null;
  /** null: never */
  readonly expires_at: string | null;
  /** null: it was not */
  readonly revoked_at: string | null;
  /** null: as the settings of the gateway say */
  readonly requests_per_minute: number | null;
  /** null: as the settings of the gateway say */
  readonly events_per_minute: number | null;
  /** Keep it now: it is not shown again */
  readonly key: string;
};

export type ApiKeys = {
  readonly items: readonly ApiKey[];
};

export type Tenant = {
  readonly tenant_id: string;
  readonly name: string;
  readonly created_at: string;
  /** Since when its credentials are refused */
  readonly disabled_at: string | null;
  /** null: as the settings of the gateway say */
  readonly requests_per_minute: number | null;
  /** null: as the settings of the gateway say */
  readonly events_per_minute: number | null;
  /** null: as the settings of the gateway say */
  readonly events_per_day: number | null;
};

export type Tenants = {
  readonly items: readonly Tenant[];
};

export type NewTenant = {
  readonly tenant_id: string;
  readonly name: string;
  readonly disabled?: boolean;
  /** Requests of the whole tenant in any minute */
  readonly requests_per_minute?: number | null;
  /** Events in any minute */
  readonly events_per_minute?: number | null;
  /** Events in any 24 hours */
  readonly events_per_day?: number | null;
};

export type TenantChange = {
  readonly name?: string;
  readonly disabled?: boolean;
  /** Requests of the whole tenant in any minute */
  readonly requests_per_minute?: number | null;
  /** Events in any minute */
  readonly events_per_minute?: number | null;
  /** Events in any 24 hours */
  readonly events_per_day?: number | null;
};

export type RegisterTools = {
  readonly tools: readonly {
    /** Not beginning with llm_, http_ or database_ */
    readonly name: string;
    /** What it does, for the model */
    readonly description?: string | null;
    /** JSON Schema (2020-12) of its arguments */
    readonly parameters?: Readonly<Record<string, unknown>>;
    /** Whether it may be called again with the same key */
    readonly idempotent?: boolean;
    /** From when it is asked for to its answer */
    readonly timeout_ms?: number;
  }[];
};

export type RegisteredTool = {
  /** Not beginning with llm_, http_ or database_ */
  readonly name: string;
  /** What it does, for the model */
  readonly description: string | null;
  /** JSON Schema (2020-12) of its arguments */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether it may be called again with the same key */
  readonly idempotent: boolean;
  /** From when it is asked for to its answer */
  readonly timeout_ms: number;
  /** The key or user */
  readonly registered_by: string;
  readonly registered_at: string;
  /** When a worker last asked for its calls */
  readonly polled_at: string | null;
};

export type Tools = {
  readonly tools: readonly RegisteredTool[];
};

export type PollWork = {
  readonly tools: readonly string[];
  readonly max?: number;
  /** How long to wait for one */
  readonly wait_ms?: number;
  /** Names the process, for people */
  readonly worker?: string;
};

export type GivenCall = {
  readonly work_id: string;
  /** As the call came with */
  readonly lease_token: string;
  readonly lease_ms: number;
  /** Until the call is given up */
  readonly left_ms: number;
  readonly tool: string;
  /** Any JSON value that the schema of the tool allows */
  readonly arguments: unknown;
  /** The same for every attempt at this call */
  readonly idempotency_key: string;
  readonly attempt: number;
  /** How often this attempt was given to a worker */
  readonly delivery: number;
  readonly agent_id: string;
  readonly execution_id: string;
  readonly call_id: string;
  readonly traceparent: string | null;
};

export type GivenCalls = {
  readonly calls: readonly GivenCall[];
};

export type WorkLease = {
  /** As the call came with */
  readonly lease_token: string;
};

/** With `output_data` or with `error` */
export type WorkResult = {
  /** As the call came with */
  readonly lease_token: string;
  /** Any JSON value, at most 128 KiB */
  readonly output_data?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details?: unknown;
  };
  readonly duration_ms?: number;
};

export type WorkState = {
  readonly status: 'held' | 'stored';
};

export type NewRun = {
  /** Any JSON value that the schema of the workflow allows; of more than 64 KiB it is kept by reference: events, read models and reports have `{uri, length, sha256}` in its place, which `GET /v1/payloads/{sha256}` reads; expressions and later steps see the value */
  readonly input?: unknown;
  /** Stored version; left out: the newest */
  readonly version?: number;
  /** Left out: it follows from the key or the command */
  readonly run_id?: string;
  /** A run is started once for each */
  readonly start_key?: string;
  /** On whose behalf; a pseudonymous id */
  readonly user_id?: string | null;
};

export type Signal = {
  /** What the run waits for it by */
  readonly name: string;
  /** What waits are correlated by */
  readonly key?: string | null;
  /** Any JSON value, at most 64 KiB: what a signal says is never kept by reference */
  readonly data?: unknown;
  /** The same one counts once; left out: it follows from the command */
  readonly signal_id?: string;
  /** How long it is kept */
  readonly ttl_ms?: number | null;
};

export type RunCancel = {
  /** Why, in your words */
  readonly reason?: string | null;
  /** Does not wait for what is under way */
  readonly hard?: boolean;
  /** Undoes what was done first */
  readonly compensate?: boolean;
};

export type RunRetry = {
  /** One step; null: all that failed */
  readonly step_id?: string | null;
  readonly resolution?: 'repeat' | 'completed' | 'failed';
  /** Of a step that is found completed; of more than 64 KiB it is kept by reference: events, read models and reports have `{uri, length, sha256}` in its place, which `GET /v1/payloads/{sha256}` reads; expressions and later steps see the value */
  readonly output_data?: unknown;
  /** Why, in your words */
  readonly reason?: string | null;
};

export type RunFork = {
  /** Left out: it follows from the command */
  readonly run_id?: string;
  /** `stream_version` in `/v1/runs/{id}/events`; left out: now */
  readonly at_version?: string;
  /** In place of what the run began with */
  readonly input?: unknown;
  /** In place of its context */
  readonly context?: unknown;
  /** Steps that are done anew, with all that needs them */
  readonly rerun?: readonly string[];
};

export type TaskClaim = {
  /** Who; left out where the token is that of a person */
  readonly user_id?: string;
  /** Groups of theirs, as a trusted system knows them */
  readonly groups?: readonly string[];
  /** Gives it back */
  readonly release?: boolean;
};

export type TaskAnswer = {
  /** Who; left out where the token is that of a person */
  readonly user_id?: string;
  /** Groups of theirs, as a trusted system knows them */
  readonly groups?: readonly string[];
  readonly decision: 'approved' | 'rejected' | 'submitted';
  /** What was entered, by the schema of the form */
  readonly form_data?: unknown;
  /** What else is to be said */
  readonly comment?: string | null;
};

/** What was decided. What else it holds depends on the command. */
export type RunDecided = {
  /** Of this request */
  readonly command_id: string;
  readonly events: readonly DecidedEvent[];
  /** A read that brings it as `min_position` sees all of it */
  readonly position: string;
  /** The run */
  readonly workflow_id?: string;
  /** Of the run */
  readonly status?: string;
  /** The run was there already, by its start key */
  readonly started_before?: boolean;
  /** Whether a step took the signal at once */
  readonly taken?: boolean;
  /** Of the task */
  readonly decision?: string;
  /** Who has the task */
  readonly claimed_by?: string | null;
  /** Steps that go on */
  readonly steps?: readonly string[];
};

export type RunPlan = {
  /** The run */
  readonly workflow_id: string;
  /** Of the run */
  readonly status: string;
  /** Events that it follows from, decimal */
  readonly version: string;
  readonly kind: 'graph' | 'machine';
  /** Of a state machine */
  readonly current_state: string | null;
  /** Steps of one need something of the one before */
  readonly phases: readonly (Readonly<Record<string, unknown>>)[];
};

export type RunReport = {
  /** The run */
  readonly workflow_id: string;
  /** Events that it follows from, decimal */
  readonly version: string;
  /** Of the run */
  readonly status: string;
  readonly started_at_ms?: number;
  /** What the run came to */
  readonly output: unknown;
  /** Outputs by step */
  readonly results: Readonly<Record<string, unknown>>;
  /** How many steps ended how; `rate` is 0 to 1 */
  readonly success: Readonly<Record<string, unknown>>;
  readonly errors: readonly (Readonly<Record<string, unknown>>)[];
  readonly incidents?: readonly string[];
  /** Why it failed or was cancelled */
  readonly ending?: Readonly<Record<string, unknown>> | null;
  /** Calls of models, their tokens and cost, together and by model; null: it cannot be read at the moment */
  readonly usage?: Readonly<Record<string, unknown>> | null;
};

export type PollSteps = {
  readonly queue?: string;
  readonly tools: readonly string[];
  readonly max?: number;
  readonly wait_ms?: number;
  /** Names the process, for people */
  readonly worker?: string;
};

export type GivenSteps = {
  readonly steps: readonly GivenStep[];
};

export type GivenStep = {
  /** Names this try */
  readonly work_id: string;
  /** Brought with heartbeats and the result */
  readonly lease_token: string;
  readonly lease_ms: number;
  /** Until the try is given up */
  readonly left_ms: number;
  /** The run */
  readonly run_id: string;
  /** Its workflow */
  readonly workflow: string;
  /** The step in the run */
  readonly step_id: string;
  /** As asked for */
  readonly queue: string;
  /** What is to be done */
  readonly tool: string;
  /** Any JSON value; what is kept by reference is here whole, as long as that is at most 8 MiB, else as its references */
  readonly input: unknown;
  /** The same for every try of this step */
  readonly idempotency_key: string;
  readonly attempt: number;
  /** How often this try was given to a worker */
  readonly delivery: number;
  /** What an earlier try kept last: `{n, value}` */
  readonly checkpoint: Readonly<Record<string, unknown>> | null;
  /** Heartbeats with `progress` must come at least so often */
  readonly idle_ms: number | null;
  /** Trace context */
  readonly traceparent: string | null;
};

export type StepBeat = {
  /** As the step came with */
  readonly lease_token: string;
  /** As the step came with */
  readonly run_id: string;
  /** As the step came with */
  readonly step_id: string;
  /** Of a step that came with `idle_ms` */
  readonly progress?: boolean;
  readonly checkpoint?: {
    readonly n: number;
    /** At most 64 KiB */
    readonly value: unknown;
  };
};

export type StepResult = {
  /** As the step came with */
  readonly lease_token: string;
  /** Any JSON value; of more than 64 KiB it is kept by reference: events, read models and reports have `{uri, length, sha256}` in its place, which `GET /v1/payloads/{sha256}` reads; expressions and later steps see the value */
  readonly output?: unknown;
  readonly error?: {
    /** What retries and catches are chosen by */
    readonly class?: string;
    readonly code?: string;
    /** For people */
    readonly message: string;
    /** Of an HTTP call */
    readonly status?: number | null;
    readonly details?: unknown;
    readonly retriable?: boolean;
  };
  readonly duration_ms?: number;
};

export type StepResults = {
  readonly results: readonly {
    /** As the step came with */
    readonly work_id: string;
    /** As the step came with */
    readonly lease_token: string;
    /** Any JSON value; of more than 64 KiB it is kept by reference: events, read models and reports have `{uri, length, sha256}` in its place, which `GET /v1/payloads/{sha256}` reads; expressions and later steps see the value */
    readonly output?: unknown;
    readonly error?: {
      /** What retries and catches are chosen by */
      readonly class?: string;
      readonly code?: string;
      /** For people */
      readonly message: string;
      /** Of an HTTP call */
      readonly status?: number | null;
      readonly details?: unknown;
      readonly retriable?: boolean;
    };
    readonly duration_ms?: number;
  }[];
};

export type StepsAnswered = {
  /** In the order in which they were sent */
  readonly results: readonly {
    /** Of the step */
    readonly work_id: string;
    readonly status: 'stored' | 'lease_lost' | 'too_large';
    /** Why it was not stored */
    readonly detail: string | null;
  }[];
};

/** What starts runs of a workflow at times of a clock. */
export type Schedule = {
  /** Names the schedule */
  readonly schedule_id: string;
  /** active, paused, deleted */
  readonly status: string;
  /** What people call it */
  readonly title: string | null;
  /** The workflow that it starts */
  readonly workflow_name: string;
  /** Its stored version; null: the newest at each fire */
  readonly workflow_version: number | null;
  /** What each run is given */
  readonly input_data?: unknown;
  /** The user on whose behalf runs go */
  readonly user_id: string | null;
  /** When it fires */
  readonly cron: string;
  /** The zone whose clock that is */
  readonly time_zone: string;
  /** While a run of before goes on: skip, buffer_one, allow, cancel_running */
  readonly overlap: string;
  /** Of fires that nobody was there for: all, latest */
  readonly catch_up: string;
  /** How late a fire may be */
  readonly catch_up_window_ms: number;
  /** Each fire waits for up to so long */
  readonly jitter_ms: number;
  /** When it was created */
  readonly created_at: string;
  /** Who created it */
  readonly created_by: string | null;
  /** When its rules were changed */
  readonly changed_at: string | null;
  /** Since when it rests */
  readonly paused_at: string | null;
  /** Why it rests */
  readonly pause_reason: string | null;
  /** When it fires next */
  readonly next_fire_at: string | null;
  /** The time of its last run */
  readonly last_fire_at: string | null;
  /** Its last run */
  readonly last_run_id: string | null;
  /** Runs so far */
  readonly fires: number;
  /** Those that go on */
  readonly running: number;
  /** How often it left out fires */
  readonly skips: number;
  /** The last fire that it left out */
  readonly last_skip_at: string | null;
  /** Why: overlap, too_late, superseded, paused, too_many_running */
  readonly last_skip_reason: string | null;
  /** Runs that could not be started */
  readonly refusals: number;
  /** Why the last of them could not be */
  readonly last_error_code: string | null;
  /** The same in words */
  readonly last_error: string | null;
};

export type SchedulePage = {
  readonly items: readonly Schedule[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

export type NewSchedule = {
  /** Left out: it follows from the command */
  readonly schedule_id?: string;
  /** For people */
  readonly title?: string | null;
  /** The workflow */
  readonly workflow_name: string;
  /** Stored version; null: the newest at each fire */
  readonly workflow_version?: number | null;
  /** What each run is given: any JSON value */
  readonly input_data?: unknown;
  /** On whose behalf; a pseudonymous id */
  readonly user_id?: string | null;
  /** Five parts, six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly */
  readonly cron: string;
  /** IANA name of the zone whose clock that is */
  readonly time_zone?: string;
  /** A fire while a run of before goes on is left out, waits for its end, starts beside it (up to 100), or ends it first */
  readonly overlap?: 'skip' | 'buffer_one' | 'allow' | 'cancel_running';
  /** Of fires that nobody was there for, within the window: all of them, or the newest alone */
  readonly catch_up?: 'all' | 'latest';
  /** A fire that is later than this starts no run */
  readonly catch_up_window_ms?: number;
  /** Each fire waits for its own share of this */
  readonly jitter_ms?: number;
};

export type ScheduleRules = {
  /** For people */
  readonly title?: string | null;
  /** The workflow */
  readonly workflow_name: string;
  /** Stored version; null: the newest at each fire */
  readonly workflow_version?: number | null;
  /** What each run is given: any JSON value */
  readonly input_data?: unknown;
  /** On whose behalf; a pseudonymous id */
  readonly user_id?: string | null;
  /** Five parts, six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly */
  readonly cron: string;
  /** IANA name of the zone whose clock that is */
  readonly time_zone?: string;
  /** A fire while a run of before goes on is left out, waits for its end, starts beside it (up to 100), or ends it first */
  readonly overlap?: 'skip' | 'buffer_one' | 'allow' | 'cancel_running';
  /** Of fires that nobody was there for, within the window: all of them, or the newest alone */
  readonly catch_up?: 'all' | 'latest';
  /** A fire that is later than this starts no run */
  readonly catch_up_window_ms?: number;
  /** Each fire waits for its own share of this */
  readonly jitter_ms?: number;
};

export type SchedulePreview = {
  /** Five parts, six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly */
  readonly cron: string;
  /** IANA name of the zone whose clock that is */
  readonly time_zone?: string;
  /** Left out: now */
  readonly after?: string;
  readonly count?: number;
};

/** What was decided. */
export type ScheduleDecided = {
  /** Of this request */
  readonly command_id: string;
  readonly events: readonly DecidedEvent[];
  /** A read that brings it as `min_position` sees all of it */
  readonly position: string;
  /** The schedule */
  readonly schedule_id?: string;
  readonly status?: 'active' | 'paused' | 'deleted';
  /** When it fires next */
  readonly next_fire_at?: string | null;
};

export type NextFires = {
  readonly items: readonly {
    readonly fire_at: string;
    /** What the clock of the zone shows then */
    readonly local_time: string;
  }[];
};

export type NewTrigger = {
  readonly kind: "event";
  /** Left out: one is made */
  readonly trigger_id?: string;
  /** For people */
  readonly title?: string | null;
  /** The workflow */
  readonly workflow_name: string;
  /** Stored version; null: the newest */
  readonly workflow_version?: number | null;
  /** CEL over `event`, or over `body` and `query`; null: all of them start a run */
  readonly filter?: string | null;
  /** CEL for what the run is given; null: the event, or the body */
  readonly input?: string | null;
  readonly topics: readonly string[];
} | {
  readonly kind: "http";
  /** Left out: one is made */
  readonly trigger_id?: string;
  /** For people */
  readonly title?: string | null;
  /** The workflow */
  readonly workflow_name: string;
  /** Stored version; null: the newest */
  readonly workflow_version?: number | null;
  /** CEL over `event`, or over `body` and `query`; null: all of them start a run */
  readonly filter?: string | null;
  /** CEL for what the run is given; null: the event, or the body */
  readonly input?: string | null;
  readonly signed?: boolean;
};

export type NewTriggerAnswer = {
  /** Left out: one is made */
  readonly trigger_id: string;
  /** For people */
  readonly title: string | null;
  /** The workflow */
  readonly workflow_name: string;
  /** Stored version; null: the newest */
  readonly workflow_version: number | null;
  /** CEL over `event`, or over `body` and `query`; null: all of them start a run */
  readonly filter: string | null;
  /** CEL for what the run is given; null: the event, or the body */
  readonly input: string | null;
  readonly kind: 'event' | 'http';
  readonly status: 'active' | 'paused';
  readonly topics: readonly string[];
  /** Whether messages have to be signed */
  readonly signed: boolean;
  readonly created_at: string;
  /** Who created it */
  readonly created_by: string;
  /** Of `http`: the secret address, told once */
  readonly path?: string;
  /** Of `http`, where it is signed: told once */
  readonly signing_secret?: string | null;
};

export type Trigger = {
  /** Left out: one is made */
  readonly trigger_id: string;
  /** For people */
  readonly title: string | null;
  /** The workflow */
  readonly workflow_name: string;
  /** Stored version; null: the newest */
  readonly workflow_version: number | null;
  /** CEL over `event`, or over `body` and `query`; null: all of them start a run */
  readonly filter: string | null;
  /** CEL for what the run is given; null: the event, or the body */
  readonly input: string | null;
  readonly kind: 'event' | 'http';
  readonly status: 'active' | 'paused';
  readonly topics: readonly string[];
  /** Whether messages have to be signed */
  readonly signed: boolean;
  readonly created_at: string;
  /** Who created it */
  readonly created_by: string;
  /** Runs so far */
  readonly fires: number;
  /** What could not start a run */
  readonly refusals: number;
  /** When the last run was started */
  readonly last_fire_at: string | null;
  /** The last run */
  readonly last_run_id: string | null;
  /** When something could not start a run */
  readonly last_error_at: string | null;
  /** Why, as a word: WORKFLOW_NOT_FOUND, TRIGGER_TOO_DEEP, FILTER_FAILED */
  readonly last_error_code: string | null;
  /** Why, in words */
  readonly last_error: string | null;
};

export type TriggerList = {
  readonly items: readonly Trigger[];
};

export type HookPassed = {
  readonly status: "passed";
  /** Why no run was started */
  readonly reason: string;
};

/** Any JSON value */
export type AnyJson = unknown;

export type NewRunJob = {
  readonly action: 'pause' | 'resume' | 'cancel' | 'retry';
  /** Fields of runs as in the query of `GET /v1/runs`: `{"status": "in.failed,cancelled"}` */
  readonly where: Readonly<Record<string, unknown>>;
  /** More are not told */
  readonly runs_max?: number;
  /** Why, in your words; not of resume */
  readonly reason?: string | null;
  /** Of cancel: does not wait for what is under way */
  readonly hard?: boolean;
  /** Of cancel: undoes what was done first */
  readonly compensate?: boolean;
  /** Of retry */
  readonly resolution?: 'repeat' | 'failed';
};

export type RunJob = {
  /** The job */
  readonly job_id: string;
  readonly action: 'pause' | 'resume' | 'cancel' | 'retry';
  readonly where: Readonly<Record<string, unknown>>;
  readonly runs_max: number;
  readonly status: 'running' | 'completed' | 'cancelled' | 'failed';
  /** Runs that were told */
  readonly runs: number;
  /** Those that did it */
  readonly accepted: number;
  /** Those whose state did not allow it */
  readonly refused: number;
  /** There were more runs than it might tell */
  readonly is_cut: boolean;
  /** The first hundred */
  readonly refusals: readonly {
    /** The run */
    readonly run_id: string;
    /** Why, as a word */
    readonly code: string;
    /** Why, in words */
    readonly message: string;
  }[];
  /** Why it failed */
  readonly error: string | null;
  /** Who asked */
  readonly requested_by: string;
  readonly created_at: string;
  /** When it ended */
  readonly ended_at: string | null;
};

export type RunJobList = {
  readonly items: readonly RunJob[];
};

export type WorkflowApplied = {
  readonly outcome: 'created' | 'updated' | 'restored' | 'unchanged';
  readonly name: string;
  /** SHA-256 of the form: what runs are pinned to */
  readonly hash: string;
  /** null in a dry run */
  readonly version: number | null;
};

export type WorkflowSummary = {
  readonly name: string;
  /** Counts from 1 */
  readonly version: number;
  /** SHA-256 of the form: what runs are pinned to */
  readonly hash: string;
  readonly title: string | null;
  /** What its author calls the version */
  readonly author_version: string;
  readonly source_format: 'chorda' | 'serverless-workflow';
  readonly created_at: string;
  readonly created_by: string;
  readonly archived_at: string | null;
};

export type WorkflowList = {
  readonly items: readonly WorkflowSummary[];
};

export type WorkflowDefinition = {
  readonly name: string;
  /** Counts from 1 */
  readonly version: number;
  /** SHA-256 of the form: what runs are pinned to */
  readonly hash: string;
  readonly title: string | null;
  /** What its author calls the version */
  readonly author_version: string;
  readonly source_format: 'chorda' | 'serverless-workflow';
  readonly created_at: string;
  readonly created_by: string;
  readonly archived_at: string | null;
  /** What is interpreted; nothing in it is filled in later */
  readonly form: Readonly<Record<string, unknown>>;
  /** As its author sent it */
  readonly source: string;
};

export type WorkflowExport = {
  readonly name: string;
  readonly version: number;
  readonly format: 'yaml' | 'json' | 'serverless-workflow';
  readonly text: string;
};

/** RFC 9457. `code` is stable: switch on it. */
export type Problem = {
  /** `urn:chorda:problem:<code>` */
  readonly type: string;
  /** The same for every occurrence of the code */
  readonly title: string;
  readonly status: number;
  /** Stable name */
  readonly code: string;
  /** What was wrong this time, and what to do */
  readonly detail: string;
  readonly errors?: readonly {
    /** RFC 6901 pointer into the body that was sent */
    readonly pointer: string;
    /** The header at fault, in CloudEvents binary mode */
    readonly header?: string;
    /** The rule that was broken */
    readonly detail: string;
    /** In the text of a definition */
    readonly line?: number;
    readonly column?: number;
  }[];
  /** How many more there are than `errors` lists */
  readonly errors_left_out?: number;
  /** Finds the request in the log */
  readonly request_id?: string;
  /** W3C trace id */
  readonly trace_id?: string;
  /** Of `DECISION_NOT_ACCEPTED`: the operation that decides it */
  readonly command?: string;
  readonly rebuild?: Rebuild;
  /** Of `AMBIGUOUS_EVENT_ID`: who used the id */
  readonly sources?: readonly string[];
  /** False where the read model may lack something */
  readonly complete?: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
  /** Of a batch: one result for each event */
  readonly items?: readonly ItemResult[];
};

/** A CloudEvent. `data` is checked against the schema of `type` (see /asyncapi.json). */
export type SentEvent = {
  readonly specversion: "1.0";
  /** 1 to 256 bytes; left out: made from Idempotency-Key, else new */
  readonly id?: string;
  /** URI reference of who says so, at most 1024 bytes */
  readonly source: string;
  /** A fact of the catalogue */
  readonly type: string;
  /** Left out or equal where the schema says which field it is */
  readonly subject?: string;
  /** RFC 3339; left out: now */
  readonly time?: string;
  readonly datacontenttype?: "application/json";
  /** Left out, or the one the gateway writes with */
  readonly dataschema?: string;
  /** Left out, or the tenant of the key */
  readonly tenantid?: string;
  /** The first request of a chain; left out: new */
  readonly correlationid?: string;
  /** The event that directly caused this one */
  readonly causationid?: string;
  /** W3C trace context of this event; left out: that of the request */
  readonly traceparent?: string;
  /** Goes with traceparent */
  readonly tracestate?: string;
  /** Simulated decisions only */
  readonly streamversion?: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** A CloudEvent as every read shows it. 64-bit numbers are decimal strings. */
export type StoredEvent = {
  readonly specversion: "1.0";
  /** With tenant and source it names the event */
  readonly id: string;
  /** Who says so */
  readonly source: string;
  /** Name in the catalogue */
  readonly type: string;
  /** What it is about */
  readonly subject: string;
  /** When it happened, RFC 3339 */
  readonly time: string;
  readonly datacontenttype?: "application/json";
  /** The schema, `urn:chorda:schema:<record>:<sha256>` */
  readonly dataschema?: string;
  /** Whose it is */
  readonly tenantid: string;
  /** The first request of its chain */
  readonly correlationid: string;
  /** What directly caused it */
  readonly causationid?: string;
  /** W3C trace context */
  readonly traceparent?: string;
  /** Of a decision: its number in its stream, decimal */
  readonly streamversion?: string;
  /** Of a decision: the stream that `streamversion` counts; left out where it is the own one of its subject */
  readonly stream?: string;
  /** When the log took it, RFC 3339 */
  readonly recordedtime?: string;
  /** Where it stands in the log */
  readonly topic: string;
  readonly partition: number;
  /** Decimal */
  readonly offset: string;
  /** Opaque; give it to a read that must have seen this event */
  readonly position: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type ItemResult = {
  /** `logged`: all in-sync replicas have it. `valid`: a dry run would have sent it. `refused`: no effect, ever. `unknown`: it may appear, at most once. `not_attempted`: not sent; its problem says why. */
  readonly status: 'logged' | 'valid' | 'refused' | 'unknown' | 'not_attempted';
  /** Of the event */
  readonly id?: string;
  /** Opaque; where `logged` */
  readonly position?: string;
  /** Where it would go; where `valid` */
  readonly topic?: string;
  /** Where it would go; where `valid` */
  readonly partition?: number;
  readonly problem?: Problem;
};

export type SingleResult = {
  readonly status: "logged";
  /** Of the event */
  readonly id: string;
  /** Opaque */
  readonly position: string;
  /** Whether every projection that was read has passed the position asked for. */
  readonly complete?: boolean;
  /** Why not complete: `lagging`, `parked`, `dead_lettered`, `stopped`, `rebuilding`. */
  readonly reason?: string;
};

/** What a dry run of one event answers */
export type ValidResult = {
  readonly status: "valid";
  /** Of the event, were it sent now */
  readonly id: string;
  /** Where it would go */
  readonly topic: string;
  readonly partition: number;
};

export type BatchResult = {
  readonly items: readonly ItemResult[];
  /** Of everything that was logged */
  readonly position: string | null;
  /** Whether every projection that was read has passed the position asked for. */
  readonly complete?: boolean;
  /** Why not complete: `lagging`, `parked`, `dead_lettered`, `stopped`, `rebuilding`. */
  readonly reason?: string;
};

export type EventPage = {
  readonly items: readonly StoredEvent[];
  /** Give it as `cursor` for the next page; null at the end */
  readonly next_cursor: string | null;
  readonly count?: {
    readonly value: string;
    readonly kind: 'exact' | 'estimated';
  };
  /** False where the read model may lack something */
  readonly complete: boolean;
  /** Why not complete: the first of `incomplete` */
  readonly reason?: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
  /** Which projection that is about */
  readonly projection?: string;
  /** Every reason */
  readonly incomplete?: readonly {
    readonly reason: 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';
    readonly projection: string;
    readonly detail: string;
  }[];
};

/** One instance of a service, as it described itself last. A figure is null where it never told it. */
export type Service = {
  /** Name of the service */
  readonly service: string;
  /** Names it among those of its service */
  readonly instance: string;
  /** What it said last */
  readonly status: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
  /** When it said so, RFC 3339 */
  readonly last_seen: string;
  /** It has not said anything for three of its intervals */
  readonly missing: boolean;
  /** Figures of the process are those of all services in it */
  readonly shares_process?: boolean;
  /** What is wrong, a sentence each */
  readonly alerts?: readonly string[];
  /** Error alerts it sent */
  readonly error_count?: number;
};

export type System = {
  readonly services: readonly Service[];
};
