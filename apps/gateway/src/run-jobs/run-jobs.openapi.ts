import type { ProblemCode } from '../http/problem.js';
import { pathParameter } from '../lists/list.openapi.js';
import type { OperationDocument } from '../reference/documented.js';
import { headerParameter, jsonResponse } from '../reference/operation-parts.js';
import { body, closed, nullable, text } from '../runs/run-commands.openapi.js';

const tags = ['workflows'];
const job = {
  job_id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e40',
  action: 'retry',
  where: { status: 'failed', workflow_name: 'refund' },
  ...{ runs_max: 1_000, status: 'completed', runs: 42, accepted: 41, refused: 1, is_cut: false },
  refusals: [{ run_id: 'order-7', code: 'ILLEGAL_TRANSITION', message: 'Run order-7 is completed' }],
  error: null,
  requested_by: 'key-7',
  created_at: '2026-11-22T09:30:00.000Z',
  ended_at: '2026-11-22T09:30:01.000Z',
};
const reads: readonly ProblemCode[] = ['OVERLOADED', 'QUERY_TIMEOUT'];
const ofOne: readonly ProblemCode[] = [...reads, 'NOT_FOUND'];

export const createRunJob: OperationDocument = {
  operationId: 'createRunJob',
  tags,
  summary: 'Pause, resume, cancel or retry all runs of a query',
  description:
    '`where` is a filter of `GET /v1/runs`. Runs are told one page after the other, the newest first; each is told once, ' +
    'whatever is killed, and what its state does not allow is refused for it alone. The job is its own report.',
  parameters: [headerParameter('Idempotency-Key', 'The same key is the same job')],
  requestBody: body('NewRunJob', { action: 'retry', where: job.where, runs_max: 1_000 }),
  responses: { '202': jsonResponse('It begins', 'RunJob', { ...job, status: 'running', runs: 0, ended_at: null }) },
  problems: ['INVALID_JSON', 'PAYLOAD_TOO_LARGE', 'LIMIT_REACHED'],
};

export const listRunJobs: OperationDocument = {
  operationId: 'listRunJobs',
  tags,
  summary: 'Jobs over runs, newest first; at most 100, for 30 days',
  responses: { '200': jsonResponse('The jobs', 'RunJobList', { items: [job] }) },
  problems: reads,
};

export const getRunJob: OperationDocument = {
  operationId: 'getRunJob',
  tags,
  summary: 'How far a job over runs is, and what was refused',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('The job', 'RunJob', job) },
  problems: ofOne,
};

export const cancelRunJob: OperationDocument = {
  operationId: 'cancelRunJob',
  tags,
  summary: 'Tell no further run; what was told before stays',
  parameters: [pathParameter('id')],
  responses: { '200': jsonResponse('It has ended', 'RunJob', { ...job, status: 'cancelled' }) },
  problems: ofOne,
};

export const runJobSchemas: Record<string, unknown> = {
  NewRunJob: closed(
    {
      action: { enum: ['pause', 'resume', 'cancel', 'retry'] },
      where: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { type: 'string' },
        description: 'Fields of runs as in the query of `GET /v1/runs`: `{"status": "in.failed,cancelled"}`',
      },
      runs_max: { type: 'integer', minimum: 1, maximum: 100_000, default: 1_000, description: 'More are not told' },
      reason: nullable('string', 'Why, in your words; not of resume'),
      hard: { type: 'boolean', default: false, description: 'Of cancel: does not wait for what is under way' },
      compensate: { type: 'boolean', default: false, description: 'Of cancel: undoes what was done first' },
      resolution: { enum: ['repeat', 'failed'], default: 'repeat', description: 'Of retry' },
    },
    ['action', 'where'],
  ),
  RunJob: {
    type: 'object',
    required: Object.keys(job),
    properties: {
      job_id: text('The job'),
      action: { enum: ['pause', 'resume', 'cancel', 'retry'] },
      where: { type: 'object', additionalProperties: { type: 'string' } },
      runs_max: { type: 'integer' },
      status: { enum: ['running', 'completed', 'cancelled', 'failed'] },
      runs: { type: 'integer', description: 'Runs that were told' },
      accepted: { type: 'integer', description: 'Those that did it' },
      refused: { type: 'integer', description: 'Those whose state did not allow it' },
      is_cut: { type: 'boolean', description: 'There were more runs than it might tell' },
      refusals: {
        type: 'array',
        description: 'The first hundred',
        items: {
          type: 'object',
          required: ['run_id', 'code', 'message'],
          properties: { run_id: text('The run'), code: text('Why, as a word'), message: text('Why, in words') },
        },
      },
      error: nullable('string', 'Why it failed'),
      requested_by: text('Who asked'),
      created_at: { type: 'string', format: 'date-time' },
      ended_at: nullable('string', 'When it ended'),
    },
  },
  RunJobList: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/RunJob' } } },
  },
};
