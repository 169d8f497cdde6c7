import type { Typed } from '@chorda/domain';
import { derivedId } from '@chorda/kernel';
import { streamKey } from '../stream-name.js';
import type { TurnGround } from '../store/load-turn.js';
import type { PartitionClaim } from '../store/partition-row.js';
import type { CommandContext } from '../decision-codec.js';
import { decideTurn } from '../turn/decide-turn.js';
import type { DueTimer, StreamPlace, StreamState, TurnCommand, TurnResult } from '../turn/turn.js';
import type { EngineParts } from './engine-parts.js';
import type { QueuedCommand } from './queued-commands.js';
import type { StateCache } from './state-cache.js';

/** A turn that is decided and not committed. */
export interface MadeTurn<Command extends Typed> {
  /** Undefined: nothing had to be asked. */
  readonly ground: TurnGround | undefined;
  readonly nowMs: number;
  readonly result: TurnResult<Command>;
  /** What is in it: commands of the log and of timers. */
  readonly taken: readonly TurnCommand<Command>[];
  /** Commands of the queue that are settled when this is committed: decided, known before, or set aside. */
  readonly settled: readonly QueuedCommand<Command>[];
  /** Of those, the ones whose outcome was stored before. */
  readonly repeats: number;
  /** Timers that were due and are left for the next turn. */
  readonly timersLeft: boolean;
}

export interface MakeOptions {
  /** 0: none is due by what is known. */
  readonly timersMax: number;
  /** Due timers come before the commands, because a turn before had no room for them. */
  readonly timersFirst: boolean;
  readonly condemned: ReadonlyMap<string, Error>;
  /** Commands that are known to be decided, by `repeatKey`. */
  readonly repeats: ReadonlySet<string>;
  /** Whether the others are looked up. Else the commit finds out, and refuses the turn. */
  readonly asksForRepeats: boolean;
}

/** Reads what a turn needs, and decides it. */
export class TurnMaker<States, Command extends Typed, Event extends Typed> {
  /** Time stands still rather than going back: events of a stream are in the order of their times. */
  private lastMs = 0;

  constructor(
    private readonly parts: EngineParts<States, Command, Event>,
    private readonly cache: StateCache,
  ) {}

  async make(
    claim: PartitionClaim,
    queued: readonly QueuedCommand<Command>[],
    options: MakeOptions,
  ): Promise<MadeTurn<Command>> {
    const readable = queued.flatMap(({ command }) => command ?? []);
    const ground = await this.groundFor(claim, readable, options);
    const fresh = withoutRepeats(readable, options.repeats, ground);
    const timers = (ground?.due ?? []).map((due) => this.commandOf(due));
    const commands = options.timersFirst ? [...timers, ...fresh] : [...fresh, ...timers];
    const result = await this.decide(claim, commands, options.condemned);
    const taken = commands.slice(0, result.taken);
    const isTaken = new Set(taken);
    const firstLeft = fresh.find((command) => !isTaken.has(command));
    const end = firstLeft ? queued.findIndex(({ command }) => command === firstLeft) : queued.length;
    const settled = queued.slice(0, end);
    const decided = fresh.filter((command) => isTaken.has(command)).length;
    return {
      ...{ ground, nowMs: this.lastMs, result, taken, settled },
      repeats: settled.filter(({ command }) => command).length - decided,
      timersLeft: timers.some((command) => !isTaken.has(command)),
    };
  }

  /** A turn without timers needs no answer beforehand: the last one told the time. */
  private async groundFor(
    { partition }: PartitionClaim,
    readable: readonly TurnCommand<Command>[],
    { timersMax, asksForRepeats }: MakeOptions,
  ): Promise<TurnGround | undefined> {
    const { statements } = this.parts;
    const toldMs = timersMax > 0 || asksForRepeats ? undefined : statements.clock.nowMs;
    const commands = asksForRepeats ? readable : [];
    const ground = toldMs === undefined ? await statements.ground({ partition, timersMax, commands }) : undefined;
    this.lastMs = Math.max(this.lastMs, toldMs ?? ground?.nowMs ?? 0);
    return ground;
  }

  private async decide(
    claim: PartitionClaim,
    commands: readonly TurnCommand<Command>[],
    condemned: ReadonlyMap<string, Error>,
  ): Promise<TurnResult<Command>> {
    const { parts } = this;
    const loaded = new LoadedStates(this.cache);
    let payloads = parts.payloads?.ofTurn();
    let inTurn = commands;
    await this.load(loaded, this.placesOf(commands));
    for (;;) {
      const result = decideTurn({
        ...{ aggregate: parts.aggregate, eventTopic: parts.eventTopic, source: parts.source, encoder: parts.codec },
        ...{ bounds: parts.bounds, epoch: claim.epoch, firstSeq: claim.nextSeq, nowMs: this.lastMs },
        ...{ commands: inTurn, loaded, payloads, condemned },
      });
      if (result.missing.length === 0 && result.missingPayloads.length === 0) {
        parts.metrics.streamReads.inc({ kind: claim.kind, from: 'memory' }, loaded.fromMemory);
        return result;
      }
      // Streams that only deciding shows, such as those of follow-up commands; each round loads at least one more.
      await this.load(loaded, result.missing);
      if (payloads === undefined || (await payloads.load(result.missingPayloads))) continue;
      // With fewer commands it needs less; one alone has all the room that there is.
      if (inTurn.length === 1) payloads.refuse(result.missingPayloads);
      else {
        inTurn = inTurn.slice(0, Math.ceil(inTurn.length / 2));
        payloads = parts.payloads?.ofTurn();
      }
    }
  }

  /** What the commands say that they read. One that cannot say fails when it is decided, alone. */
  private placesOf(commands: readonly TurnCommand<Command>[]): readonly StreamPlace[] {
    const places = new Map<string, StreamPlace>();
    for (const { context, command, timer } of commands) {
      const { tenantId, subject } = context;
      if (timer) places.set(streamKey(tenantId, timer.stream), { tenantId, subject, stream: timer.stream });
      for (const stream of this.readsOf(command, timer)) {
        places.set(streamKey(tenantId, stream), { tenantId, subject, stream });
      }
    }
    return [...places.values()];
  }

  private readsOf(command: Command | undefined, timer: DueTimer | undefined) {
    const { aggregate } = this.parts;
    try {
      if (command) return aggregate.reads(command);
      if (!timer || !aggregate.due) return [];
      const stream = timer.stream as Parameters<typeof aggregate.due>[0];
      return aggregate.reads(aggregate.due(stream, timer.timer));
    } catch {
      return [];
    }
  }

  private async load(loaded: LoadedStates, places: readonly StreamPlace[]): Promise<void> {
    const { parts } = this;
    const kind = parts.aggregate.kind;
    const absent: StreamPlace[] = [];
    for (const place of places) {
      const key = streamKey(place.tenantId, place.stream);
      if (loaded.get(key)) continue;
      if (Object.hasOwn(parts.aggregate.streams, place.stream.kind)) absent.push(place);
      // The command that named it fails by it.
      else loaded.set(key, { ...place, version: 0n, state: undefined, snapshotAt: 0n });
    }
    if (absent.length === 0) return;
    parts.metrics.streamReads.inc({ kind, from: 'database' }, absent.length);
    for (const [key, state] of await parts.statements.load(absent)) loaded.set(key, state);
  }

  private commandOf(due: DueTimer): TurnCommand<Command> {
    const { tenantId, subject, stream, timer, correlationId } = due;
    const { kind } = this.parts.aggregate;
    const id = derivedId('timer', kind, tenantId, stream.kind, stream.id, timer.id, timer.dueMs);
    const context = { id, tenantId, subject, timeMs: this.lastMs, actor: null, correlationId };
    return { context, command: undefined, offset: undefined, timer: due };
  }
}

/** The states of a turn: what it read, and what is in memory. What was looked at once stays as it is. */
class LoadedStates {
  private readonly states = new Map<string, StreamState>();
  fromMemory = 0;

  constructor(private readonly cache: StateCache) {}

  get(key: string): StreamState | undefined {
    const known = this.states.get(key);
    if (known) return known;
    const kept = this.cache.get(key);
    if (!kept) return undefined;
    this.fromMemory++;
    this.states.set(key, kept);
    return kept;
  }

  set(key: string, state: StreamState): void {
    this.states.set(key, state);
  }
}

/** Names a command among those of all tenants. */
export function repeatKey({ tenantId, id }: Pick<CommandContext, 'tenantId' | 'id'>): string {
  return `${tenantId}\n${id}`;
}

/** Leaves out what was decided before, also earlier in this very batch. */
function withoutRepeats<Command extends Typed>(
  commands: readonly TurnCommand<Command>[],
  repeats: ReadonlySet<string>,
  ground: TurnGround | undefined,
): readonly TurnCommand<Command>[] {
  const seen = new Set<string>();
  return commands.filter(({ context }, place) => {
    const key = repeatKey(context);
    if (ground?.known.has(place) || repeats.has(key) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
