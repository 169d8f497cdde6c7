import { ScriptError } from '../model/script.js';
import { UnsupportedSchemaError } from '../model/unsupported-schema-error.js';
import { badRequest } from './answer-error.js';

/** What the simulated model cannot do is the fault of the request. */
export function asAnswerError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ScriptError || error instanceof UnsupportedSchemaError) throw badRequest(error.message);
    throw error;
  }
}
