import { DomainError, type Timer, type Typed } from '@chorda/domain';
import type { Outcome } from '../outcome.js';
import { streamKey } from '../stream-name.js';
import { CommandDecider, NotLoaded } from './command-decider.js';
import { definitionOf, TurnFault } from './definition-of.js';
import { payloadKey, PayloadNotLoaded, type WantedPayload } from './turn-payloads.js';
import {
  commandKey,
  type DueTimer,
  type Fault,
  type StreamPlace,
  type StreamState,
  type TimerChange,
  type Turn,
  type TurnCommand,
  type TurnOutcome,
  type TurnRecord,
  type TurnResult,
} from './turn.js';

/** A timer whose command fails by a fault of ours comes again after so long, and not at once and for ever. */
export const faultyTimerPauseMs = 60_000;
const timersOfStreamMax = 1_000;

/**
 * Decides a turn: its commands in order, each on the states that those before it left. Pure: no clock, no id source, no
 * database, so that a turn whose transaction failed is decided anew.
 *
 * A domain error is an answer for its caller. Anything else that is thrown is a fault of ours: the turn ends before that
 * command, which is tried alone; where it is condemned already, it has failed and changes nothing.
 */
export function decideTurn<States, Command extends Typed, Event extends Typed>(
  turn: Turn<States, Command, Event>,
): TurnResult<Command> {
  return new TurnDecider(turn).decide();
}

class TurnDecider<States, Command extends Typed, Event extends Typed> {
  private readonly changed = new Map<string, StreamState>();
  private readonly correlations = new Map<string, string>();
  private readonly records: TurnRecord[] = [];
  private readonly outcomes: TurnOutcome[] = [];
  private readonly dead: Fault<Command>[] = [];
  private readonly missing = new Map<string, StreamPlace>();
  private readonly missingPayloads = new Map<string, WantedPayload>();
  private readonly timers = new Map<string, TimerChange>();
  private bytes = 0;

  constructor(private readonly turn: Turn<States, Command, Event>) {}

  decide(): TurnResult<Command> {
    const { commands, bounds } = this.turn;
    let taken = 0;
    let fault: Fault<Command> | undefined;
    for (const command of commands) {
      fault = this.take(command);
      if (fault) break;
      taken++;
      if (this.bytes >= bounds.recordBytesMax) break;
    }
    const { records, outcomes, changed, dead } = this;
    const missing = [...this.missing.values()];
    const missingPayloads = [...this.missingPayloads.values()];
    if (this.hasAll) this.reconcileTimers();
    return {
      missing,
      missingPayloads,
      taken,
      records,
      outcomes,
      changed,
      timers: [...this.timers.values()],
      dead,
      fault,
    };
  }

  private get hasAll(): boolean {
    return this.missing.size === 0 && this.missingPayloads.size === 0;
  }

  private take(command: TurnCommand<Command>): Fault<Command> | undefined {
    const condemned = this.turn.condemned.get(commandKey(command));
    if (condemned) {
      this.bury(command, condemned);
      return undefined;
    }
    try {
      if (command.timer && !this.isPending(command.timer)) this.forget(command.timer);
      else this.decideOne(command, command.timer);
      return undefined;
    } catch (error) {
      // What comes after it is still looked through, so that all that is missing is loaded in one read.
      if (error instanceof NotLoaded) return void this.missing.set(error.key, error.place);
      if (error instanceof PayloadNotLoaded) {
        return void this.missingPayloads.set(payloadKey(error.wanted), error.wanted);
      }
      // States are not those that the command would meet: only whole turns tell faults.
      if (!this.hasAll) return undefined;
      return { command, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  private decideOne(command: TurnCommand<Command>, timer: DueTimer | undefined): void {
    const { turn, changed, records } = this;
    const decider = new CommandDecider(turn, command, changed, turn.firstSeq + BigInt(records.length));
    const refused = refusalOf(() => decider.decide());
    if (refused) this.tell(command, refused);
    else {
      // All that may throw comes before the first effect: a fault leaves the turn as it was.
      for (const state of decider.touched.values()) this.timersOf(state);
      for (const [key, state] of decider.touched) {
        changed.set(key, state);
        this.correlations.set(key, command.context.correlationId);
      }
      for (const record of decider.records) records.push(record);
      this.bytes += decider.bytes;
      this.tell(command, { status: 'accepted', events: decider.events, answer: decider.answer });
    }
    // In the same transaction as what it caused, or as its refusal.
    if (timer) this.forget(timer);
  }

  private tell(command: TurnCommand<Command>, outcome: Outcome): void {
    if (command.offset === undefined) return;
    const { id: commandId, tenantId } = command.context;
    const seq = this.turn.firstSeq + BigInt(this.records.length) - 1n;
    this.outcomes.push({ tenantId, commandId, seq, outcome });
  }

  private bury(command: TurnCommand<Command>, error: Error): void {
    if (command.timer) {
      const { timer, ...place } = command.timer;
      this.setTimer(place, timer.id, this.turn.nowMs + faultyTimerPauseMs, place.correlationId);
      return;
    }
    this.dead.push({ command, error });
    this.tell(command, { status: 'failed', code: 'COMMAND_FAULT', message: 'The command could not be decided' });
  }

  /** An earlier command of the turn may have ended what the timer was for. */
  private isPending(due: DueTimer): boolean {
    const state = this.stateOf(due);
    return this.timersOf(state).some(({ id, dueMs }) => id === due.timer.id && dueMs <= this.turn.nowMs);
  }

  private stateOf(place: StreamPlace): StreamState {
    const key = streamKey(place.tenantId, place.stream);
    const state = this.changed.get(key) ?? this.turn.loaded.get(key);
    if (!state) throw new NotLoaded(key, place);
    return state;
  }

  private forget({ timer, ...place }: DueTimer): void {
    this.setTimer(place, timer.id, undefined, place.correlationId);
  }

  /** The rows of timers follow from the states; what did not change is not touched. */
  private reconcileTimers(): void {
    for (const [key, after] of this.changed) {
      const before = this.turn.loaded.get(key);
      const had = new Map((before ? this.timersOf(before) : []).map(({ id, dueMs }) => [id, dueMs]));
      const correlationId = this.correlations.get(key) ?? '';
      for (const { id, dueMs } of this.timersOf(after)) {
        if (had.get(id) !== dueMs) this.setTimer(after, id, dueMs, correlationId);
        had.delete(id);
      }
      for (const id of had.keys()) this.setTimer(after, id, undefined, correlationId);
    }
    this.mendStale();
  }

  /** A row that came due before its state says so, such as one that was postponed, is set to what the state says. */
  private mendStale(): void {
    for (const change of this.timers.values()) {
      if (change.dueMs !== undefined) continue;
      const pending = this.timersOf(this.stateOf(change)).find(({ id }) => id === change.timerId);
      if (pending && pending.dueMs > this.turn.nowMs) {
        this.setTimer(change, change.timerId, pending.dueMs, change.correlationId);
      }
    }
  }

  private timersOf({ stream, state }: StreamState): readonly Timer[] {
    const timers = definitionOf(this.turn.aggregate, stream).timers?.(state) ?? [];
    if (timers.length <= timersOfStreamMax) return timers;
    const name = `${stream.kind}-${stream.id}`;
    throw new TurnFault(`Stream ${name} waits for ${timers.length} timers, at most ${timersOfStreamMax} may be`);
  }

  private setTimer(place: StreamPlace, timerId: string, dueMs: number | undefined, correlationId: string): void {
    const { tenantId, subject, stream } = place;
    this.timers.set(`${streamKey(tenantId, stream)}\n${timerId}`, {
      ...{ tenantId, subject, stream },
      ...{ timerId, dueMs, correlationId },
    });
  }
}

function refusalOf(decide: () => void): Outcome | undefined {
  try {
    decide();
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { status: 'refused', code: error.code, message: error.message, details: error.details };
  }
}
