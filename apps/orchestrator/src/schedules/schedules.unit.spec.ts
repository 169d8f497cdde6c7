import type { JsonText, ScheduleEvent, ScheduleId } from '@chorda/contracts';
import { aggregateSpec } from '@chorda/decisions';
import { jitterMs, schedulesAggregate, scheduleOfFire, type AnyScheduleCommand } from '@chorda/domain';
import { fireTimes } from '@chorda/workflows';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const schedule_id = 'nightly' as ScheduleId;
const minuteMs = 60_000;
const rules = {
  title: null,
  workflow_name: 'report',
  workflow_version: null,
  input_data: '{"of":"yesterday"}' as JsonText,
  user_id: null,
  cron: '*/10 * * * *',
  time_zone: 'UTC',
  overlap: 'skip',
  catch_up: 'all',
  catch_up_window_ms: 30 * minuteMs,
  jitter_ms: 0,
};
type Rules = Omit<typeof rules, 'title'> & { readonly title: string | null };

const create = (own: Partial<Rules> = {}): AnyScheduleCommand => ({
  type: 'schedule.create',
  data: { schedule_id, ...rules, ...own },
});
const change = (own: Partial<Rules>): AnyScheduleCommand => ({
  type: 'schedule.change',
  data: { schedule_id, ...rules, ...own },
});
const pause: AnyScheduleCommand = { type: 'schedule.pause', data: { schedule_id, reason: null } };
const resume: AnyScheduleCommand = { type: 'schedule.resume', data: { schedule_id } };
const remove: AnyScheduleCommand = { type: 'schedule.delete', data: { schedule_id } };
const ended = (fire_id: string): AnyScheduleCommand => ({
  type: 'schedule.record_run_ended',
  data: { schedule_id, fire_id, status: 'completed' },
});
const aggregate = schedulesAggregate({ fireTimes });
const { given } = aggregateSpec(aggregate, schedule_id);

/** What the timers and commands of a schedule came to, by a clock of its own. */
class Clock {
  readonly events: ScheduleEvent[] = [];
  private state = aggregate.streams.schedule.initialState;

  constructor(private nowMs = Date.parse('2026-01-01T00:00:30Z')) {}

  give(command: AnyScheduleCommand): this {
    const given = {
      command,
      commandId: 'c',
      tenantId: 'default' as never,
      subject: schedule_id,
      timeMs: this.nowMs,
      actor: null,
      deriveId: () => 'id',
    };
    const states = { of: () => this.state as never, versionOf: () => 0n };
    for (const { event } of aggregate.decide(given, states).events) {
      this.events.push(event);
      this.state = aggregate.streams.schedule.evolve(this.state, event);
    }
    return this;
  }

  /** @param away Nobody fires timers meanwhile. */
  pass(ms: number, { away = false } = {}): this {
    const endMs = this.nowMs + ms;
    if (away) this.nowMs = endMs;
    for (;;) {
      const due = aggregate.streams.schedule.timers?.(this.state)[0];
      if (due === undefined || due.dueMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, due.dueMs);
      this.give({ type: 'schedule.fire_due', data: { schedule_id } });
    }
    this.nowMs = endMs;
    return this;
  }

  of<Type extends ScheduleEvent['type']>(type: Type) {
    return this.events.filter((one): one is Extract<ScheduleEvent, { readonly type: Type }> => one.type === type);
  }

  fired(): string[] {
    return this.of('schedule.fired').map(({ data }) => data.fire_id);
  }

  skipped(): string[] {
    return this.of('schedule.skipped').map(({ data }) => data.reason);
  }
}

describe('a schedule', () => {
  it('starts a run at each of its times, named after the schedule and the time alone', () => {
    const clock = new Clock().give(create({ overlap: 'allow' })).pass(25 * minuteMs);
    expect(clock.fired()).toEqual(['sched:nightly:2026-01-01T00:10:00Z', 'sched:nightly:2026-01-01T00:20:00Z']);
    expect(scheduleOfFire(clock.fired()[0] ?? '')).toBe('nightly');
    expect(clock.of('schedule.fired')[0]?.data).toMatchObject({
      workflow_name: 'report',
      input_data: '{"of":"yesterday"}',
    });
  });

  it('is the same one when it is created again with the same rules, and another one is refused', () => {
    given([create()]).when(create()).thenNothing();
    given([create()])
      .when(create({ cron: '@daily' }))
      .thenRefused('SCHEDULE_EXISTS');
    given([create(), remove]).when(remove).thenNothing();
    given([create(), remove]).when(pause).thenRefused('SCHEDULE_NOT_FOUND');
  });

  it.each([
    [{ cron: '61 * * * *' }],
    [{ time_zone: 'Mars/Base' }],
    [{ overlap: 'perhaps' }],
    [{ catch_up: 'some' }],
    [{ title: 'x'.repeat(201) }],
  ])('is refused with %j', (own) => {
    given([]).when(create(own)).thenRefused('INVALID_COMMAND');
    given([create()]).when(change(own)).thenRefused('INVALID_COMMAND');
  });

  it('rests while it is paused, and makes nothing good that it missed then', () => {
    const clock = new Clock()
      .give(create({ overlap: 'allow' }))
      .give(pause)
      .pass(60 * minuteMs);
    expect(clock.fired()).toEqual([]);
    clock.give(resume).pass(10 * minuteMs);
    expect(clock.fired()).toEqual(['sched:nightly:2026-01-01T01:10:00Z']);
  });

  it('fires by other rules once it is changed', () => {
    const clock = new Clock()
      .give(create())
      .give(change({ cron: '5 * * * *' }))
      .pass(15 * minuteMs);
    expect(clock.fired()).toEqual(['sched:nightly:2026-01-01T00:05:00Z']);
  });

  it('never fires once it is deleted', () => {
    const clock = new Clock()
      .give(create())
      .give(remove)
      .pass(60 * minuteMs);
    expect(clock.fired()).toEqual([]);
  });

  it('holds each fire back by its own share of the jitter', () => {
    const clock = new Clock()
      .give(create({ overlap: 'allow', jitter_ms: 5 * minuteMs }))
      .pass(10 * minuteMs + minuteMs / 2);
    const heldMs = jitterMs(schedule_id, Date.parse('2026-01-01T00:10:00Z'), 5 * minuteMs);
    expect(heldMs).toBeGreaterThan(minuteMs);
    expect(clock.fired()).toEqual([]);
    clock.pass(heldMs);
    expect(clock.fired()).toEqual(['sched:nightly:2026-01-01T00:10:00Z']);
  });
});

describe('a fire while a run of before goes on', () => {
  const first = 'sched:nightly:2026-01-01T00:10:00Z';

  it('is left out by `skip`, and the next one after its end is not', () => {
    const clock = new Clock().give(create({ overlap: 'skip' })).pass(35 * minuteMs);
    expect([clock.fired(), clock.skipped()]).toEqual([[first], ['overlap', 'overlap']]);
    clock.give(ended(first)).pass(10 * minuteMs);
    expect(clock.fired()).toEqual([first, 'sched:nightly:2026-01-01T00:40:00Z']);
  });

  it('waits for its end by `buffer_one`, and those after it are left out', () => {
    const clock = new Clock().give(create({ overlap: 'buffer_one' })).pass(35 * minuteMs);
    expect([clock.fired(), clock.skipped()]).toEqual([[first], ['overlap']]);
    clock.give(ended(first));
    expect(clock.fired()).toEqual([first, 'sched:nightly:2026-01-01T00:20:00Z']);
  });

  it('ends it by `cancel_running`, and the newest one starts when it has ended', () => {
    const clock = new Clock().give(create({ overlap: 'cancel_running' })).pass(35 * minuteMs);
    expect(clock.of('schedule.cancel_requested').map(({ data }) => data.fire_id)).toEqual([first]);
    expect([clock.fired(), clock.skipped()]).toEqual([[first], ['superseded']]);
    clock.give(ended(first));
    expect(clock.fired()).toEqual([first, 'sched:nightly:2026-01-01T00:30:00Z']);
  });

  it('starts beside it by `allow`, up to a bound', () => {
    const clock = new Clock().give(create({ overlap: 'allow', cron: '* * * * *' })).pass(102 * minuteMs);
    expect(clock.fired()).toHaveLength(100);
    expect(clock.skipped()).toEqual(['too_many_running', 'too_many_running']);
  });

  it('goes on once a start was refused', () => {
    const clock = new Clock().give(create({ overlap: 'buffer_one' })).pass(25 * minuteMs);
    clock.give({
      type: 'schedule.record_start_refused',
      data: {
        schedule_id,
        fire_id: first,
        fire_at: 0,
        error_code: 'NOT_FOUND',
        message: 'There is no workflow report',
      },
    });
    expect(clock.fired()).toHaveLength(2);
  });
});

describe('fires that nobody was there for', () => {
  it('are made good within the window, and older ones are left out', () => {
    const clock = new Clock().give(create({ overlap: 'allow' })).pass(125 * minuteMs, { away: true });
    expect(clock.skipped()).toEqual(['too_late']);
    expect(clock.fired()).toEqual(['01:40', '01:50', '02:00'].map((time) => `sched:nightly:2026-01-01T${time}:00Z`));
  });

  it('come to the newest one alone by `latest`', () => {
    const clock = new Clock()
      .give(create({ overlap: 'allow', catch_up: 'latest' }))
      .pass(25 * minuteMs, { away: true });
    expect([clock.fired(), clock.skipped()]).toEqual([['sched:nightly:2026-01-01T00:20:00Z'], ['superseded']]);
  });

  it('are told in one breath, however many they are', () => {
    const clock = new Clock().give(create({ overlap: 'allow', cron: '* * * * * *', catch_up_window_ms: 10_000 }));
    clock.pass(30 * 86_400_000, { away: true });
    expect(clock.skipped()).toEqual(['too_late']);
    expect(clock.fired()).toHaveLength(11);
  });
});

it('accounts for each of its times once, whatever the rules, the pauses and the ends of runs', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 90 }), away: fc.boolean() }),
    fc.record({ kind: fc.constantFrom('end' as const, 'end_all' as const) }),
    fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'again' as const) }),
  );
  const own = fc.record({
    overlap: fc.constantFrom('skip', 'buffer_one', 'allow', 'cancel_running'),
    catch_up: fc.constantFrom('all', 'latest'),
    cron: fc.constantFrom('*/10 * * * *', '7 * * * *', '*/3 * * * *'),
    jitter_ms: fc.constantFrom(0, 90_000),
  });
  fc.assert(
    fc.property(own, fc.array(step, { maxLength: 20 }), (mine, steps) => {
      const clock = new Clock().give(create(mine));
      const running = () => {
        const over = new Set(clock.of('schedule.run_ended').map(({ data }) => data.fire_id));
        return clock.fired().filter((id) => !over.has(id));
      };
      for (const one of steps) {
        if (one.kind === 'pass') clock.pass(one.minutes * minuteMs, { away: one.away });
        else if (one.kind === 'pause') clock.give(pause);
        else if (one.kind === 'resume') clock.give(resume);
        else if (one.kind === 'again') clock.give({ type: 'schedule.fire_due', data: { schedule_id } });
        else for (const id of running().slice(0, one.kind === 'end' ? 1 : Infinity)) clock.give(ended(id));
        if (mine.overlap !== 'allow') expect(running().length).toBeLessThanOrEqual(1);
      }
      const fired = clock.fired();
      expect(new Set(fired).size).toBe(fired.length);
      for (const { data } of clock.of('schedule.fired')) {
        expect(fireTimes.last(mine.cron, 'UTC', data.fire_at)).toBe(data.fire_at);
      }
    }),
    { numRuns: 100 },
  );
});
