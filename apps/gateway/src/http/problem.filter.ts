import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { InvalidInputError, type Logger } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ingestBodies } from '../ingest/cloud-event-request.js';
import { Problem, problemBody, type ProblemCode, type RequestIdentity } from './problem.js';
import type { RouteInventory } from './route-inventory.js';
import type { GatewayMetrics } from '../gateway.metrics.js';
import { isOpenAiUrl, openAiFailureOf, openAiPaths } from '../inference/openai/openai-error.js';
import { databaseProblem } from '../lists/database-problem.js';

const eventTypesOnly = [...ingestBodies.whole, ...ingestBodies.streamed].filter((type) => type !== 'application/json');
/** `curl -d` sends a form where it is not told otherwise, so this is what many a first request is answered. */
const unknownContentType: readonly [ProblemCode, string] = [
  'UNSUPPORTED_MEDIA_TYPE',
  `Send JSON and say so: Content-Type: application/json; events also as ${eventTypesOnly.join(', ')}`,
];

/** Fastify's own refusals, all of which happen before a handler is reached. */
const fastifyCodes: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['PAYLOAD_TOO_LARGE', 'The body is larger than a request may be'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: unknownContentType,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['INVALID_REQUEST', 'The body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: ['INVALID_REQUEST', 'The address is not well-formed'],
  FST_ERR_MAX_PARAM_LENGTH: ['URI_TOO_LONG', 'A part of the address is too long'],
};

/** What Postgres says of a text that it does not store, where no rule of a parameter was broken before. */
const databaseCodes: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  '22021': ['INVALID_REQUEST', 'A parameter or member holds the character U+0000, which nothing here has in its name'],
};

/** Nest wraps most of them and keeps the status alone. */
const nestStatuses: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  413: ['PAYLOAD_TOO_LARGE', 'The body is larger than a request may be'],
  414: ['URI_TOO_LONG', 'A part of the address is too long'],
  415: unknownContentType,
};

/** Turns everything that leaves a handler into `application/problem+json`; what was not foreseen is told to the log alone. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteInventory,
    private readonly logger: Logger,
    private readonly metrics: Pick<GatewayMetrics, 'unavailable'>,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = this.problemOf(error, request);
    if (problem.code === 'UNAVAILABLE') this.metrics.unavailable.inc();
    // The head of a stream is out already: all that can still be said is that it ends here.
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    void sendProblem(reply, problem, request.trace);
  }

  private problemOf(error: unknown, request: FastifyRequest): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof InvalidInputError) {
      return new Problem('INVALID_REQUEST', error.message, { issues: error.issues });
    }
    const known =
      fastifyCodes[codeOf(error)] ??
      databaseCodes[codeOf(error)] ??
      (error instanceof HttpException ? nestStatuses[error.getStatus()] : undefined);
    if (known !== undefined) return new Problem(...known);
    if (error instanceof HttpException && error.getStatus() === 404) return this.nothingHere(request);
    if (error instanceof HttpException && error.getStatus() < 500) {
      return new Problem('INVALID_REQUEST', 'The request is not well-formed', { cause: error });
    }
    const away = databaseProblem(error);
    if (away instanceof Problem) return away;
    this.logger.error('A request failed for a reason of ours', {
      'error.type': error instanceof Error ? error.name : typeof error,
      'error.message': error instanceof Error ? error.message : undefined,
      'error.stack': error instanceof Error ? error.stack : undefined,
      request_id: request.trace.requestId,
      trace_id: request.trace.traceId,
      route: request.routeOptions.url,
    });
    return new Problem('INTERNAL', 'The gateway failed; the request id finds the reason in its log');
  }

  private nothingHere(request: FastifyRequest): Problem {
    const methods = this.routes.methodsAt(request.url);
    if (methods.length === 0) return new Problem('NOT_FOUND', nothingAt(request.url));
    const allow = methods.join(', ');
    return new Problem('METHOD_NOT_ALLOWED', `This address knows ${allow}`, { headers: { allow } });
  }
}

/** Clients of the OpenAI API know more of it than is here, and what they show is this text alone. */
function nothingAt(url: string): string {
  const text = 'There is nothing at this address';
  if (!isOpenAiUrl(url)) return text;
  return `${text}: of the OpenAI API there are ${openAiPaths.join(', ')}`;
}

export function sendProblem(reply: FastifyReply, problem: Problem, identity: RequestIdentity): FastifyReply {
  // Official clients read errors of one shape alone.
  if (isOpenAiUrl(reply.request.url)) return sendOpenAiProblem(reply, problem);
  for (const [name, value] of Object.entries(problem.details.headers ?? {})) void reply.header(name, value);
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problemBody(problem, identity)));
}

function sendOpenAiProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, headers, error } = openAiFailureOf(problem);
  return reply
    .code(status)
    .headers({ ...headers, 'content-type': 'application/json; charset=utf-8' })
    .send(JSON.stringify({ error }));
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
