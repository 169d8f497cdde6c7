import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ListReader, tasksList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonBody } from '../agents/agent-commands.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { equalTo } from '../lists/list-answers.js';
import { isText } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import { claimBody, decideBody } from './run-bodies.js';
import { bodyOf } from './run-commands.controller.js';
import { RunCommands } from './run-commands.js';
import { claimTaskOperation, decideTaskOperation } from './run-commands.openapi.js';

/** What people do with the tasks that runs have for them. */
@Controller('v1/tasks/:id')
export class TaskCommandsController {
  constructor(
    private readonly commands: RunCommands,
    private readonly lists: ListReader,
  ) {}

  @Post('claim')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(claimTaskOperation)
  async claim(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { release, ...said } = bodyOf(request, claimBody);
    const data = async () => ({ ...(await this.taskOf(request, id)), ...personOf(request, said), release });
    const operation = 'POST /v1/tasks/{id}/claim';
    await this.commands.answer({ type: 'workflow.claim_task', operation, data, shown }, request, reply);
  }

  @Post('decide')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(decideTaskOperation)
  async decide(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { decision, form_data, comment, ...said } = bodyOf(request, decideBody);
    const data = async () => ({
      ...(await this.taskOf(request, id)),
      ...personOf(request, said),
      ...{ decision, comment },
      ...(form_data !== undefined && { form_data }),
    });
    const operation = 'POST /v1/tasks/{id}/decide';
    await this.commands.answer({ type: 'workflow.decide_task', operation, data, shown }, request, reply);
  }

  /** The log is keyed by the run, which the read model knows. */
  private async taskOf(request: FastifyRequest, id: string): Promise<JsonBody> {
    const { tenantId } = credentialOf(request);
    const row = isText(id) ? await this.lists.one(tenantId, tasksList, [equalTo('task_id', id)]) : undefined;
    if (row === undefined) throw new Problem('NOT_FOUND', `There is no task ${id}, or it is not shown yet`);
    return { workflow_id: row['workflow_id'], step_id: row['step_id'], task_id: id };
  }
}

const shown = () => ({ status: 200 }) as const;

/** A person's own token says who decides; a key of a system says on whose behalf it asks. @throws Problem */
function personOf(
  request: FastifyRequest,
  said: { readonly user_id?: string | undefined; readonly groups: readonly string[] },
): JsonBody {
  const { kind, keyId } = credentialOf(request);
  const own = kind === 'user' ? keyId : said.user_id;
  if (own === undefined) {
    throw new Problem('INVALID_REQUEST', '/user_id says who decides; a key stands for nobody by itself', {
      issues: [{ pointer: '/user_id', detail: 'must be there' }],
    });
  }
  const isAnother = kind === 'user' && said.user_id !== undefined && said.user_id !== own;
  if (isAnother || (kind === 'user' && said.groups.length > 0)) {
    throw new Problem('TASK_FORBIDDEN', 'A token of a person speaks for that person alone, and says nothing of groups');
  }
  return { user_id: own, groups: said.groups };
}
