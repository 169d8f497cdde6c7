import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Entrance } from '../auth/entrance.js';
import { accessMetadata, type Access } from '../auth/scopes.js';
import type { DirectHandler } from '../http/direct-routes.js';
import type { ProblemFilter } from '../http/problem.filter.js';
import { queryProblem } from '../http/standard-schema-problem.js';
import { ingestQuery, type IngestController, type IngestQuery } from './ingest.controller.js';

const nothingAsked = ingestQuery.parse({});

/** `POST /v1/events` as {@link IngestController.append} declares it, called without Nest between: see `DirectRoutes`. */
export function directIngest(controller: IngestController, entrance: Entrance, problems: ProblemFilter): DirectHandler {
  const access = new Reflector().get<Access | undefined>(accessMetadata, controller.append);
  const run = (request: FastifyRequest, reply: FastifyReply) => {
    const key = request.headers['idempotency-key'];
    return controller.append(queryOf(request), typeof key === 'string' ? key : undefined, request, reply);
  };
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

function queryOf({ query }: FastifyRequest): IngestQuery {
  if (typeof query !== 'object' || query === null || !hasAny(query)) return nothingAsked;
  const parsed = ingestQuery.safeParse(query);
  if (parsed.success) return parsed.data;
  throw queryProblem(parsed.error.issues);
}

function hasAny(query: object): boolean {
  for (const name in query) return name !== undefined;
  return false;
}
