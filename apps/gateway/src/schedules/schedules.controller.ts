import { Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import type { ScheduleCommand } from '@chorda/contracts';
import { derivedId } from '@chorda/kernel';
import { ListReader, schedulesList, WorkflowDefinitionRepository } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JsonBody } from '../agents/agent-commands.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { wholeNumber } from '../events/read-your-writes.query.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { equalTo, ListAnswers } from '../lists/list-answers.js';
import { isText } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import { reasonBody } from '../runs/run-bodies.js';
import { bodyOf } from '../runs/run-commands.controller.js';
import { checkClock, nextFires } from './next-fires.js';
import {
  firesMax,
  newScheduleBody,
  previewBody,
  scheduleRulesBody,
  type ScheduleRulesBody,
} from './schedule-bodies.js';
import { ScheduleCommands } from './schedule-commands.js';
import * as operations from './schedules.openapi.js';

const nextQuery = z.strictObject({ count: wholeNumber(1, firesMax).default(10) });

/** What starts runs of workflows at times of a clock. */
@Controller('v1/schedules')
export class SchedulesController {
  constructor(
    private readonly commands: ScheduleCommands,
    private readonly answers: ListAnswers,
    private readonly lists: ListReader,
    private readonly definitions: WorkflowDefinitionRepository,
  ) {}

  @Get()
  @RequireScope('events:read')
  @Documented(operations.listSchedules)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(schedulesList, { request, reply });
  }

  @Post()
  @HttpCode(201)
  @RequireScope('workflows:write')
  @Documented(operations.createSchedule)
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { schedule_id, ...rules } = readJsonBody(request, newScheduleBody);
    const data = async (commandId: string) => ({
      ...(await this.checked(request, rules)),
      schedule_id: schedule_id ?? derivedId(commandId, 'schedule'),
    });
    const wish = { type: 'schedule.create', operation: 'POST /v1/schedules', data, shown: createdAt } as const;
    await this.commands.answer(wish, request, reply);
  }

  @Post('preview')
  @HttpCode(200)
  @RequireScope('workflows:read')
  @Documented(operations.previewSchedule)
  preview(@Req() request: FastifyRequest): object {
    const { cron, time_zone, after, count } = readJsonBody(request, previewBody);
    checkClock(cron, time_zone);
    const afterMs = after === undefined ? Date.now() : Date.parse(after);
    return { items: nextFires(cron, time_zone, afterMs, count) };
  }

  @Get(':id')
  @RequireScope('events:read')
  @Documented(operations.getSchedule)
  async byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answers.item(schedulesList, { request, reply }, { field: 'schedule_id', value: id });
  }

  @Get(':id/next')
  @RequireScope('events:read')
  @Documented(operations.listNextFires)
  async next(
    @Param('id') id: string,
    @Query({ schema: nextQuery }) { count }: z.output<typeof nextQuery>,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const { tenantId } = credentialOf(request);
    const row = isText(id) ? await this.lists.one(tenantId, schedulesList, [equalTo('schedule_id', id)]) : undefined;
    if (row === undefined) throw new Problem('NOT_FOUND', 'There is no such schedule, or it is not shown yet');
    const fires = row['status'] === 'active';
    return { items: fires ? nextFires(String(row['cron']), String(row['time_zone']), Date.now(), count) : [] };
  }

  @Put(':id')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(operations.changeSchedule)
  async change(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const rules = readJsonBody(request, scheduleRulesBody);
    const said = () => this.checked(request, rules);
    await this.give('schedule.change', 'PUT /v1/schedules/{id}', id, said, request, reply);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(operations.pauseSchedule)
  async pause(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = bodyOf(request, reasonBody);
    await this.give('schedule.pause', 'POST /v1/schedules/{id}/pause', id, () => body, request, reply);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(operations.resumeSchedule)
  async resume(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.give('schedule.resume', 'POST /v1/schedules/{id}/resume', id, () => ({}), request, reply);
  }

  @Delete(':id')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(operations.deleteSchedule)
  async delete(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.give('schedule.delete', 'DELETE /v1/schedules/{id}', id, () => ({}), request, reply);
  }

  /** @throws Problem for a clock or a workflow that there is not: nobody has to wait for the first fire to hear of it. */
  private async checked(request: FastifyRequest, rules: ScheduleRulesBody): Promise<JsonBody> {
    checkClock(rules.cron, rules.time_zone);
    const { workflow_name: name, workflow_version: version } = rules;
    const found = await this.definitions.find(credentialOf(request).tenantId, name, version ?? undefined);
    if (found && found.archivedAt === null) return rules;
    const detail = `There is no workflow ${name}${version === null ? '' : ` of version ${version}`} to start runs of`;
    throw new Problem('INVALID_COMMAND', detail, { issues: [{ pointer: '/workflow_name', detail }] });
  }

  private give(
    type: ScheduleCommand['type'],
    operation: string,
    id: string,
    said: () => Promise<JsonBody> | JsonBody,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const data = async () => ({ ...(await said()), schedule_id: id });
    return this.commands.answer({ type, operation, data, shown: () => ({ status: 200 }) }, request, reply);
  }
}

function createdAt({ data }: { readonly data: object }) {
  const id = 'schedule_id' in data ? String(data.schedule_id) : '';
  return { status: 201, location: `/v1/schedules/${encodeURIComponent(id)}` } as const;
}
