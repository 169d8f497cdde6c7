import { workflowLimits } from '@chorda/domain';
import { z } from 'zod';
import {
  assignField,
  conditionField,
  delayField,
  errorMatchField,
  joinField,
  templateField,
  textField,
  wholeField,
} from './parts.js';
import { stepDocument } from './steps.js';
import type { StepDocument } from './types.js';

const anyStep: z.ZodType<StepDocument> = z.lazy((): z.ZodType<StepDocument> => stepDocument);

const transitionObject = z.strictObject({
  to: textField(64).describe('Name of the state that is next'),
  when: conditionField.optional().describe('Must be true; sees `output`, `event` or `error` of what led here'),
  assign: assignField.optional(),
  errors: errorMatchField.optional().describe('Of `on_error` alone: which errors'),
  key: conditionField.optional().describe('Of `on` alone: an expression that the key of the event must equal'),
});

const transitions = z
  .union([textField(64), transitionObject, z.array(z.union([textField(64), transitionObject])).max(50)], {
    error: 'must be the name of a state, {to, when, assign}, or a list of them',
  })
  .meta({ id: 'Transitions' });

export const stateDocument = z
  .strictObject({
    step: anyStep.optional().describe('Done each time the state is entered'),
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
  steps: z.record(z.string(), anyStep).optional().describe('Steps by id, in an order that follows from what they need'),
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
