import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../../auth/scopes.js';
import { Problem } from '../../http/problem.js';
import { Documented } from '../../reference/documented.js';
import type { OfferedModel } from '@chorda/read-models';
import { ModelList } from '../model-list.js';
import { OpenAiDoor } from './openai-door.js';
import {
  chatCompletionOperation,
  completionOperation,
  embeddingOperation,
  openAiModelOperation,
  openAiModelsOperation,
} from './openai.openapi.js';

/** The door for clients of the OpenAI API: only their base URL and key differ. */
@Controller('openai/v1')
export class OpenAiController {
  constructor(
    private readonly door: OpenAiDoor,
    private readonly models: ModelList,
  ) {}

  @Post('chat/completions')
  @HttpCode(200)
  @RequireScope('inference:write')
  @Documented(chatCompletionOperation)
  chat(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.door.answer('chat_completion', request, reply);
  }

  @Post('completions')
  @HttpCode(200)
  @RequireScope('inference:write')
  @Documented(completionOperation)
  complete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.door.answer('completion', request, reply);
  }

  @Post('embeddings')
  @HttpCode(200)
  @RequireScope('inference:write')
  @Documented(embeddingOperation)
  embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.door.answer('embedding', request, reply);
  }

  @Get('models')
  @RequireScope('inference:read')
  @Documented(openAiModelsOperation)
  async list() {
    const models = await this.models.all();
    return { object: 'list', data: models.map(shown) };
  }

  @Get('models/:id')
  @RequireScope('inference:read')
  @Documented(openAiModelOperation)
  async one(@Param('id') id: string) {
    const found = (await this.models.all()).find(({ model }) => model === id);
    if (found === undefined) {
      const detail = `The model \`${id}\` does not exist`;
      throw new Problem('NOT_FOUND', detail, { issues: [{ pointer: '/model', detail }] });
    }
    return shown(found);
  }
}

/** When a model was made is known to nobody here; clients want a number. */
function shown({ model, provider, parent, contextTokensMax }: OfferedModel) {
  return { id: model, object: 'model', created: 0, owned_by: provider, parent, max_model_len: contextTokensMax };
}
