import { describe, it } from 'vitest';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { schedules } from './schedules.projection.js';

const schedule_id = 'nightly';
const rules = {
  title: 'The report of the night',
  workflow_name: 'report',
  input_data: { of: 'yesterday' },
  cron: '30 2 * * *',
  time_zone: 'Europe/Berlin',
  overlap: 'skip',
  catch_up: 'all',
  catch_up_window_ms: 60_000,
  jitter_ms: 0,
};
const ms = (time: string) => Date.parse(`2026-11-20T${time}Z`);
const at = (time: string) => `2026-11-20T${time}Z`;

const created = event('schedule.created', { schedule_id, ...rules, by: 'ada', next_fire_at: at('13:00:00') });
const fire = { schedule_id, fire_id: 'sched:nightly:2026-11-20T13:00:00Z', fire_at: at('13:00:00') };
const fired = event('schedule.fired', {
  ...fire,
  workflow_name: 'report',
  input_data: null,
  next_fire_at: at('14:00:00'),
});
const row = { schedule_id, workflow_name: 'report', cron: '30 2 * * *', created_by: 'ada', created_at: ms('12:00:00') };

describe('schedules', () => {
  const given = projectionSpec(schedules);

  it('show their rules, when they fire next, and what came of their fires', () =>
    given([created])
      .when([
        fired,
        event('schedule.skipped', {
          schedule_id,
          first_fire_at: at('14:00:00'),
          reason: 'overlap',
          next_fire_at: at('15:00:00'),
        }),
        event('schedule.run_ended', { schedule_id, fire_id: fire.fire_id, status: 'completed' }),
      ])
      .then([
        {
          ...row,
          status: 'active',
          input_data: '{"of":"yesterday"}',
          fires: 1,
          running: 0,
          skips: 1,
          last_skip_reason: 'overlap',
          last_run_id: fire.fire_id,
          last_fire_at: ms('13:00:00'),
          next_fire_at: ms('15:00:00'),
        },
      ]));

  it('fire no more while they rest and once they are deleted', () =>
    given([created])
      .when([event('schedule.paused', { schedule_id, reason: 'holidays', by: 'ada' })])
      .then([{ ...row, status: 'paused', pause_reason: 'holidays', next_fire_at: null }]));

  it('show why a run could not be started', () =>
    given([created, fired])
      .when([
        event('schedule.start_refused', { ...fire, error_code: 'WORKFLOW_NOT_FOUND', message: 'There is none' }),
        event('schedule.deleted', { schedule_id, by: null }),
      ])
      .then([{ ...row, status: 'deleted', running: 0, refusals: 1, last_error_code: 'WORKFLOW_NOT_FOUND' }]));

  it('begin anew where one is created again under the same id', () =>
    given([created, fired, event('schedule.deleted', { schedule_id, by: null })])
      .when([event('schedule.created', { schedule_id, ...rules, title: null, by: 'bob', next_fire_at: null })])
      .then([
        {
          ...row,
          created_at: ms('12:00:03'),
          created_by: 'bob',
          status: 'active',
          title: null,
          fires: 0,
          running: 0,
          next_fire_at: null,
        },
      ]));
});
