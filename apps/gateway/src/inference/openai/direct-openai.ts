import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entrance } from '../../auth/entrance.js';
import { accessMetadata, type Access } from '../../auth/scopes.js';
import type { DirectHandler, DirectRoutes } from '../../http/direct-routes.js';
import type { ProblemFilter } from '../../http/problem.filter.js';
import { openAiRoot } from './openai-error.js';
import type { OpenAiController } from './openai.controller.js';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** The three calls of models as {@link OpenAiController} declares them, called without Nest between: see `DirectRoutes`. */
export function addDirectOpenAi(
  routes: DirectRoutes,
  controller: OpenAiController,
  entrance: Entrance,
  problems: ProblemFilter,
): void {
  const add = (path: string, handler: Handler) => {
    const access = new Reflector().get<Access | undefined>(accessMetadata, handler);
    const run: Handler = (request, reply) => handler.call(controller, request, reply);
    routes.add('POST', `${openAiRoot}/${path}`, entered(run, access, entrance, problems));
  };
  add('chat/completions', controller.chat);
  add('completions', controller.complete);
  add('embeddings', controller.embed);
}

function entered(run: Handler, access: Access | undefined, entrance: Entrance, problems: ProblemFilter): DirectHandler {
  return (request, reply) => {
    const fail = (error: unknown) => problems.answer(error, request, reply);
    try {
      const entering = entrance.admit(request, reply, access);
      (entering === undefined ? run(request, reply) : entering.then(() => run(request, reply))).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}
