import type { EventMetadata } from '@chorda/contracts';
import type { Aggregate, StreamRef, Timer, Typed, WorkItem } from '@chorda/domain';
import type { TenantId } from '@chorda/kernel';
import type { DecisionBounds } from '../bounds.js';
import type { CommandContext, EncodedBody } from '../decision-codec.js';
import type { Outcome } from '../outcome.js';
import type { TurnPayloads, WantedPayload } from './turn-payloads.js';

/** A stream of a tenant, and the subject that its records are keyed by. */
export interface StreamPlace {
  readonly tenantId: TenantId;
  readonly subject: string;
  readonly stream: StreamRef;
}

/** A stream as it was folded so far. */
export interface StreamState extends StreamPlace {
  /** Number of its events. */
  readonly version: bigint;
  readonly state: unknown;
  /** The version that its stored snapshot has; 0 without one. */
  readonly snapshotAt: bigint;
}

/** A timer whose time has come, as the table has it. */
export interface DueTimer extends StreamPlace {
  readonly timer: Timer;
  /** Of the command that set it. */
  readonly correlationId: string;
}

/** What a turn decides: a command of the log, or one that a timer gives. */
export interface TurnCommand<Command extends Typed> {
  readonly context: CommandContext;
  /** Undefined for a timer: what command it gives is the aggregate's to say. */
  readonly command: Command | undefined;
  /** Where it stands in the command topic; a timer's stands nowhere. */
  readonly offset: bigint | undefined;
  readonly timer: DueTimer | undefined;
}

/** Makes bytes of what was decided. Pure, as all of a turn is. */
export interface TurnEncoder<Event extends Typed> {
  encodeEvent(event: Event, metadata: EventMetadata): EncodedBody;
  encodeWork(item: WorkItem, metadata: EventMetadata): EncodedBody;
}

export interface Turn<States, Command extends Typed, Event extends Typed> {
  readonly aggregate: Aggregate<States, Command, Event>;
  readonly eventTopic: string;
  /** `ce_source` of what is decided. */
  readonly source: string;
  readonly encoder: TurnEncoder<Event>;
  readonly bounds: DecisionBounds;
  readonly epoch: bigint;
  /** The partition sequence of the first record. */
  readonly firstSeq: bigint;
  /** By the clock of the database. */
  readonly nowMs: number;
  readonly commands: readonly TurnCommand<Command>[];
  /** By `streamKey`. */
  readonly loaded: Pick<ReadonlyMap<string, StreamState>, 'get'>;
  /** Undefined: nothing is kept by reference here. */
  readonly payloads?: TurnPayloads | undefined;
  /** Commands that were tried often enough, by `commandKey`, with what they failed by. */
  readonly condemned: ReadonlyMap<string, Error>;
}

/** A record that goes out after the commit. */
export interface TurnRecord extends Pick<StreamPlace, 'tenantId' | 'subject'> {
  readonly seq: bigint;
  readonly topic: string;
  readonly type: string;
  readonly timeMs: number;
  /** Absent for facts and work. */
  readonly stream: StreamRef | undefined;
  readonly version: bigint | undefined;
  readonly body: EncodedBody;
}

export interface TurnOutcome {
  readonly tenantId: TenantId;
  readonly commandId: string;
  /** The outcome is told when the records up to this one are published. */
  readonly seq: bigint;
  readonly outcome: Outcome;
}

export interface TimerChange extends StreamPlace {
  readonly timerId: string;
  /** Undefined: it is gone. */
  readonly dueMs: number | undefined;
  readonly correlationId: string;
}

export interface Fault<Command extends Typed> {
  readonly command: TurnCommand<Command>;
  readonly error: Error;
}

/** All that a turn came to. Nothing of it has happened until it is committed. */
export interface TurnResult<Command extends Typed> {
  /** Streams that are needed and were not loaded: the turn has to be decided anew with them, and the rest is void. */
  readonly missing: readonly StreamPlace[];
  /** Values by reference of which the same holds. */
  readonly missingPayloads: readonly WantedPayload[];
  /** So many commands from the front are in it. */
  readonly taken: number;
  readonly records: readonly TurnRecord[];
  readonly outcomes: readonly TurnOutcome[];
  /** Streams that have new events, as they are now. */
  readonly changed: ReadonlyMap<string, StreamState>;
  readonly timers: readonly TimerChange[];
  /** Condemned commands of the log that the turn leaves behind: they go to the dead-letter topic. */
  readonly dead: readonly Fault<Command>[];
  /** What the command after the taken ones failed by. */
  readonly fault: Fault<Command> | undefined;
}

/** Names a command of one partition, for counting its tries. */
export function commandKey({ offset, context }: TurnCommand<Typed>): string {
  return offset === undefined ? context.id : String(offset);
}
