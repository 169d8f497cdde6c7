import type { ScheduleEvent } from '@chorda/contracts';
import { fireIdOf } from './fire-id.js';
import { isKnown, scheduleDefinition, scheduleStream, type Fire, type KnownSchedule } from './schedule.js';
import type { ScheduleDecision } from './schedules.aggregate.js';

/** Why a fire starts no run. */
export type SkipReason = 'overlap' | 'too_late' | 'superseded' | 'paused' | 'too_many_running';

/** What a command comes to in a schedule: each event is in the state before the next rule looks. */
export class ScheduleCourse {
  private readonly events: ScheduleEvent[] = [];

  constructor(private state: KnownSchedule) {}

  get schedule(): KnownSchedule {
    return this.state;
  }

  get eventCount(): number {
    return this.events.length;
  }

  add(event: ScheduleEvent): void {
    const after = scheduleDefinition.evolve(this.state, event);
    if (!isKnown(after)) throw new TypeError(`${event.type} ends a schedule in the middle of a decision`);
    this.state = after;
    this.events.push(event);
  }

  skip(firstMs: number, lastMs: number | null, reason: SkipReason, nextMs: number | null): void {
    const data = { schedule_id: this.state.id, first_fire_at: firstMs, last_fire_at: lastMs, reason };
    this.add({ type: 'schedule.skipped', data: { ...data, next_fire_at: nextMs } });
  }

  buffer({ id, atMs }: Fire, nextMs: number | null): void {
    const data = { schedule_id: this.state.id, fire_id: id, fire_at: atMs, next_fire_at: nextMs };
    this.add({ type: 'schedule.buffered', data });
  }

  start({ id, atMs }: Fire, nextMs: number | null): void {
    const { workflow_name, workflow_version, input_data, user_id } = this.state.rules;
    const what = { workflow_name, workflow_version, input_data, user_id };
    const data = { schedule_id: this.state.id, fire_id: id, fire_at: atMs, ...what, next_fire_at: nextMs };
    this.add({ type: 'schedule.fired', data });
  }

  cancelRunning(): void {
    for (const fire_id of this.state.running) {
      this.add({ type: 'schedule.cancel_requested', data: { schedule_id: this.state.id, fire_id } });
    }
  }

  fireAt(atMs: number): Fire {
    return { id: fireIdOf(this.state.id, atMs), atMs };
  }

  decision(): ScheduleDecision {
    const { id, status, nextFireMs } = this.state;
    const stream = scheduleStream(id);
    const next_fire_at = nextFireMs === null ? null : new Date(nextFireMs).toISOString();
    return {
      events: this.events.map((event) => ({ stream, event })),
      answer: { schedule_id: id, status, next_fire_at },
    };
  }
}
