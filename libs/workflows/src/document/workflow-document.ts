import { z } from 'zod';
import { flowFields } from './steps.js';
import { durationField, namePattern, schemaField, templateField, textField } from './parts.js';

export const workflowSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where editors find this schema'),
    workflow: z
      .string({ error: 'must be a text' })
      .regex(namePattern, {
        error: 'must be 1 to 128 small letters, digits, ., _ and -, and begin with a letter or digit',
      })
      .describe('Name of the workflow'),
    version: z
      .union([textField(64).min(1), z.number()], { error: 'must be a text' })
      .optional()
      .describe(
        'What its author calls this version; versions that are stored are also counted. `1` where nothing is said',
      ),
    title: textField(256).optional().describe('For people'),
    input_schema: schemaField.optional().describe('JSON Schema of what a run is given; checked before it starts'),
    output_schema: schemaField.optional().describe('JSON Schema of what a run comes to'),
    timeout: durationField.optional().describe('The run is stopped then'),
    run_input: templateField.optional().describe('Makes the input of the flow of what came in'),
    run_output: templateField.optional().describe('Makes the output of the run of that of the flow, `output`'),
    ...flowFields,
  })
  .describe('A workflow of Chorda')
  .meta({ id: 'Workflow' });
