import { eventTypes, type EventType } from '@chorda/contracts';
import { derivedId, type JsonValue } from '@chorda/kernel';
import type { DemoEvent } from './demo-event.js';
import { foreignAgents, foreignWork } from './foreign-agents.js';
import { Random } from './random.js';
import { Schedule, type Process } from './schedule.js';
import { Staff } from './staff.js';
import { outsideWorld } from './outside-world.js';
import { workflowRun } from './workflow-run.js';

export interface DayOptions {
  /** The same seed and day give the same events, ids included. */
  readonly seed: number;
  /** Midnight UTC at which the day begins: milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly events: number;
}

/** What led to an event: the chain it belongs to, and the message right before it. */
export interface Cause {
  readonly correlationId: string;
  readonly causationId?: string;
}

export const dayMs = 24 * 60 * 60 * 1_000;
/** Measured over seeds: events that one workflow run brings about, its agents and model calls included. */
const eventsOfRun = 44;

/**
 * A day of an invented company, in the order in which it happened: agents live and work, workflows run, people decide,
 * models are called, other systems call in. Pure: no clock, no id source, no chance but the seed's.
 */
export function* demoDay(options: DayOptions): Generator<DemoEvent, void, undefined> {
  const day = new Day(options);
  let sent = 0;
  while (sent < options.events && day.schedule.step()) {
    for (const event of day.takeEmitted()) {
      if (sent++ === options.events) return;
      yield event;
    }
  }
}

/** The day as its processes see it: time, chance, and a way to say that something happened. */
export class Day {
  readonly random: Random;
  readonly schedule: Schedule;
  readonly staff: Staff;
  private emitted: DemoEvent[] = [];
  private readonly versions = new Map<string, number>();
  private readonly sequences = new Map<string, number>();
  private readonly counters = new Map<string, number>();

  constructor(private readonly options: DayOptions) {
    this.random = new Random(options.seed);
    this.schedule = new Schedule(options.startMs);
    this.staff = new Staff(this, Math.max(4, Math.min(60, Math.round(options.events / 400))));
    this.schedule.start(outsideWorld(this, (options.events / dayMs) * 0.06));
    for (const agent of foreignAgents) this.schedule.start(foreignWork(this, agent, options.events / dayMs));
    this.schedule.start(this.orders());
  }

  get nowMs(): number {
    return Math.floor(this.schedule.nowMs);
  }

  takeEmitted(): readonly DemoEvent[] {
    const events = this.emitted;
    this.emitted = [];
    return events;
  }

  /** Says that something happened now, and answers the event's id for what it causes. */
  emit(
    type: EventType,
    subject: string,
    cause: Cause,
    data: Readonly<Record<string, JsonValue>>,
    source = `urn:chorda:demo/${type.slice(0, type.indexOf('.'))}`,
  ): string {
    const sequence = next(this.sequences, subject, 0);
    const { seed, startMs } = this.options;
    const id = derivedId('demo', seed, startMs, subject, sequence);
    const decision = eventTypes[type].kind === 'decision';
    this.emitted.push({
      id,
      source,
      type,
      subject,
      timeMs: this.nowMs,
      ...cause,
      ...(decision ? { streamVersion: next(this.versions, subject, 1) } : {}),
      sequence,
      data,
    });
    return id;
  }

  /** An id that no other thing of this or another day has: `run-…`. */
  newId(kind: string): string {
    const { seed, startMs } = this.options;
    return `${kind}-${derivedId('demo', seed, startMs, kind, next(this.counters, kind, 0)).slice(0, 18)}`;
  }

  count(kind: string): number {
    return next(this.counters, `count of ${kind}`, 1);
  }

  /** Workflow runs begin all day long, most in the afternoon, few at night. */
  private *orders(): Process {
    const meanGapMs = (dayMs * eventsOfRun) / this.options.events;
    for (;;) {
      yield this.random.exponential(meanGapMs / busyness(this.nowMs));
      this.schedule.start(workflowRun(this));
    }
  }
}

/** How much goes on at this time of day, 1 on average. */
function busyness(timeMs: number): number {
  const hour = (timeMs % dayMs) / (60 * 60 * 1_000);
  return 1 + 0.75 * Math.sin(((hour - 8) / 24) * 2 * Math.PI);
}

function next(counters: Map<string, number>, key: string, first: number): number {
  const value = counters.get(key) ?? first;
  counters.set(key, value + 1);
  return value;
}
