import { derivedId, tenantId, type JsonValue } from '@chorda/kernel';
import type { Aggregate, StreamRef, Timer, Typed, WorkItem } from '../aggregate.js';
import { DomainError } from '../domain-error.js';

interface Stream<Event> {
  readonly ref: StreamRef;
  readonly events: Event[];
}

export interface Told<Event extends Typed> {
  readonly events: readonly Event[];
  readonly facts: readonly Event[];
  readonly work: readonly WorkItem[];
  readonly answer: JsonValue | undefined;
}

export interface Due {
  readonly stream: StreamRef;
  readonly timer: Timer;
}

/**
 * An engine without anything but the rules: it keeps streams in memory, folds each state anew from its events whenever it
 * is asked for, and decides what follows from a command at once. Nothing of a command stays that was refused.
 */
export class World<States, Command extends Typed, Event extends Typed> {
  private streams = new Map<string, Stream<Event>>();
  private commands = 0;
  nowMs = Date.UTC(2026, 10, 21, 12);
  readonly work: WorkItem[] = [];
  readonly facts: Event[] = [];

  constructor(
    private readonly aggregate: Aggregate<States, Command, Event>,
    private readonly subject: string,
  ) {}

  /** @throws {@link DomainError} where the command is refused. */
  give(command: Command, actor: string | null = 'key-1'): Told<Event> {
    const before = this.streams;
    this.streams = new Map([...before].map(([name, { ref, events }]) => [name, { ref, events: [...events] }]));
    try {
      const told = this.decideAll(command, actor);
      this.work.push(...told.work);
      this.facts.push(...told.facts);
      return told;
    } catch (error) {
      this.streams = before;
      throw error;
    }
  }

  /** The code that the command is refused with; undefined where it is taken. */
  refusal(command: Command): DomainError | undefined {
    try {
      this.give(command);
      return undefined;
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  }

  /** Passes time until everything that is due before then has happened. */
  passTo(timeMs: number): void {
    for (let round = 0; round < 10_000; round++) {
      const [next] = this.timers().sort((one, other) => one.timer.dueMs - other.timer.dueMs);
      if (!next || next.timer.dueMs > timeMs) break;
      this.nowMs = Math.max(this.nowMs, next.timer.dueMs);
      this.fire(next);
    }
    this.nowMs = Math.max(this.nowMs, timeMs);
  }

  fire({ stream, timer }: Due): Told<Event> {
    if (!this.aggregate.due) throw new TypeError('The aggregate has timers and no command for them');
    const known = this.refOf(stream);
    return this.give(this.aggregate.due(known, timer), null);
  }

  timers(): Due[] {
    return [...this.streams.values()].flatMap(({ ref }) => {
      const kind = this.kindOf(ref);
      const list = this.aggregate.streams[kind].timers?.(this.stateOf({ kind, id: ref.id })) ?? [];
      return list.map((timer) => ({ stream: ref, timer }));
    });
  }

  stateOf<Kind extends keyof States & string>(ref: StreamRef<Kind>): States[Kind] {
    const { initialState, evolve } = this.aggregate.streams[ref.kind];
    return this.eventsOf(ref).reduce((state, event) => evolve(state, event), initialState);
  }

  eventsOf(ref: StreamRef): readonly Event[] {
    return this.streams.get(`${ref.kind}-${ref.id}`)?.events ?? [];
  }

  refs(): readonly StreamRef[] {
    return [...this.streams.values()].map(({ ref }) => ref);
  }

  private decideAll(first: Command, actor: string | null): Told<Event> {
    const id = `command-${this.commands++}`;
    const events: Event[] = [];
    const facts: Event[] = [];
    const work: WorkItem[] = [];
    let answer: JsonValue | undefined;
    const waiting = [first];
    for (let index = 0; waiting.length > 0; index++) {
      if (index > 1_000) throw new TypeError('Commands follow from one another without end');
      const command = waiting.shift();
      if (!command) break;
      const decision = this.decide(command, `${id}/${index}`, actor);
      for (const { stream, event } of decision.events) this.append(stream, event);
      events.push(...decision.events.map(({ event }) => event));
      facts.push(...(decision.facts ?? []));
      work.push(...(decision.work ?? []));
      if (index === 0) answer = decision.answer;
      waiting.push(...(decision.then ?? []));
    }
    return { events, facts, work, answer };
  }

  private decide(command: Command, id: string, actor: string | null) {
    const read = new Set(this.aggregate.reads(command).map(({ kind, id: name }) => `${kind}-${name}`));
    const checked = (ref: StreamRef): void => {
      if (!read.has(`${ref.kind}-${ref.id}`))
        throw new TypeError(`${command.type} did not say that it reads ${ref.id}`);
    };
    return this.aggregate.decide(
      {
        command,
        commandId: id,
        tenantId: tenantId('default'),
        subject: this.subject,
        timeMs: this.nowMs,
        actor,
        deriveId: (name) => derivedId(id, name),
      },
      {
        of: (ref) => {
          checked(ref);
          // What is kept as a snapshot comes back from JSON.
          return JSON.parse(JSON.stringify(this.stateOf(ref)));
        },
        versionOf: (ref) => {
          checked(ref);
          return BigInt(this.eventsOf(ref).length);
        },
      },
    );
  }

  private append(ref: StreamRef, event: Event): void {
    const name = `${ref.kind}-${ref.id}`;
    const stream = this.streams.get(name) ?? { ref, events: [] };
    stream.events.push(event);
    this.streams.set(name, stream);
    // Its state must follow from it, whatever comes next.
    this.stateOf(this.refOf(ref));
  }

  private refOf(ref: StreamRef): StreamRef<keyof States & string> {
    return { kind: this.kindOf(ref), id: ref.id };
  }

  private kindOf({ kind }: StreamRef): keyof States & string {
    if (!this.isKind(kind)) throw new TypeError(`${kind} is no kind of stream of ${this.aggregate.kind}`);
    return kind;
  }

  private isKind(kind: string): kind is keyof States & string {
    return Object.hasOwn(this.aggregate.streams, kind);
  }
}
