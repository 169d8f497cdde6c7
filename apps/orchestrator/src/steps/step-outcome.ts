import { jsonText, type JsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { StepOutcome } from '@chorda/work';

export type { StepOutcome };

export const lostStep: StepOutcome = { kind: 'result', status: 'lost', output_data: null, error: null, duration_ms: 0 };

export function completed(output: JsonValue, duration_ms = 0): StepOutcome {
  return { kind: 'result', status: 'completed', output_data: jsonText(output), error: null, duration_ms };
}

export interface StepError {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly status?: number | null;
  readonly details?: JsonValue;
  readonly retriable: boolean;
}

export function failed(error: StepError, duration_ms = 0): StepOutcome {
  return { kind: 'result', status: 'failed', output_data: null, error: shown(error), duration_ms };
}

/** It may have been done, and nobody can say. */
export function outcomeUnknown(error: StepError, duration_ms = 0): StepOutcome {
  return { kind: 'result', status: 'lost', output_data: null, error: shown(error), duration_ms };
}

function shown({ status = null, details = null, message, ...rest }: StepError): JsonText {
  return jsonText({ ...rest, message: message.slice(0, 2_000), status, details });
}
