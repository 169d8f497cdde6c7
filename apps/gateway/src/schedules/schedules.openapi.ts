import { schedulesList } from '@chorda/read-models';
import type { ProblemCode } from '../http/problem.js';
import { itemOperation, listOperation, listSchemas, pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { jsonResponse, queryParameter } from '../reference/operation-parts.js';
import {
  body,
  closed,
  commandProblems,
  decided,
  headers,
  nullable,
  taken,
  text,
} from '../runs/run-commands.openapi.js';
import { firesMax } from './schedule-bodies.js';

const tags = ['workflows'];
const problems: readonly ProblemCode[] = [...commandProblems, 'SCHEDULE_NOT_FOUND'];
const rules = {
  title: 'The report of the night',
  workflow_name: 'report',
  input_data: { of: 'yesterday' },
  cron: '30 2 * * *',
  time_zone: 'Europe/Berlin',
  overlap: 'skip',
};
const fire = { fire_at: '2026-11-23T01:30:00.000Z', local_time: '2026-11-23T02:30:00+01:00' };
const done = (description: string, status: string) => {
  const example = { schedule_id: 'nightly', status, next_fire_at: fire.fire_at, ...decided };
  return { '200': jsonResponse(description, 'ScheduleDecided', example), ...taken };
};
const fires = { '200': jsonResponse('The next times, none where it does not fire', 'NextFires', { items: [fire] }) };

export const listSchedules = listOperation(schedulesList, {
  operationId: 'listSchedules',
  tag: 'workflows',
  summary: 'Schedules, newest first',
  schema: 'SchedulePage',
});

export const getSchedule = itemOperation({
  operationId: 'getSchedule',
  tag: 'workflows',
  summary: 'One schedule: its rules, when it fires next, and what came of its fires',
  schema: 'Schedule',
});

export const createSchedule: OperationDocument = {
  operationId: 'createSchedule',
  tags,
  summary: 'Start runs of a workflow at times of a clock',
  description:
    'Each fire starts one run, whatever is killed: its id follows from the schedule and the time, ' +
    '`sched:<schedule_id>:<time>`. Where the clock of the zone is moved, a time that it jumps over comes once it has ' +
    'jumped, and one that it shows twice comes once.',
  parameters: headers,
  requestBody: body('NewSchedule', { schedule_id: 'nightly', ...rules }),
  responses: {
    '201': jsonResponse('It fires from now on', 'ScheduleDecided', {
      ...{ schedule_id: 'nightly', status: 'active', next_fire_at: fire.fire_at },
      ...decided,
    }),
    ...taken,
  },
  problems: [...commandProblems, 'SCHEDULE_EXISTS'],
};

export const changeSchedule: OperationDocument = {
  operationId: 'changeSchedule',
  tags,
  summary: 'Give a schedule other rules; all of them are said anew, and what runs goes on',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('ScheduleRules', rules),
  responses: done('It fires by them', 'active'),
  problems,
};

export const pauseSchedule: OperationDocument = {
  operationId: 'pauseSchedule',
  tags,
  summary: 'Let a schedule rest; what runs goes on',
  parameters: [pathParameter('id'), ...headers],
  requestBody: body('Reason', { reason: 'Holidays' }, false),
  responses: done('It rests', 'paused'),
  problems,
};

export const resumeSchedule: OperationDocument = {
  operationId: 'resumeSchedule',
  tags,
  summary: 'Let a schedule go on; what it missed while it rested is not made good',
  parameters: [pathParameter('id'), ...headers],
  responses: done('It fires again', 'active'),
  problems,
};

export const deleteSchedule: OperationDocument = {
  operationId: 'deleteSchedule',
  tags,
  summary: 'End a schedule; what runs goes on',
  parameters: [pathParameter('id'), ...headers],
  responses: done('It fires no more', 'deleted'),
  problems,
};

export const listNextFires: OperationDocument = {
  operationId: 'listNextFires',
  tags,
  summary: 'When a schedule fires next',
  parameters: [pathParameter('id'), queryParameter('count', `How many, 1 to ${firesMax}; default 10`)],
  responses: fires,
  problems: ['NOT_FOUND', 'OVERLOADED', 'QUERY_TIMEOUT'],
};

export const previewSchedule: OperationDocument = {
  operationId: 'previewSchedule',
  tags,
  summary: 'When a cron expression would fire, before anything is created',
  requestBody: body('SchedulePreview', { cron: '30 2 * * *', time_zone: 'Europe/Berlin', count: 3 }),
  responses: fires,
  problems: ['INVALID_JSON', 'INVALID_COMMAND', 'PAYLOAD_TOO_LARGE'],
};

const clock = {
  cron: text('Five parts, six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly'),
  time_zone: { type: 'string', default: 'UTC', description: 'IANA name of the zone whose clock that is' },
};
const ruleProperties = {
  title: nullable('string', 'For people'),
  workflow_name: text('The workflow'),
  workflow_version: {
    type: ['integer', 'null'],
    minimum: 1,
    description: 'Stored version; null: the newest at each fire',
  },
  input_data: { description: 'What each run is given: any JSON value' },
  user_id: nullable('string', 'On whose behalf; a pseudonymous id'),
  ...clock,
  overlap: {
    enum: ['skip', 'buffer_one', 'allow', 'cancel_running'],
    default: 'skip',
    description:
      'A fire while a run of before goes on is left out, waits for its end, starts beside it (up to 100), or ends it first',
  },
  catch_up: {
    enum: ['all', 'latest'],
    default: 'all',
    description: 'Of fires that nobody was there for, within the window: all of them, or the newest alone',
  },
  catch_up_window_ms: {
    ...{ type: 'integer', minimum: 10_000, maximum: 2_592_000_000, default: 60_000 },
    description: 'A fire that is later than this starts no run',
  },
  jitter_ms: {
    ...{ type: 'integer', minimum: 0, maximum: 3_600_000, default: 0 },
    description: 'Each fire waits for its own share of this',
  },
};
const required = ['workflow_name', 'cron'];

export const scheduleSchemas: Record<string, unknown> = {
  ...listSchemas('Schedule', schedulesList, 'What starts runs of a workflow at times of a clock.'),
  NewSchedule: closed({ schedule_id: text('Left out: it follows from the command'), ...ruleProperties }, required),
  ScheduleRules: closed(ruleProperties, required),
  SchedulePreview: closed(
    {
      ...clock,
      after: { type: 'string', format: 'date-time', description: 'Left out: now' },
      count: { type: 'integer', minimum: 1, maximum: firesMax, default: 10 },
    },
    ['cron'],
  ),
  ScheduleDecided: {
    type: 'object',
    description: 'What was decided.',
    required: ['command_id', 'events', 'position'],
    properties: {
      command_id: text('Of this request'),
      events: { type: 'array', items: { $ref: '#/components/schemas/DecidedEvent' } },
      position: text('A read that brings it as `min_position` sees all of it'),
      schedule_id: text('The schedule'),
      status: { enum: ['active', 'paused', 'deleted'] },
      next_fire_at: nullable('string', 'When it fires next'),
    },
  },
  NextFires: {
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: {
          type: 'object',
          required: ['fire_at', 'local_time'],
          properties: {
            fire_at: { type: 'string', format: 'date-time' },
            local_time: text('What the clock of the zone shows then'),
          },
        },
      },
    },
  },
};
