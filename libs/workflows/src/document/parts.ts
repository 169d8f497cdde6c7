import { workflowLimits } from '@chorda/domain';
import { z } from 'zod';
import { durationMsOf, durationText } from './durations.js';

const idPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const idRule = 'must be 1 to 64 letters, digits, _ and -, and not begin with a digit or -';
export const inheritedNameRule = 'is a name that every object has: choose another';

/** What is wrong with the name of a step or a state. */
export function idFault(id: string): string | undefined {
  if (!idPattern.test(id)) return idRule;
  // The states of steps are kept in objects, where these would be found before anything was.
  return id in {} ? inheritedNameRule : undefined;
}

export const namePattern = /^[a-z0-9][a-z0-9._-]{0,127}$/;

const json = z.json();

export const templateField = json.describe(
  'Any value. `${ … }` in a text is an expression in CEL: alone it stands for its value, within more text for its text. `$${` is a plain `${`',
);
export const schemaField = z
  .union([z.record(z.string(), json), z.boolean()], { error: 'must be a JSON Schema' })
  .describe('JSON Schema, draft 2020-12');
export const conditionField = z
  .string({ error: 'must be an expression in CEL' })
  .describe('An expression in CEL that is true or false; `${ }` around it may be left out');

export const durationField = z
  .union([z.string(), z.number()])
  .refine((value) => durationMsOf(value) !== undefined, {
    error: 'must be a duration such as 500ms, 30s, 5m, 2h, 7d, PT5M, or a number of milliseconds',
  })
  .refine((value) => (durationMsOf(value) ?? 0) <= workflowLimits.durationMsMax, {
    error: `must be at most ${durationText(workflowLimits.durationMsMax)}`,
  })
  .describe('`500ms`, `30s`, `5m`, `2h`, `7d`, ISO 8601 such as `PT5M`, or milliseconds');

/** One that may also depend on the run. */
export const delayField = z
  .union([z.string(), z.number()])
  .refine(
    (value) => (typeof value === 'string' && value.trim().startsWith('${')) || durationMsOf(value) !== undefined,
    {
      error: 'must be a duration such as 30s, PT5M, or an expression ${ … } that comes to one',
    },
  )
  .refine((value) => (durationMsOf(value) ?? 0) <= workflowLimits.durationMsMax, {
    error: `must be at most ${durationText(workflowLimits.durationMsMax)}`,
  })
  .describe('A duration, or an expression `${ … }` that comes to one');

export function wholeField(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function textField(most: number) {
  return z.string({ error: 'must be a text' }).max(most, { error: `must have at most ${most} characters` });
}

export const identifier = z.string({ error: 'must be a text' }).regex(idPattern, { error: idRule });

export const joinField = z
  .union(
    [
      z.enum(['all', 'any', 'first']),
      z.strictObject({
        count: wholeField(1, workflowLimits.formStepsMax).describe('How many have to end'),
        cancel_rest: z.boolean().optional().describe('Those still under way are cancelled'),
      }),
    ],
    { error: 'must be all, any, first, or {count, cancel_rest}' },
  )
  .describe('How many have to end: `all`; `any`, one; `first`, one, and the rest is cancelled; or `{count: 2}`')
  .meta({ id: 'Join' });

const errorMatchObject = z.strictObject({
  classes: z
    .array(textField(256), { error: 'must be a list of classes' })
    .max(50)
    .optional()
    .describe(
      'timeout, http, tool, agent, llm, human, expression, schema, workflow, raised, or what a worker names; `*` at the end stands for any rest',
    ),
  codes: z.array(textField(128)).max(50).optional().describe('Codes of errors, UPPER_SNAKE_CASE'),
  statuses: z.array(wholeField(100, 599)).max(50).optional().describe('HTTP statuses'),
  when: conditionField.optional().describe('An expression in CEL that sees `error`'),
});

export const errorMatchField = z
  .union([z.array(textField(256)).max(50), errorMatchObject], {
    error: 'must be a list of classes, or {classes, codes, statuses, when}',
  })
  .describe('Which errors: a list of classes, or all of what is said. Nothing said: every error')
  .meta({ id: 'ErrorMatch' });

const backoffField = z
  .union(
    [
      durationField,
      z.strictObject({
        kind: z.enum(['constant', 'linear', 'exponential']).optional(),
        delay: durationField.describe('The first pause'),
        delay_max: durationField.optional().describe('No pause is longer; 5 minutes where nothing is said'),
        factor: z.number().min(1).max(10).optional().describe('Of exponential: 2 where nothing is said'),
        jitter: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('The part of a pause that is left to chance; 0.2 where nothing is said'),
      }),
    ],
    { error: 'must be a duration, or {kind, delay, delay_max, factor, jitter}' },
  )
  .describe('Pauses between tries: a duration doubles from try to try');

export const retryRule = z
  .strictObject({
    errors: errorMatchField.optional(),
    attempts: wholeField(1, workflowLimits.retryAttemptsMax).describe('With the first'),
    backoff: backoffField.optional(),
    time_max: durationField.optional().describe('Since the first try'),
  })
  .meta({ id: 'RetryRule' });

export const retryField = z
  .union([retryRule, z.array(retryRule).max(20)], {
    error: 'must be {attempts, backoff, errors, time_max}, or a list of them',
  })
  .describe('The first rule that fits an error says whether and when it is tried again; none: it is not');

export const timeoutsField = z
  .strictObject({
    schedule_to_start: durationField.optional().describe('Until a worker has taken it'),
    run: durationField.optional().describe('One try'),
    idle: durationField.optional().describe('Without a heartbeat'),
    whole: durationField.optional().describe('All tries and pauses together'),
  })
  .describe('How long the step may take');

/** See `Correlation` of the form. */
export const correlationField = z
  .union(
    [
      conditionField,
      z.strictObject({
        key: conditionField.optional().describe('Makes the key of the event, which it sees as `event`'),
        kept: durationField.optional().describe('How long one that came before is kept; at most 30 days'),
      }),
    ],
    { error: 'must be an expression in CEL, or {key, kept}' },
  )
  .describe(
    'Of events that producers send: makes the key of an `event`, such as `event.data.order_id`. Left out: its subject',
  )
  .meta({ id: 'Correlation' });

const assignObject = z.record(z.string(), templateField);
export const assignField = z
  .union([assignObject, z.array(assignObject).max(100)], { error: 'must be {name: value}, or a list of them' })
  .describe('Values that are put into `context`, in order; a name may be a path such as `order.total`');
