import type { EventType } from '@chorda/contracts';
import type { ReceivedEvent } from './cloud-event.js';
import { ChordaError } from './errors.js';

export interface TailOptions<Type extends EventType = EventType> {
  readonly types?: readonly Type[];
  readonly topics?: readonly string[];
  readonly subject?: string;
  readonly source?: string;
  readonly correlationId?: string;
  /**
   * Only events of which this expression in CEL says yes: over `type`, `source`, `subject`, `id`, `time`, `topic`,
   * `correlation_id`, `causation_id` and `data`, at most 2048 characters. `data.status == "failed"`, for example.
   */
  readonly filter?: string;
  /** Begin with what the log recorded at or after this time. `lastEventId` counts first. Default: now. */
  readonly since?: Date;
  /** Go on behind this: the `lastEventId` of a message, or the position that a write answered with. Default: now. */
  readonly lastEventId?: string;
  /**
   * `sse` (default): Server-Sent Events by `fetch`; a slow loop slows the gateway down. `websocket`: for what lets no event
   * stream through, or counts connections; a slow loop that leaves 16 MiB lying is connected anew where it stands.
   */
  readonly transport?: 'sse' | 'websocket';
  /** For runtimes without a global `WebSocket`. */
  readonly webSocket?: typeof WebSocket;
  /** Ends the tail. */
  readonly signal?: AbortSignal;
  /** A connection so long without a byte is taken for dead; the gateway sends a heartbeat every 15 s. Default 45 s. */
  readonly idleMsMax?: number;
  /** Told whenever the connection is made, and whenever it is lost, with the reason. For a display; needs no answer. */
  readonly onConnection?: (state: 'open' | 'lost', error?: ChordaError) => void;
}

/**
 * What a tail brings.
 * - `event`: an event.
 * - `resync`: events between the last one and the next are not to be had; what was built from the tail is to be
 *   loaded anew.
 */
export type TailMessage<Type extends EventType = EventType> =
  | { readonly kind: 'event'; readonly lastEventId: string; readonly event: ReceivedEvent<Type> }
  | { readonly kind: 'resync'; readonly lastEventId: string; readonly reason: string };

/** Characters of one message; an event has at most 1 MiB of Avro, and JSON may escape each byte. */
export const messageCharactersMax = 16 * 1024 * 1024;

/** One connection of a tail. */
export interface TailConnection<Type extends EventType> {
  /** Resolves when nothing is missed from here on. */
  open(): Promise<void>;
  /** Ends when the connection does. Moves the place on with what the loop takes. */
  messages(): AsyncGenerator<TailMessage<Type>, void, undefined>;
  close(): void;
}

/** The stream broke off, or stood still for longer than a heartbeat takes. */
export class TailBrokenError extends ChordaError {
  readonly code = 'TAIL_BROKEN';
  readonly retriable = true;
}

/** How far the loop has read, over all connections. */
export class TailPlace {
  private askedMs: number | undefined;
  constructor(public lastEventId: string | undefined) {}

  /** Said by a gateway that is about to stop. */
  ask(waitMs: number): void {
    this.askedMs = Math.min(waitMs, 60_000);
  }

  /** Once; after that the usual back-off. */
  reconnectMs(): number | undefined {
    const { askedMs } = this;
    this.askedMs = undefined;
    return askedMs;
  }
}
