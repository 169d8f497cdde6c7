import { jsonValue, type inference } from '@chorda/contracts';
import { isObject } from '../calls/answer-assembly.js';
import type { OutcomeEvent } from './outcome-events.js';

export interface FailedReply {
  readonly code: string;
  /** The provider's words may repeat the prompt: they go to whoever asked, and the event keeps them too. */
  readonly reason: string;
  /** Whether the same request may fare better later. */
  readonly isRetriable: boolean;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  readonly durationMs: number;
}

const reasonCharactersMax = 500;

/** What whoever asked is told of a request that ended without an answer. */
export function failedReply(outcome: Exclude<OutcomeEvent, inference.Completed>): FailedReply {
  const none = { status: null, retryAfterMs: null, durationMs: 0 };
  switch (outcome.type) {
    case 'inference.expired':
      return {
        ...{ ...none, code: 'EXPIRED', isRetriable: true },
        reason: 'The deadline passed before there was an answer',
      };
    // Somebody wanted it to end.
    case 'inference.cancelled':
      return { ...none, code: 'CANCELLED', reason: 'The request was withdrawn', isRetriable: false };
    case 'inference.failed': {
      const { error_code: code, http_status: status, retry_after_ms: retryAfterMs, total_time_ms } = outcome.data;
      const isOfServer = status === null || status === 429 || status >= 500;
      return {
        ...{ code, status, retryAfterMs, durationMs: total_time_ms, reason: messageOf(outcome.data) },
        // A budget of a day is not there again before its next.
        isRetriable: isOfServer && code !== 'BUDGET_EXCEEDED' && code !== 'OUTPUT_TOO_LARGE',
      };
    }
  }
}

function messageOf(failed: inference.Failed['data']): string {
  const error = jsonValue(failed.error);
  const message = isObject(error) ? error['message'] : undefined;
  return typeof message === 'string' && message !== '' ? message.slice(0, reasonCharactersMax) : 'The request failed';
}
