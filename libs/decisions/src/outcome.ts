import type { StreamRef } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';

/** An event that a command was made of. */
export interface DecidedEvent {
  readonly id: string;
  readonly type: string;
  /** Absent for a fact, which is in no stream. */
  readonly stream?: StreamRef;
  readonly version?: bigint;
}

/** What a command came to. It is kept, so that the same command gets the same answer. */
export type Outcome =
  | { readonly status: 'accepted'; readonly events: readonly DecidedEvent[]; readonly answer: JsonValue | undefined }
  | {
      /** A rule said no. Nothing has changed. */
      readonly status: 'refused';
      readonly code: string;
      readonly message: string;
      readonly details: { readonly [name: string]: JsonValue };
    }
  /** A fault of ours; the command is on the dead-letter topic. Nothing has changed. */
  | { readonly status: 'failed'; readonly code: 'COMMAND_FAULT'; readonly message: string };

/** Of one outcome; a command that makes more has its first ones named. */
export const eventsNamedMax = 100;

type KeptEvent = readonly [
  id: string,
  type: string,
  kind: string | null,
  streamId: string | null,
  version: string | null,
];
type KeptBody =
  | { readonly events: readonly KeptEvent[]; readonly answer?: JsonValue }
  | { readonly code: string; readonly message: string; readonly details?: { readonly [name: string]: JsonValue } };

export function outcomeBody(outcome: Outcome): string {
  return JSON.stringify(keptBody(outcome));
}

function keptBody(outcome: Outcome): KeptBody {
  if (outcome.status === 'refused') {
    return { code: outcome.code, message: outcome.message, details: outcome.details };
  }
  if (outcome.status === 'failed') return { code: outcome.code, message: outcome.message };
  const events = outcome.events.slice(0, eventsNamedMax).map(({ id, type, stream, version }): KeptEvent => {
    return [id, type, stream?.kind ?? null, stream?.id ?? null, version === undefined ? null : String(version)];
  });
  return { events, ...(outcome.answer !== undefined && { answer: outcome.answer }) };
}

/** The outcome that `outcomeBody` wrote. */
export function readOutcome(status: Outcome['status'], body: string): Outcome {
  const kept: KeptBody = JSON.parse(body);
  if ('events' in kept) {
    return { status: 'accepted', events: kept.events.map(decidedEvent), answer: kept.answer };
  }
  const { code, message } = kept;
  if (status === 'failed') return { status, code: 'COMMAND_FAULT', message };
  return { status: 'refused', code, message, details: kept.details ?? {} };
}

function decidedEvent([id, type, kind, streamId, version]: KeptEvent): DecidedEvent {
  if (kind === null || streamId === null || version === null) return { id, type };
  return { id, type, stream: { kind, id: streamId }, version: BigInt(version) };
}
