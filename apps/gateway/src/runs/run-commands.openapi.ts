import type { ProblemCode } from '../http/problem.js';
import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse, queryParameter } from '../reference/operation-parts.js';
import { historyPageMax } from '../agents/agent-commands.openapi.js';

const runId = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e30';
const commandId = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e31';
const token = '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e32';
const position = 'MTp3b3JrZmxvdy5ldmVudHM6My4xYg';

export const headers = [
  headerParameter('Idempotency-Key', 'The same key with the same request has the effect of once, and the same answer'),
  headerParameter('Prefer', '`respond-async`: answer once the command is in the log; `wait=N`: wait at most N seconds'),
];

export const commandProblems: readonly ProblemCode[] = [
  'INVALID_JSON',
  'INVALID_COMMAND',
  'IDEMPOTENCY_KEY_IN_FLIGHT',
  'IDEMPOTENCY_KEY_REUSED',
  'NOT_IN_THIS_STATE',
  'PAYLOAD_TOO_LARGE',
  'COMMAND_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'DECISIONS_OVERLOADED',
  'COMMAND_FAULT',
  'DELIVERY_UNKNOWN',
  'OVERLOADED',
  'STOPPING',
];
const ofRun: readonly ProblemCode[] = [...commandProblems, 'RUN_NOT_FOUND', 'ILLEGAL_TRANSITION'];

export const taken = {
  '202': jsonResponse('In the log, not decided yet: `GET /v1/commands/{id}` tells its outcome', 'CommandTaken', {
    command_id: commandId,
    status: 'taken',
    position: null,
  }),
};
export const decided = { command_id: commandId, events: [], position };
export const body = (schema: string, example: unknown, required = true) => ({
  required,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, example } },
});
const done = (description: string, status: string) => ({
  '200': jsonResponse(description, 'RunDecided', { status, ...decided }),
  ...taken,
});

export const startRunOperation: OperationDocument = {
  operationId: 'startRun',
  tags: ['workflows'],
  summary: 'Start a run of a workflow',
  description:
    'The run is pinned to the version that it starts with, whatever is stored later. With `start_key` a run is started ' +
    'once: the same key again answers with the run that there is.',
  parameters: [pathParameter('name'), ...headers],
  requestBody: body('NewRun', { input: { order: 7 }, start_key: 'order-7' }, false),
  responses: {
    '201': jsonResponse('It runs, or has run already', 'RunDecided', {
      workflow_id: runId,
      status: 'running',
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'NOT_FOUND', 'RUN_EXISTS'],
};

export const signalRunOperation: OperationDocument = {
  operationId: 'signalRun',
  tags: ['workflows'],
  summary: 'Tell a run of something that it waits for, or will wait for',
  description:
    'Kept until a step takes it or `ttl_ms` is over, seven days where nothing is said. The same `signal_id` counts once.',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('Signal', { name: 'payment', key: 'order-7', data: { amount: 42 } }),
  responses: done('It is taken, or kept', 'running'),
  problems: [...ofRun, 'TOO_MANY_SIGNALS'],
};

export const pauseRunOperation: OperationDocument = {
  operationId: 'pauseRun',
  tags: ['workflows'],
  summary: 'Let nothing new begin in a run; what is under way may end',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('Reason', { reason: 'The bank is away' }, false),
  responses: done('It is paused', 'paused'),
  problems: ofRun,
};

export const resumeRunOperation: OperationDocument = {
  operationId: 'resumeRun',
  tags: ['workflows'],
  summary: 'Let a paused run go on; the pause does not count against its time',
  parameters: [pathParameter('id'), ...headers],
  responses: done('It goes on', 'running'),
  problems: [...ofRun, 'INCIDENT_OPEN'],
};

export const cancelRunOperation: OperationDocument = {
  operationId: 'cancelRun',
  tags: ['workflows'],
  summary: 'End a run: what is under way is asked to stop, and given up after ten seconds',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('RunCancel', { reason: 'Ordered by mistake', hard: false, compensate: true }, false),
  responses: done('It ends, or has ended', 'cancelling'),
  problems: ofRun,
};

export const retryRunOperation: OperationDocument = {
  operationId: 'retryRun',
  tags: ['workflows'],
  summary: 'Go on from the steps that failed',
  description:
    'Of a paused run: its incidents. `repeat` does them again; `completed` and `failed` say what somebody found. Of a run ' +
    'that failed or was cancelled and was not undone: what had failed is done anew, what was done stays done.',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('RunRetry', { resolution: 'repeat' }, false),
  responses: done('It goes on', 'running'),
  problems: ofRun,
};

export const forkRunOperation: OperationDocument = {
  operationId: 'forkRun',
  tags: ['workflows'],
  summary: 'Begin another run where a run stood at a version, with what you change',
  description:
    'What had ended by then stays so; what was under way, and what `rerun` names with all that needs it, is done anew.',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('RunFork', { at_version: '6', rerun: ['total'] }, false),
  responses: {
    '201': jsonResponse('The new run', 'RunDecided', { workflow_id: runId, status: 'running', ...decided }),
    ...taken,
  },
  problems: [...commandProblems, 'RUN_NOT_FOUND', 'RUN_EXISTS', 'QUERY_TIMEOUT'],
};

export const claimTaskOperation: OperationDocument = {
  operationId: 'claimTask',
  tags: ['workflows'],
  summary: 'Take a task upon yourself, or give it back',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('TaskClaim', { user_id: 'ada' }, false),
  responses: { '200': jsonResponse('It is', 'RunDecided', { claimed_by: 'ada', ...decided }), ...taken },
  problems: [...commandProblems, 'NOT_FOUND', 'RUN_NOT_FOUND', 'TASK_NOT_OPEN', 'TASK_FORBIDDEN', 'TASK_CLAIMED'],
};

export const decideTaskOperation: OperationDocument = {
  operationId: 'decideTask',
  tags: ['workflows'],
  summary: 'Answer a task: approve, reject, or submit its form',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('TaskAnswer', { user_id: 'ada', decision: 'approved', comment: 'Fine' }),
  responses: {
    '200': jsonResponse('It is answered, and the run goes on', 'RunDecided', {
      ...{ status: 'running', decision: 'approved' },
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'NOT_FOUND', 'RUN_NOT_FOUND', 'TASK_NOT_OPEN', 'TASK_FORBIDDEN', 'TASK_CLAIMED'],
};

export const runHistoryOperation: OperationDocument = {
  operationId: 'getRunHistory',
  tags: ['workflows'],
  summary: 'Every decision about a run, or about one flow nested in it, in order',
  parameters: [
    pathParameter('id'),
    queryParameter('after', '`next_after` of the page before: a version', { type: 'string', default: '0' }),
    queryParameter('limit', 'Events', { type: 'integer', minimum: 1, maximum: historyPageMax, default: 100 }),
    queryParameter('branch', 'A nested flow: the body of a step `try`, or of an item of a map, `each[17]`'),
  ],
  responses: { '200': jsonResponse('A page', 'StreamHistory', { items: [], next_after: null }) },
  problems: ['RUN_NOT_FOUND'],
};

const planExample = {
  ...{ workflow_id: runId, status: 'running', version: '4', kind: 'graph', current_state: null },
  phases: [
    {
      phase: 1,
      steps: [
        {
          ...{ id: 'check', name: 'check', type: 'tool', needs: [], status: 'scheduled', step_id: 'check', attempt: 1 },
          ...{ scheduled_at_ms: 1_795_000_000_000, ended_at_ms: null, retry_at_ms: null, items: null },
        },
      ],
    },
  ],
};

export const runPlanOperation: OperationDocument = {
  operationId: 'getRunPlan',
  tags: ['workflows'],
  summary: 'What a run does, in phases, and how far each step has come',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('The plan', 'RunPlan', planExample) },
  problems: ['RUN_NOT_FOUND', 'QUERY_TIMEOUT'],
};

export const runReportOperation: OperationDocument = {
  operationId: 'getRunReport',
  tags: ['workflows'],
  summary: 'What a run came to: results by step, how many succeeded, and what went wrong',
  parameters: [pathParameter('id')],
  responses: {
    '200': jsonResponse('The report, as far as the run has come', 'RunReport', {
      ...{ workflow_id: runId, version: '9', status: 'completed', started_at_ms: 1_795_000_000_000, output: 42 },
      results: { check: { amount: 21 } },
      success: {
        ...{ steps: 3, completed: 3, failed: 0, skipped: 0, cancelled: 0, under_way: 0, retried: 0, rate: 1 },
      },
      ...{ errors: [], incidents: [], ending: null },
      usage: {
        ...{ attempts: 2, prompt_tokens: 640, completion_tokens: 210, cost_usd: '0.0042' },
        models: [{ model: 'small', attempts: 2, prompt_tokens: 640, completion_tokens: 210, cost_usd: '0.0042' }],
      },
    }),
  },
  problems: ['RUN_NOT_FOUND', 'QUERY_TIMEOUT'],
};

const step = {
  work_id: commandId,
  lease_token: token,
  lease_ms: 15_000,
  left_ms: 590_000,
  run_id: runId,
  workflow: 'refund',
  step_id: 'check',
  queue: 'default',
  tool: 'check',
  input: { order: 7 },
  idempotency_key: `${runId}/check`,
  attempt: 1,
  delivery: 1,
  checkpoint: null,
  idle_ms: null,
  traceparent: null,
};

export const pollStepsOperation: OperationDocument = {
  operationId: 'pollSteps',
  tags: ['workers'],
  summary: 'Ask for steps of runs that your process does; waits for one where there is none',
  description:
    'Each step is leased to the caller: it is thought lost when neither a heartbeat nor its result comes within ' +
    '`lease_ms`. Then an idempotent step is given to another, and any other stops its run until a person settles it.',
  requestBody: body('PollSteps', { queue: 'default', tools: ['check'], max: 1, wait_ms: 20_000, worker: 'shop-1' }),
  responses: { '200': jsonResponse('Steps; none where none came in time', 'GivenSteps', { steps: [step] }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'OVERLOADED'],
};

export const beatStepOperation: OperationDocument = {
  operationId: 'beatStep',
  tags: ['workers'],
  summary: 'Say that a step is still being done, and how far it is',
  description:
    'A `checkpoint` is kept: the next try of the step is given the last one. `LEASE_LOST` means stop: nobody waits for it.',
  parameters: [pathParameter('id')],
  requestBody: body('StepBeat', {
    ...{ lease_token: token, run_id: runId, step_id: 'check' },
    checkpoint: { n: 1, value: { page: 7 } },
  }),
  responses: { '200': jsonResponse('The lease is lengthened', 'WorkState', { status: 'held' }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'LEASE_LOST', 'DELIVERY_UNKNOWN', 'UNAVAILABLE'],
};

export const recordStepOperation: OperationDocument = {
  operationId: 'recordStep',
  tags: ['workers'],
  summary: 'Say what a step came to',
  description:
    'Answered once it is stored. The same request again is answered alike; once the lease is lost nothing changes.',
  parameters: [pathParameter('id')],
  requestBody: body('StepResult', { lease_token: token, output: { amount: 21 }, duration_ms: 120 }),
  responses: { '200': jsonResponse('It is stored', 'WorkState', { status: 'stored' }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'LEASE_LOST'],
};

export const recordStepsOperation: OperationDocument = {
  operationId: 'recordSteps',
  tags: ['workers'],
  summary: 'Say what many steps came to',
  description:
    'Up to 100 at once, each answered for itself and in order: `stored`; `lease_lost`, nobody waits for it any more; ' +
    '`too_large`, which can be said as an error instead. The same request again is answered alike.',
  requestBody: body('StepResults', {
    results: [{ work_id: 'a1', lease_token: token, output: { amount: 21 }, duration_ms: 120 }],
  }),
  responses: {
    '200': jsonResponse('What became of each', 'StepsAnswered', {
      results: [{ work_id: 'a1', status: 'stored', detail: null }],
    }),
  },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE'],
};

export const text = (description: string) => ({ type: 'string', description });
export const nullable = (type: string, description: string) => ({ type: [type, 'null'], description });
export const closed = (properties: Record<string, unknown>, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const person = {
  user_id: text('Who; left out where the token is that of a person'),
  groups: { type: 'array', items: { type: 'string' }, description: 'Groups of theirs, as a trusted system knows them' },
};

const byReference =
  'of more than 64 KiB it is kept by reference: events, read models and reports have `{uri, length, sha256}` in its ' +
  'place, which `GET /v1/payloads/{sha256}` reads; expressions and later steps see the value';

const stepResult = {
  lease_token: text('As the step came with'),
  output: { description: `Any JSON value; ${byReference}` },
  error: closed(
    {
      class: { type: 'string', default: 'tool', description: 'What retries and catches are chosen by' },
      code: { type: 'string', default: 'FAILED' },
      message: text('For people'),
      status: nullable('integer', 'Of an HTTP call'),
      details: {},
      retriable: { type: 'boolean', default: true },
    },
    ['message'],
  ),
  duration_ms: { type: 'integer', minimum: 0 },
};

export const runCommandSchemas: Record<string, unknown> = {
  NewRun: closed({
    input: { description: `Any JSON value that the schema of the workflow allows; ${byReference}` },
    version: { type: 'integer', minimum: 1, description: 'Stored version; left out: the newest' },
    run_id: text('Left out: it follows from the key or the command'),
    start_key: text('A run is started once for each'),
    user_id: nullable('string', 'On whose behalf; a pseudonymous id'),
  }),
  Signal: closed(
    {
      name: text('What the run waits for it by'),
      key: nullable('string', 'What waits are correlated by'),
      data: { description: 'Any JSON value, at most 64 KiB: what a signal says is never kept by reference' },
      signal_id: text('The same one counts once; left out: it follows from the command'),
      ttl_ms: nullable('integer', 'How long it is kept'),
    },
    ['name'],
  ),
  RunCancel: closed({
    reason: nullable('string', 'Why, in your words'),
    hard: { type: 'boolean', default: false, description: 'Does not wait for what is under way' },
    compensate: { type: 'boolean', default: false, description: 'Undoes what was done first' },
  }),
  RunRetry: closed({
    step_id: nullable('string', 'One step; null: all that failed'),
    resolution: { enum: ['repeat', 'completed', 'failed'], default: 'repeat' },
    output_data: { description: `Of a step that is found completed; ${byReference}` },
    reason: nullable('string', 'Why, in your words'),
  }),
  RunFork: closed({
    run_id: text('Left out: it follows from the command'),
    at_version: text('`stream_version` in `/v1/runs/{id}/events`; left out: now'),
    input: { description: 'In place of what the run began with' },
    context: { description: 'In place of its context' },
    rerun: {
      type: 'array',
      items: { type: 'string' },
      description: 'Steps that are done anew, with all that needs them',
    },
  }),
  TaskClaim: closed({ ...person, release: { type: 'boolean', default: false, description: 'Gives it back' } }),
  TaskAnswer: closed(
    {
      ...person,
      decision: { enum: ['approved', 'rejected', 'submitted'] },
      form_data: { description: 'What was entered, by the schema of the form' },
      comment: nullable('string', 'What else is to be said'),
    },
    ['decision'],
  ),
  RunDecided: {
    type: 'object',
    description: 'What was decided. What else it holds depends on the command.',
    required: ['command_id', 'events', 'position'],
    properties: {
      command_id: text('Of this request'),
      events: { type: 'array', items: { $ref: '#/components/schemas/DecidedEvent' } },
      position: text('A read that brings it as `min_position` sees all of it'),
      workflow_id: text('The run'),
      status: text('Of the run'),
      started_before: { type: 'boolean', description: 'The run was there already, by its start key' },
      taken: { type: 'boolean', description: 'Whether a step took the signal at once' },
      decision: text('Of the task'),
      claimed_by: nullable('string', 'Who has the task'),
      steps: { type: 'array', items: { type: 'string' }, description: 'Steps that go on' },
    },
  },
  RunPlan: {
    type: 'object',
    required: Object.keys(planExample),
    properties: {
      workflow_id: text('The run'),
      status: text('Of the run'),
      version: text('Events that it follows from, decimal'),
      kind: { enum: ['graph', 'machine'] },
      current_state: nullable('string', 'Of a state machine'),
      phases: {
        type: 'array',
        items: { type: 'object' },
        description: 'Steps of one need something of the one before',
      },
    },
  },
  RunReport: {
    type: 'object',
    required: ['workflow_id', 'version', 'status', 'output', 'results', 'success', 'errors'],
    properties: {
      workflow_id: text('The run'),
      version: text('Events that it follows from, decimal'),
      status: text('Of the run'),
      started_at_ms: { type: 'integer' },
      output: { description: 'What the run came to' },
      results: { type: 'object', description: 'Outputs by step' },
      success: { type: 'object', description: 'How many steps ended how; `rate` is 0 to 1' },
      errors: { type: 'array', items: { type: 'object' } },
      incidents: { type: 'array', items: { type: 'string' } },
      ending: { type: ['object', 'null'], description: 'Why it failed or was cancelled' },
      usage: {
        type: ['object', 'null'],
        description:
          'Calls of models, their tokens and cost, together and by model; null: it cannot be read at the moment',
      },
    },
  },
  PollSteps: closed(
    {
      queue: { type: 'string', default: 'default' },
      tools: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 100 },
      max: { type: 'integer', minimum: 1, maximum: 100, default: 1 },
      wait_ms: { type: 'integer', minimum: 0, maximum: 30_000, default: 0 },
      worker: text('Names the process, for people'),
    },
    ['tools'],
  ),
  GivenSteps: {
    type: 'object',
    required: ['steps'],
    properties: { steps: { type: 'array', items: { $ref: '#/components/schemas/GivenStep' } } },
  },
  GivenStep: {
    type: 'object',
    required: Object.keys(step),
    properties: {
      work_id: text('Names this try'),
      lease_token: text('Brought with heartbeats and the result'),
      lease_ms: { type: 'integer' },
      left_ms: { type: 'integer', description: 'Until the try is given up' },
      run_id: text('The run'),
      workflow: text('Its workflow'),
      step_id: text('The step in the run'),
      queue: text('As asked for'),
      tool: text('What is to be done'),
      input: {
        description:
          'Any JSON value; what is kept by reference is here whole, as long as that is at most 8 MiB, else as its references',
      },
      idempotency_key: text('The same for every try of this step'),
      attempt: { type: 'integer' },
      delivery: { type: 'integer', description: 'How often this try was given to a worker' },
      checkpoint: { type: ['object', 'null'], description: 'What an earlier try kept last: `{n, value}`' },
      idle_ms: nullable('integer', 'Heartbeats with `progress` must come at least so often'),
      traceparent: nullable('string', 'Trace context'),
    },
  },
  StepBeat: closed(
    {
      lease_token: text('As the step came with'),
      run_id: text('As the step came with'),
      step_id: text('As the step came with'),
      progress: { type: 'boolean', default: false, description: 'Of a step that came with `idle_ms`' },
      checkpoint: closed({ n: { type: 'integer', minimum: 1 }, value: { description: 'At most 64 KiB' } }, [
        'n',
        'value',
      ]),
    },
    ['lease_token', 'run_id', 'step_id'],
  ),
  StepResult: closed(stepResult, ['lease_token']),
  StepResults: closed(
    {
      results: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: closed({ work_id: text('As the step came with'), ...stepResult }, ['work_id', 'lease_token']),
      },
    },
    ['results'],
  ),
  StepsAnswered: {
    type: 'object',
    required: ['results'],
    properties: {
      results: {
        type: 'array',
        description: 'In the order in which they were sent',
        items: {
          type: 'object',
          required: ['work_id', 'status', 'detail'],
          properties: {
            work_id: text('Of the step'),
            status: { type: 'string', enum: ['stored', 'lease_lost', 'too_large'] },
            detail: nullable('string', 'Why it was not stored'),
          },
        },
      },
    },
  },
};
