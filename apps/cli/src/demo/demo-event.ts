import type { EventType } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';

/** One event of the invented day, as it goes through the HTTP door. */
export interface DemoEvent {
  readonly id: string;
  readonly source: string;
  readonly type: EventType;
  readonly subject: string;
  /** When it happened in the invented day: milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly correlationId: string;
  readonly causationId?: string;
  /** Counts the decisions of this aggregate, from 1; facts have none. */
  readonly streamVersion?: number;
  /** Counts the events of this key, facts and decisions alike, from 0. */
  readonly sequence: number;
  readonly data: { readonly [field: string]: JsonValue };
}
