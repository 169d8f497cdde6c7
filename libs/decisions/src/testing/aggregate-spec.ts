import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import type { Aggregate, Typed } from '@chorda/domain';
import { defaultTenant } from '@chorda/kernel';
import { decisionBounds } from '../bounds.js';
import type { Outcome } from '../outcome.js';
import { streamKey } from '../stream-name.js';
import { decideTurn } from '../turn/decide-turn.js';
import { definitionOf } from '../turn/definition-of.js';
import type { StreamState, TurnCommand, TurnResult } from '../turn/turn.js';

/** A command, or the time that passes before the next one. */
type Step<Command extends Typed> = Command | { readonly passMs: number };

export interface AggregateSpec<Command extends Typed, Event extends Typed> {
  /** What happened before; a refused command of it fails the test. */
  given(steps: readonly Step<Command>[]): { when(step: Step<Command>): Endings<Event> };
}

export interface Endings<Event extends Typed> {
  /** Events and facts, in order, as they are. */
  then(expected: readonly Event[]): void;
  thenNothing(): void;
  thenRefused(code: string): void;
}

interface Told<Event extends Typed> {
  readonly events: readonly Event[];
  readonly outcomes: readonly Outcome[];
}

/**
 * Given commands, when a command or time passes, then events: through the turns that production has, without a server.
 * Each step is decided twice, once on states that went through a snapshot: rules that are not pure, and states that a
 * snapshot does not keep, fail the test. Timers fire when time passes.
 *
 * @param subject The aggregate that all commands are for.
 */
export function aggregateSpec<States, Command extends Typed, Event extends Typed>(
  aggregate: Aggregate<States, Command, Event>,
  subject: string,
): AggregateSpec<Command, Event> {
  return {
    given: (steps) => ({
      when(last) {
        const bench = new Bench(aggregate, subject);
        for (const step of steps) {
          const refused = bench.take(step).outcomes.find(({ status }) => status !== 'accepted');
          if (refused) throw new Error(`Given ${JSON.stringify(step)}: ${JSON.stringify(refused)}`);
        }
        return endings(bench.take(last));
      },
    }),
  };
}

function endings<Event extends Typed>({ events, outcomes }: Told<Event>): Endings<Event> {
  const refusal = outcomes.find(({ status }) => status !== 'accepted');
  const expectEvents = (expected: readonly Event[]) => {
    if (refusal) throw new Error(`It was refused: ${JSON.stringify(refusal)}`);
    if (isDeepStrictEqual(events, expected)) return;
    throw new Error(`Expected ${JSON.stringify(expected, null, 2)}\nbut it was ${JSON.stringify(events, null, 2)}`);
  };
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- given, when, then; nobody awaits an ending
    then: expectEvents,
    thenNothing: () => expectEvents([]),
    thenRefused(code) {
      const found = refusal?.status === 'refused' ? refusal.code : undefined;
      if (found !== code)
        throw new Error(`Expected a refusal by ${code}, and it was ${found ?? JSON.stringify(events)}`);
    },
  };
}

class Bench<States, Command extends Typed, Event extends Typed> {
  private states = new Map<string, StreamState>();
  private nowMs = 1_795_262_400_000;
  private taken = 0;

  constructor(
    private readonly aggregate: Aggregate<States, Command, Event>,
    private readonly subject: string,
  ) {}

  take(step: Step<Command>): Told<Event> {
    if (!('passMs' in step)) return this.decide(this.commandOf(step));
    const untilMs = this.nowMs + step.passMs;
    const told: Told<Event>[] = [];
    for (let timer = this.nextTimer(untilMs); timer; timer = this.nextTimer(untilMs)) {
      this.nowMs = Math.max(this.nowMs, timer.timer?.timer.dueMs ?? 0);
      told.push(this.decide(timer));
    }
    this.nowMs = untilMs;
    return { events: told.flatMap(({ events }) => events), outcomes: told.flatMap(({ outcomes }) => outcomes) };
  }

  private commandOf(command: Command): TurnCommand<Command> {
    const id = `command-${this.taken++}`;
    const context = { id, tenantId: defaultTenant, subject: this.subject, timeMs: this.nowMs, actor: null };
    return { context: { ...context, correlationId: id }, command, offset: BigInt(this.taken), timer: undefined };
  }

  private nextTimer(untilMs: number): TurnCommand<Command> | undefined {
    const timers = [...this.states.values()].flatMap((state) => {
      const pending = definitionOf(this.aggregate, state.stream).timers?.(state.state) ?? [];
      return pending.map((timer) => ({ state, timer }));
    });
    const [next] = timers.filter(({ timer }) => timer.dueMs <= untilMs).sort((a, b) => a.timer.dueMs - b.timer.dueMs);
    if (!next) return undefined;
    const { tenantId, subject, stream } = next.state;
    const context = { id: `timer-${this.taken++}`, tenantId, subject, timeMs: this.nowMs, actor: null };
    const timer = { tenantId, subject, stream, timer: next.timer, correlationId: 'timer' };
    return { context: { ...context, correlationId: 'timer' }, command: undefined, offset: undefined, timer };
  }

  private decide(command: TurnCommand<Command>): Told<Event> {
    const first = this.turn(command, this.states);
    const again = this.turn(command, throughSnapshots(this.states));
    if (!isDeepStrictEqual(first.events, again.events)) {
      throw new Error(
        `Not pure, or its state does not survive a snapshot: ${JSON.stringify([first.events, again.events])}`,
      );
    }
    for (const [key, state] of first.result.changed) this.states.set(key, state);
    const due = command.timer;
    if (due && first.result.changed.size === 0) throw new Error(`The timer ${due.timer.id} fires and changes nothing`);
    return { events: first.events, outcomes: first.result.outcomes.map(({ outcome }) => outcome) };
  }

  private turn(command: TurnCommand<Command>, states: ReadonlyMap<string, StreamState>) {
    const loaded = new Map(states);
    for (;;) {
      const events: Event[] = [];
      const result: TurnResult<Command> = decideTurn({
        ...{ aggregate: this.aggregate, eventTopic: 'events', source: 'urn:spec', bounds: decisionBounds },
        ...{ epoch: 1n, firstSeq: 1n, nowMs: this.nowMs, commands: [command], loaded, condemned: new Map() },
        encoder: {
          encodeEvent: (event) => {
            events.push(event);
            return { value: Buffer.alloc(0), headers: {} };
          },
          encodeWork: () => ({ value: Buffer.alloc(0), headers: {} }),
        },
      });
      if (result.fault) throw result.fault.error;
      if (result.missing.length === 0) return { result, events };
      for (const place of result.missing) {
        const { initialState } = definitionOf(this.aggregate, place.stream);
        loaded.set(streamKey(place.tenantId, place.stream), {
          ...place,
          version: 0n,
          state: initialState,
          snapshotAt: 0n,
        });
      }
    }
  }
}

function throughSnapshots(states: ReadonlyMap<string, StreamState>): Map<string, StreamState> {
  return new Map(
    [...states].map(([key, state]) => [key, { ...state, state: deserialize(serialize(state.state)) as unknown }]),
  );
}
