import type { TailEvent } from './tail-event.js';
import type { TailSignal } from './tail-session.js';

/** An event, and the place behind it to come back to. */
export interface PlacedEvent {
  readonly event: TailEvent;
  readonly position: string;
}

/**
 * How a client wants its bytes. Two encodings with the same `key` make the same bytes of the same events, so that these
 * are made once for all who get them.
 */
export interface TailEncoding {
  readonly key: string;
  /** Undefined: none of them can be shown. */
  events(events: readonly PlacedEvent[]): Buffer | undefined;
  signal(signal: TailSignal, position: string): Buffer;
}
