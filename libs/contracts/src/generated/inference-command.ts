// libs/contracts/src/generated/inference-command.ts: written by `npm run contracts:generate`, never by hand.
import type { Command } from '../event.js';
import type { RequestId, SessionId } from './ids.js';

/** What the outcome of a request says of it that no worker may have read yet. */
export interface CancelledRequest {
  /** The conversation that it belongs to. */
  readonly session_id: SessionId | null;
  /** The model that was asked for. */
  readonly model: string;
}

/** Withdraws a request: one that waits is not sent to a model, one that runs is ended there. One that has its outcome keeps it. */
export type Cancel = Command<
  'inference.cancel',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** Why, in the words of whoever asked; client_left where a caller closed its connection. */
    readonly reason: string;
    /** Who asked. An id of a user, key or service. */
    readonly cancelled_by: string | null;
    /** Null where whoever asked knows the id alone. */
    readonly request: CancelledRequest | null;
  }
>;

/** Every command of area inference. */
export type InferenceCommand =
  | Cancel;
