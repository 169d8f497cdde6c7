import type { JsonValue, PayloadRef, TenantId } from '@chorda/kernel';

/** One thing that has a history: an agent, an execution of it. `id` is unique within the tenant and the event topic. */
export interface StreamRef<Kind extends string = string> {
  readonly kind: Kind;
  readonly id: string;
}

/** The least that is known of a command or an event here. */
export interface Typed {
  readonly type: string;
  readonly data: unknown;
}

/** Something that a stream waits for. Pending timers are what `timers` says of a state, and nothing else. */
export interface Timer {
  /** Unique within the stream; names what it is for, so that a stale one is told apart: `turn-3/time-out`. */
  readonly id: string;
  /** Milliseconds since the Unix epoch, by the clock of the database. */
  readonly dueMs: number;
}

/** How the state of a stream follows from its events. */
export interface StreamDefinition<State, Event extends Typed> {
  readonly initialState: State;
  evolve(state: State, event: Event): State;
  timers?(state: State): readonly Timer[];
  /** Raised when states of older code can no longer be used: their snapshots are left aside, events are read again. */
  readonly snapshotVersion: number;
}

/** A command as its decider gets it: time and ids arrive with it. */
export interface Given<Command extends Typed> {
  readonly command: Command;
  readonly commandId: string;
  readonly tenantId: TenantId;
  /** The aggregate: with the tenant it is the record's key. */
  readonly subject: string;
  /** When it was given; of a timer: now, by the clock of the database. Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Who gave it; null for a timer. */
  readonly actor: string | null;
  /** A UUID that follows from the command and this name: the same when the command is decided again. */
  deriveId(name: string): string;
}

/** Work for an executor, outside of the loop of the engine. */
export interface WorkItem<Work extends Typed = Typed> {
  /** `agent.work.<queue>`. */
  readonly queue: string;
  readonly stream: StreamRef;
  readonly work: Work;
}

/** What a command came to. All of it is kept in one transaction, or nothing. */
export interface Decision<Command extends Typed, Event extends Typed> {
  readonly events: readonly { readonly stream: StreamRef; readonly event: Event }[];
  /** Events without a version that others read, such as `agent.executed` beside the end of an execution. */
  readonly facts?: readonly Event[];
  readonly work?: readonly WorkItem[];
  /** Decided for the same key in the same turn, right after this one; they may name other streams of it. */
  readonly then?: readonly Command[];
  /** What the caller is told besides ids and positions. */
  readonly answer?: JsonValue;
}

/**
 * The rules of one kind of aggregate, pure: no clock, no id source, no driver (after the decider of
 * event-driven-io/emmett, over several streams of one key). A rule that is broken throws a `DomainError`: the command
 * is refused and changes nothing. Anything else that is thrown is a fault of the code.
 */
export interface Aggregate<States, Command extends Typed, Event extends Typed> {
  readonly kind: string;
  readonly streams: { readonly [Kind in keyof States & string]: StreamDefinition<States[Kind], Event> };
  /** The streams that the command needs; those of a whole batch are loaded in one read. */
  reads(command: Command): readonly StreamRef<keyof States & string>[];
  decide(given: Given<Command>, states: StatesOf<States>): Decision<Command, Event>;
  /** A timer of a stream that is due, as a command. */
  due?(stream: StreamRef<keyof States & string>, timer: Timer): Command;
}

/** The states of the streams that the command reads; a stream without events is in its initial state. */
export interface StatesOf<States> {
  of<Kind extends keyof States & string>(stream: StreamRef<Kind>): States[Kind];
  /** Number of events of the stream. */
  versionOf(stream: StreamRef): bigint;
  /**
   * What a reference of the command's tenant stands for: the same value whenever it is asked. Absent where nothing is kept
   * by reference.
   *
   * @throws BackboneError that is not retriable: it is not there, was changed, or is larger than may be read. Any other
   * throw is the caller's to decide the command anew, and must not be caught.
   */
  readonly payload?: (ref: PayloadRef) => JsonValue;
}
