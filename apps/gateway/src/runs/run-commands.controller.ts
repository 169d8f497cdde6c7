import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { WorkflowCommand } from '@chorda/contracts';
import { DomainError, forkedState } from '@chorda/domain';
import { derivedId } from '@chorda/kernel';
import { WorkflowDefinitionRepository } from '@chorda/read-models';
import { pinSubWorkflows } from '@chorda/workflows';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { JsonBody } from '../agents/agent-commands.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { cancelBody, forkBody, reasonBody, retryBody, signalBody, startBody } from './run-bodies.js';
import { RunCommands } from './run-commands.js';
import {
  cancelRunOperation,
  forkRunOperation,
  pauseRunOperation,
  resumeRunOperation,
  retryRunOperation,
  signalRunOperation,
  startRunOperation,
} from './run-commands.openapi.js';

/** What people ask of runs. Each is a command: the engine decides it, and the caller is told what it decided. */
@Controller('v1')
export class RunCommandsController {
  constructor(
    private readonly commands: RunCommands,
    private readonly definitions: WorkflowDefinitionRepository,
  ) {}

  @Post('workflows/:name/runs')
  @HttpCode(201)
  @RequireScope('workflows:write')
  @Documented(startRunOperation)
  async start(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = bodyOf(request, startBody);
    const operation = 'POST /v1/workflows/{name}/runs';
    const data = (commandId: string) => this.startOf(name, body, commandId, request);
    await this.commands.answer({ type: 'workflow.start', operation, data, shown: startedAt }, request, reply);
  }

  private async startOf(
    name: string,
    body: z.output<typeof startBody>,
    commandId: string,
    request: FastifyRequest,
  ): Promise<JsonBody> {
    const { tenantId } = credentialOf(request);
    const found = await this.definitions.find(tenantId, name, body.version);
    if (!found || found.archivedAt !== null) {
      const version = body.version === undefined ? '' : ` of version ${body.version}`;
      throw new Problem('NOT_FOUND', `There is no workflow ${name}${version} that runs can be started of`);
    }
    const newest = (names: readonly string[]) => this.definitions.newestVersions(tenantId, names);
    const ofKey = body.start_key === undefined ? undefined : derivedId(tenantId, 'run', name, body.start_key);
    return {
      workflow_id: body.run_id ?? ofKey ?? derivedId(commandId, 'run'),
      workflow_name: name,
      definition_hash: found.hash,
      definition: JSON.parse(await pinSubWorkflows(found.form, newest)),
      input_data: body.input,
      user_id: body.user_id,
      start_key: body.start_key ?? null,
    };
  }

  @Post('runs/:id/signal')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(signalRunOperation)
  async signal(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { name, key, data, signal_id, ttl_ms } = bodyOf(request, signalBody);
    const said = (commandId: string) => ({
      signal_id: signal_id ?? derivedId(commandId, 'signal'),
      ...{ signal_name: name, signal_key: key, signal_data: data, ttl_ms },
    });
    await this.ofRun('workflow.signal', 'signal', id, said, request, reply);
  }

  @Post('runs/:id/pause')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(pauseRunOperation)
  async pause(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = bodyOf(request, reasonBody);
    await this.ofRun('workflow.pause', 'pause', id, () => body, request, reply);
  }

  @Post('runs/:id/resume')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(resumeRunOperation)
  async resume(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.ofRun('workflow.resume', 'resume', id, () => ({}), request, reply);
  }

  @Post('runs/:id/cancel')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(cancelRunOperation)
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = bodyOf(request, cancelBody);
    await this.ofRun('workflow.cancel', 'cancel', id, () => body, request, reply);
  }

  @Post('runs/:id/retry')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(retryRunOperation)
  async retry(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { output_data, ...body } = bodyOf(request, retryBody);
    // A field of any JSON value tells null from nothing by being there.
    const said = () => ({ ...body, ...(output_data !== undefined && { output_data }) });
    await this.ofRun('workflow.retry', 'retry', id, said, request, reply);
  }

  @Post('runs/:id/fork')
  @HttpCode(201)
  @RequireScope('workflows:write')
  @Documented(forkRunOperation)
  async fork(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = bodyOf(request, forkBody);
    const operation = 'POST /v1/runs/{id}/fork';
    const data = (commandId: string) => this.forkOf(id, body, commandId, request);
    await this.commands.answer({ type: 'workflow.start', operation, data, shown: startedAt }, request, reply);
  }

  private async forkOf(
    id: string,
    body: z.output<typeof forkBody>,
    commandId: string,
    request: FastifyRequest,
  ): Promise<JsonBody> {
    const { tenantId } = credentialOf(request);
    const moment = body.at_version === undefined ? undefined : { version: BigInt(body.at_version) };
    const { run, version } = await this.commands.runOf(tenantId, id, moment);
    if (moment !== undefined && version < moment.version) {
      throw new Problem(
        'INVALID_REQUEST',
        `at_version is ${body.at_version}, and the run has come to ${version} so far`,
      );
    }
    return {
      workflow_id: body.run_id ?? derivedId(commandId, 'run'),
      workflow_name: run.name,
      definition_hash: run.hash,
      definition: JSON.parse(run.definition),
      input_data: run.input,
      user_id: run.userId,
      forked_from_workflow_id: id,
      forked_at_version: String(version),
      forked_state: forkOrRefuse(run, body),
    };
  }

  private ofRun(
    type: WorkflowCommand['type'],
    verb: string,
    id: string,
    said: (commandId: string) => JsonBody,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const operation = `POST /v1/runs/{id}/${verb}`;
    const data = (commandId: string) => ({ ...said(commandId), workflow_id: id });
    return this.commands.answer({ type, operation, data, shown: () => ({ status: 200 }) }, request, reply);
  }
}

/** @throws Problem `INVALID_COMMAND` for edits that fit no step. */
function forkOrRefuse(run: Parameters<typeof forkedState>[0], body: z.output<typeof forkBody>) {
  const { input, context, rerun } = body;
  try {
    return forkedState(run, {
      rerun,
      ...(input !== undefined && { input }),
      ...(context !== undefined && { context }),
    });
  } catch (error) {
    if (error instanceof DomainError) throw new Problem('INVALID_COMMAND', error.message);
    throw error;
  }
}

/** An empty body says nothing, which some commands need no more than. */
export function bodyOf<Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.output<Schema> {
  const isEmpty = Buffer.isBuffer(request.body) ? request.body.length === 0 : request.body === undefined;
  return isEmpty ? schema.parse({}) : readJsonBody(request, schema);
}

function startedAt({ data }: { readonly data: object }) {
  const run = 'workflow_id' in data ? String(data.workflow_id) : '';
  return { status: 201, location: `/v1/runs/${encodeURIComponent(run)}` } as const;
}
