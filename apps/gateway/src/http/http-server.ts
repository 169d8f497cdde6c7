import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { context, propagation, SpanKind, SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OperationRecorder } from '@chorda/messaging';
import type { GatewayMetrics } from '../gateway.metrics.js';
import { ingestBodies } from '../ingest/cloud-event-request.js';
import { answerBrokenHttp, followExchanges, headerBytesMax, refuseAmbiguous } from './broken-http.js';
import { answerOtherOrigins } from './cors.js';
import { Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { takeBodiesAsBytes } from './read-body.js';
import { requestIdOf, requestTrace, type RequestTrace } from './request-trace.js';
import type { DirectRoutes } from './direct-routes.js';
import type { RouteInventory } from './route-inventory.js';

/** Headers are a few hundred bytes: who needs longer for them holds a connection for its own sake. */
const headersTimeoutMs = 15_000;

declare module 'fastify' {
  interface FastifyRequest {
    trace: RequestTrace;
    span: Span | undefined;
    spanContext: Context | undefined;
    lease: Lease | undefined;
    /** A stream ends when its client goes: its duration says nothing about the gateway. */
    isEndless: boolean;
  }
}

/** Room that a request was given. */
export interface Lease {
  /** The body has come to so many bytes. False: there is no room for them. */
  reserve(bytes: number): boolean;
  leave(): void;
}

/** What the server asks before it reads a body, and tells when the answer is out. */
export interface Admission {
  /** @throws {@link Problem} when the request must not be taken. */
  enter(request: FastifyRequest): Lease;
}

export interface HttpServerParts {
  readonly routes: RouteInventory;
  readonly direct: DirectRoutes;
  readonly metrics: GatewayMetrics;
  readonly admission: Admission;
  readonly operations: OperationRecorder;
  readonly limits: HttpLimits;
  /** Of pages that may call the API. */
  readonly origins: readonly string[];
}

export interface HttpLimits {
  /** Of a body, inflated. */
  readonly requestBytesMax: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
}

/** Fastify with what every request gets, whatever its route: identity, trace, metrics, limits. */
export function createHttpAdapter(parts: HttpServerParts): FastifyAdapter {
  const { requestBytesMax, requestTimeoutMs } = parts.limits;
  const adapter = new FastifyAdapter({
    bodyLimit: requestBytesMax,
    // Longer than the idle time of the usual load balancers (60 s), so that it is never us who close under them.
    keepAliveTimeout: 72_000,
    requestTimeout: requestTimeoutMs,
    // Who is asked for an address or a protocol is the server that was called, whatever a sender writes into headers.
    trustProxy: false,
    http: {
      shouldUpgradeCallback: isWebSocket,
      maxHeaderSize: headerBytesMax,
      noDelay: true,
      // Asked for by a hook of ours, which says so in a problem.
      requireHostHeader: false,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      // How often Node looks for requests that are late: the default lets them have half a minute more.
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: false, caseSensitive: true },
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      // No hook ran for such a request, so it has no identity yet.
      identify(request, undefined);
      setSafeHeaders(reply, request.trace);
      const isLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
      const problem = isLong
        ? new Problem('URI_TOO_LONG', 'A part of the address is too long')
        : new Problem('INVALID_REQUEST', 'The address is not well-formed');
      void sendProblem(reply, problem, request.trace);
    },
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  followExchanges(fastify.server);
  closeUnusedSockets(fastify);
  fastify.addHook('onRoute', (route) => {
    parts.routes.add(route.method, route.url);
    parts.direct.takeOver(route);
  });
  takeBodiesAsBytes(
    fastify,
    { ...ingestBodies, whole: [...ingestBodies.whole, 'application/yaml', 'application/x-yaml'] },
    requestBytesMax,
  );
  // First, so that a page can read why it was refused.
  answerOtherOrigins(fastify, parts.origins, parts.routes);
  addRequestHooks(fastify, parts);
  endConnectionsOnClose(fastify);
  return adapter;
}

/** Whoever offers anything else (curl offers HTTP/2) is answered as if it had not. */
function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket' && request.method === 'GET';
}

function addRequestHooks(fastify: FastifyInstance, { metrics, admission, operations }: HttpServerParts): void {
  fastify.decorateRequest('trace');
  fastify.decorateRequest('credential', undefined);
  fastify.decorateRequest('lease', undefined);
  fastify.decorateRequest('isEndless', false);
  fastify.decorateRequest('span', undefined);
  fastify.decorateRequest('spanContext', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (isTracing()) beginSpan(request);
    else identify(request, undefined);
    setSafeHeaders(reply, request.trace);
    try {
      refuseAmbiguous(request.raw);
      refuseNul(request.params);
      const lease = admission.enter(request);
      request.lease = lease;
      reply.raw.once('close', () => lease.leave());
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  // The body's end arrives in the socket's own context, so the span is entered again before the handler runs.
  fastify.addHook('preHandler', (request, _reply, done) => {
    if (Buffer.isBuffer(request.body)) request.lease?.reserve(request.body.length);
    if (request.spanContext === undefined) done();
    else context.with(request.spanContext, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    endSpan(request, reply);
    if (!request.isEndless) {
      const { statusCode, elapsedTime } = reply;
      const labels = {
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: String(statusCode),
      };
      metrics.requestDuration.observe(labels, elapsedTime / 1000);
      operations.record('http.request', elapsedTime, statusCode >= 500);
    }
    done();
  });
}

/** Without a tracing set-up nothing is propagated, and a span of nobody's would be made for every request. */
function isTracing(): boolean {
  return propagation.fields().length > 0;
}

function beginSpan(request: FastifyRequest): void {
  const parent = propagation.extract(context.active(), request.headers);
  const route = request.routeOptions.url;
  const span = trace.getTracer('chorda.gateway').startSpan(
    `${request.method} ${route ?? 'unknown'}`,
    {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': request.method, 'http.route': route ?? '' },
    },
    parent,
  );
  identify(request, span);
  request.spanContext = trace.setSpan(parent, span);
}

/** No stored text has U+0000, and Postgres fails over it: such a part of an address can name nothing. */
function refuseNul(params: unknown): void {
  const isBroken = Object.values(Object(params)).some((part) => typeof part === 'string' && part.includes('\0'));
  if (isBroken) throw new Problem('INVALID_REQUEST', 'A part of the address has the character U+0000');
}

/**
 * A stopping server closes the connections that are idle then. One that still answers would be kept alive behind its
 * answer, and hold up the stop for as long as its client keeps it.
 */
function endConnectionsOnClose(fastify: FastifyInstance): void {
  let isClosing = false;
  fastify.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) void reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onResponse', (_request, _reply, done) => {
    // The answer may have begun before the stop did, without saying that it was the last.
    if (isClosing) setImmediate(() => fastify.server.closeIdleConnections());
    done();
  });
}

function identify(request: FastifyRequest, span: Span | undefined): void {
  request.span = span;
  request.trace = requestTrace(span, request.id, request.headers['traceparent']);
}

function endSpan(request: FastifyRequest, reply: FastifyReply): void {
  request.span?.setAttribute('http.response.status_code', reply.statusCode);
  if (reply.statusCode >= 500) request.span?.setStatus({ code: SpanStatusCode.ERROR });
  request.span?.end();
}

function setSafeHeaders(reply: FastifyReply, identity: RequestTrace): void {
  void reply.headers({
    'x-request-id': identity.requestId,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
}

/**
 * A client may open a connection ahead and never use it. Node counts it as busy, and a stop would wait for it until its
 * header time-out, long past the time there is to drain.
 */
function closeUnusedSockets(fastify: FastifyInstance): void {
  const unused = new Set<Socket>();
  fastify.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  fastify.server.on('request', ({ socket }: IncomingMessage) => unused.delete(socket));
  fastify.server.on('upgrade', ({ socket }: IncomingMessage) => unused.delete(socket));
  fastify.addHook('preClose', (done) => {
    for (const socket of unused) socket.destroy();
    done();
  });
}
