import { workflowLimits } from '@chorda/domain';
import { z } from 'zod';
import {
  assignField,
  conditionField,
  correlationField,
  delayField,
  errorMatchField,
  identifier,
  joinField,
  retryField,
  schemaField,
  templateField,
  textField,
  timeoutsField,
  wholeField,
} from './parts.js';
import type { FlowDocument, StepDocument } from './types.js';

const innerFlow: z.ZodType<FlowDocument> = z.lazy((): z.ZodType<FlowDocument> => flowDocument);
const innerStep: z.ZodType<StepDocument> = z.lazy((): z.ZodType<StepDocument> => stepDocument);

const catchRule = z
  .strictObject({
    errors: errorMatchField.optional(),
    flow: innerFlow
      .optional()
      .describe('Done in place of the step; sees `context.error`. Left out: the output is null'),
  })
  .meta({ id: 'Catch' });

const queueName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, _ and -' });

/** What each step may have. */
const shared = {
  name: textField(256).optional().describe('For people'),
  needs: z
    .array(identifier, { error: 'must be a list of ids of steps' })
    .max(workflowLimits.formStepsMax)
    .optional()
    .describe('Ids of the steps that come before it. Of a state: not used'),
  join: joinField.optional().describe('How many of what it needs have to end; `all` where nothing is said'),
  when: conditionField.optional().describe('Where it is not true, the step is skipped'),
  input: templateField.optional().describe('What goes in. Left out: the input of the flow'),
  output: templateField.optional().describe('Made of what came out, which is `output`'),
  assign: assignField.optional(),
  input_schema: schemaField.optional().describe('JSON Schema of what goes in'),
  output_schema: schemaField.optional().describe('JSON Schema of what came out'),
  retry: retryField.optional(),
  timeouts: timeoutsField.optional(),
  catch: z
    .array(catchRule)
    .max(20)
    .optional()
    .describe('What is done about an error that is left; the first that fits'),
  on_failure: z
    .enum(['pause', 'fail', 'continue'])
    .optional()
    .describe('Where nothing catches it: `pause` (an incident for a person), `fail` the flow, or `continue` without'),
  compensate: innerStep.optional().describe('Undoes the step when the run fails later; sees its `input` and `output`'),
};

function step<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, about: string, shape: Shape) {
  return z
    .strictObject({ kind: z.literal(kind), ...shared, ...shape })
    .describe(about)
    .meta({ id: `${kind.replace(/(^|_)(.)/g, (_all, _before, letter: string) => letter.toUpperCase())}Step` });
}

export const agentStep = step('agent', 'An execution of an agent; `input` goes to it', {
  agent_id: templateField.describe('The agent'),
  user_id: templateField.optional(),
  session_id: templateField.optional().describe('Executions of one session remember each other'),
  limits: z
    .record(z.string(), z.json())
    .optional()
    .describe('execution_time_ms_max, turns_max, tokens_max, cost_usd_max'),
});

export const toolStep = step('tool', 'Done by a worker that polls for it; `input` are its arguments', {
  tool: textField(128).min(1).describe('Name of the tool'),
  queue: queueName.optional().describe('`default` where nothing is said'),
  idempotent: z.boolean().optional().describe('May be called again when nobody knows what became of a call'),
});

export const llmStep = step('llm', 'One call of a model; `input` is a prompt, or a list of messages', {
  model: textField(256).optional(),
  instructions: templateField.optional(),
  tokens_max: wholeField(1, 1_000_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  answer_schema: schemaField
    .optional()
    .describe('JSON Schema that the answer follows; the output is its value and no text'),
});

export const humanStep = step('human', 'Waits for people, who are shown `input`', {
  task: z.enum(['approval', 'form']).optional().describe('`approval` where nothing is said'),
  title: templateField.describe('What they are asked'),
  description: templateField.optional(),
  form_schema: schemaField.optional().describe('JSON Schema of what they fill in'),
  assignees: templateField.optional().describe('A list of user ids'),
  groups: templateField.optional().describe('A list of groups'),
  due: delayField.optional(),
  expires: delayField.optional().describe('Without an answer by then it fails with class human, code TASK_EXPIRED'),
  fail_on_rejection: z
    .boolean()
    .optional()
    .describe('A rejection is an error of class human, code TASK_REJECTED; true where nothing is said'),
});

const openApiField = z
  .strictObject({
    document: templateField.describe('Where the OpenAPI document is, 2.0 or 3.x, JSON or YAML; http or https'),
    operation: textField(256).min(1).describe('The `operationId` in it'),
    parameters: templateField
      .optional()
      .describe('An object of values by name; those that the operation does not name are the body or members of it'),
    headers: templateField
      .optional()
      .describe('What the document itself is asked for with; `{{secret:NAME}}` as in the headers of the step'),
  })
  .meta({ id: 'OpenApiOperation' });

export const webhookStep = step('webhook', 'A call of another system by HTTP; `input` is the body', {
  method: z
    .enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
    .optional()
    .describe('`POST` where nothing is said; not beside `openapi`'),
  url: templateField.optional().describe('http or https. Either this or `openapi`'),
  openapi: openApiField.optional().describe('The operation of an OpenAPI document that is called'),
  headers: templateField.optional().describe('An object of texts; `{{secret:NAME}}` in one is put in where it is sent'),
  query: templateField.optional().describe('An object of texts'),
  expect_status: z
    .array(z.tuple([wholeField(100, 599), wholeField(100, 599)]))
    .max(20)
    .optional()
    .describe('Statuses that count as well, from and to; `[[200, 299]]` where nothing is said'),
  output_as: z
    .enum(['response', 'body', 'raw'])
    .optional()
    .describe('`body` where nothing is said; `response` is {status, headers, body}, `raw` the bytes in base64'),
  idempotent: z
    .boolean()
    .optional()
    .describe(
      'May be sent again when nobody knows what became of it; true of GET, HEAD and OPTIONS where nothing is said',
    ),
  signing_secret: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/, { error: 'must be 1 to 100 letters, digits, ".", "_" and "-"' })
    .optional()
    .describe('Name of a secret of the operator; the request is signed with it as Standard Webhooks says'),
});

export const emitStep = step('emit', 'Says something to all other runs, and to triggers; `input` is its data', {
  event: templateField.describe('Name of the event'),
  key: templateField.optional().describe('What waits are correlated by'),
  ttl: delayField
    .optional()
    .describe(
      'How long it is kept for runs that begin to wait later, 30 days at most; left out: 7 days with a key, 1 hour without; 0: it is for those alone who wait already',
    ),
});

export const waitStep = step('wait', 'Waits for an event; it may have come before', {
  event: templateField.describe('Name of the event'),
  key: templateField.optional().describe('A text. Left out: whichever is sent to the run or emitted by another one'),
  accept: conditionField.optional().describe('An expression in CEL that sees `event`; others are left for others'),
  correlate: correlationField.optional(),
  count: wholeField(1, workflowLimits.waitCountMax).optional().describe('More than 1: the output is a list'),
  ttl: delayField.optional().describe('Without it by then the step fails with class timeout'),
});

export const timerStep = step('timer', 'Waits for a time', {
  for: delayField.optional(),
  until: templateField.optional().describe('An RFC 3339 time, or milliseconds since the Unix epoch'),
});

export const subWorkflowStep = step('sub_workflow', 'Another workflow, as a run of its own', {
  workflow: textField(128).min(1).describe('Its name'),
  version: z
    .union([textField(64), z.int()])
    .optional()
    .describe('Left out: the newest when the run was started'),
  detached: z.boolean().optional().describe('Goes on at once with {run_id}'),
});

export const scriptStep = step('script', 'A value that is computed at once', {
  value: templateField,
});

export const raiseStep = step('raise', 'Fails on purpose', {
  error: templateField.describe(
    '{class, code, message, status, details}; what is left out is class raised, code RAISED',
  ),
});

export const flowStep = step(
  'flow',
  'A flow within the flow: what several steps are tried, caught, raced or retried as',
  {
    flow: innerFlow,
  },
);

export const mapStep = step('map', 'The same flow for each of many items', {
  items: templateField.describe('A list, or a number of times'),
  window: wholeField(1, workflowLimits.mapWindowMax)
    .optional()
    .describe('At once; 10 where nothing is said, 1: one after the other'),
  item_input: templateField.optional().describe('What goes into the body; sees `item` and `index`. Left out: the item'),
  while: conditionField.optional().describe('Stops before the next item where it is not true; of a window of 1'),
  body: innerFlow,
  failures_max: wholeField(0, workflowLimits.mapItemsMax)
    .optional()
    .describe('How many may fail; 0 where nothing is said'),
  join_count: wholeField(1, workflowLimits.mapItemsMax)
    .optional()
    .describe('How many have to end well; the rest is cancelled then'),
  collect: z.enum(['all', 'none']).optional().describe('`none`: the output only counts, for many items'),
});

export const stepDocument = z
  .discriminatedUnion('kind', [
    agentStep,
    toolStep,
    llmStep,
    humanStep,
    webhookStep,
    emitStep,
    waitStep,
    timerStep,
    subWorkflowStep,
    scriptStep,
    raiseStep,
    flowStep,
    mapStep,
  ])
  .meta({ id: 'Step' });

export const stepKinds = [
  'agent',
  'tool',
  'llm',
  'human',
  'webhook',
  'emit',
  'wait',
  'timer',
  'sub_workflow',
  'script',
  'raise',
  'flow',
  'map',
] as const;

const transitionObject = z.strictObject({
  to: textField(64).describe('Name of the state that is next'),
  when: conditionField.optional().describe('Must be true; sees `output`, `event` or `error` of what led here'),
  assign: assignField.optional(),
  errors: errorMatchField.optional().describe('Of `on_error` alone: which errors'),
  key: conditionField.optional().describe('Of `on` alone: an expression that the key of the event must equal'),
  correlate: correlationField.optional().describe('Of `on` alone: as of a wait step'),
});

const transitions = z
  .union([textField(64), transitionObject, z.array(z.union([textField(64), transitionObject])).max(50)], {
    error: 'must be the name of a state, {to, when, assign}, or a list of them',
  })
  .meta({ id: 'Transitions' });

export const stateDocument = z
  .strictObject({
    step: innerStep.optional().describe('Done each time the state is entered'),
    next: transitions.optional().describe('Where it leads when the step has ended well; without a step, at once'),
    on_error: transitions.optional().describe('Where it leads when the step has failed and its retries are used up'),
    on: z.record(z.string(), transitions).optional().describe('By the name of an event'),
    after: z
      .array(transitionObject.extend({ delay: delayField }))
      .max(20)
      .optional()
      .describe('So long after the state was entered'),
    final: z
      .enum(['completed', 'failed', 'run_completed'])
      .optional()
      .describe('Entered, the flow ends so; `run_completed` ends the whole run'),
    output: templateField.optional().describe('Of a final state that completed: what the flow comes to'),
    error: templateField.optional().describe('Of a final state that failed: {class, code, message, …}'),
  })
  .meta({ id: 'State' });

/** Of a graph or of a machine; which it is follows from `steps` or `states`. */
export const flowFields = {
  context: templateField.optional().describe('What `context` begins with; an object'),
  output: templateField.optional().describe('What the flow comes to'),
  steps: z
    .record(z.string(), innerStep)
    .optional()
    .describe('Steps by id, in an order that follows from what they need'),
  join: joinField.optional().describe('How many of the steps that nothing needs must end; `all` where nothing is said'),
  start: textField(64).optional().describe('Of a state machine: the state it begins with'),
  states: z.record(z.string(), stateDocument).optional().describe('States by name'),
  visits_max: wholeField(1, workflowLimits.visitsMax)
    .optional()
    .describe('How many states may be entered in all; has to be said where states lead back to earlier ones'),
};

export const flowDocument = z
  .strictObject(flowFields)
  .describe('Steps and what they need, or states and what leads from one to the next')
  .meta({ id: 'Flow' });
