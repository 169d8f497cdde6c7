import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import type { Logger } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken, credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { gatewayLogger, gatewaySettings } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { CredentialWatch } from './credential-watch.js';
import { sseEncoding, SseSink } from './sse-sink.js';
import { StreamAdmission } from './stream-admission.js';
import { socketOperation, streamOperation } from './stream.openapi.js';
import { streamQuery, type StreamQuery } from './stream.query.js';
import type { TailFilter } from './tail-event.js';
import { listenTo } from './tail-door.js';
import { TailFeed } from './tail-feed.js';
import { TailHub } from './tail-hub.js';
import { filterOf } from './tail-subscription.js';
import { TailPosition } from './tail-position.js';
import { TailHistoryService } from './tail-history.service.js';
import { TailSession } from './tail-session.js';
import { TailMetrics } from './tail.metrics.js';

export interface StreamSettings {
  readonly slowMsMax: number;
  readonly queuedBytesMax: number;
  readonly heartbeatMs: number;
}

/** Time for the last word to reach a client that reads slowly. */
const lastWordMsMax = 2_000;
const transport = 'sse';

@Controller('v1')
export class StreamController {
  constructor(
    private readonly hub: TailHub,
    private readonly feed: TailFeed,
    private readonly history: TailHistoryService,
    private readonly admission: StreamAdmission,
    private readonly watch: CredentialWatch,
    private readonly metrics: TailMetrics,
    @Inject(gatewayLogger) private readonly logger: Logger,
    @Inject(gatewaySettings) private readonly settings: StreamSettings,
  ) {}

  @Get('stream')
  @RequireScope('events:read')
  @Documented(streamOperation)
  async stream(
    @Query({ schema: streamQuery }) query: StreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { tenantId } = credentialOf(request);
    const from =
      startOf(request, query) ??
      (query.since === undefined ? undefined : await this.history.since(tenantId, query.since));
    const filter = filterOf({ ...query, types: query.type, topics: query.topic });
    const credential = credentialOf(request);
    const leave = this.admission.enter(credential, transport);
    const ended = new AbortController();
    const end = () => this.endForCredential(reply, ended);
    const unwatch = this.watch.watch(bearerToken(request) ?? '', credential, 'events:read', end);
    let endListening: (() => void) | undefined;
    try {
      endListening = await listenTo(this.feed);
      beginStream(request, reply);
      if (request.method === 'HEAD') reply.raw.end();
      else await this.serve(reply, credential.tenantId, filter, from, ended);
    } finally {
      unwatch();
      endListening?.();
      leave();
    }
  }

  @Get('ws')
  @RequireScope('events:read')
  @Documented(socketOperation)
  socket(): never {
    const headers = { upgrade: 'websocket', connection: 'Upgrade' };
    throw new Problem('UPGRADE_REQUIRED', 'This address speaks WebSocket: send Upgrade: websocket', { headers });
  }

  private async serve(
    reply: FastifyReply,
    tenantId: string,
    filter: TailFilter,
    from: TailPosition | undefined,
    ended: AbortController,
  ): Promise<void> {
    // It may have gone while the end of the log was looked up, and then nothing would ever say so again.
    if (reply.raw.destroyed) return;
    const { metrics, settings } = this;
    const sink = new SseSink(reply.raw, settings.slowMsMax);
    const session = new TailSession({
      hub: this.hub,
      history: this.history,
      sink,
      tenantId,
      filter,
      from,
      signal: ended.signal,
      queuedBytesMax: settings.queuedBytesMax,
      onDelivered: (events) => metrics.tailDelivered.inc({ transport }, events),
      onResync: (reason) => metrics.tailResyncs.inc({ reason }),
      onEnd: (reason) => metrics.tailDropped.inc({ transport, reason }),
      onFault: (error) => this.logger.warn('A stream ended for a fault', { error }),
    });
    reply.raw.once('close', () => ended.abort());
    const heartbeat = setInterval(() => {
      if (reply.raw.writableNeedDrain) session.checkTaken();
      else sink.write(sseEncoding.signal({ kind: 'heartbeat' }, session.place.toString()));
    }, settings.heartbeatMs);
    metrics.tailSubscriptions.inc({ transport });
    try {
      await session.run();
    } finally {
      clearInterval(heartbeat);
      metrics.tailSubscriptions.dec({ transport });
      reply.raw.end();
      setTimeout(() => reply.raw.destroy(), lastWordMsMax).unref();
    }
  }

  /** No last word of the stream: who comes back with this key is told by a 401. */
  private endForCredential(reply: FastifyReply, ended: AbortController): void {
    this.metrics.tailDropped.inc({ transport, reason: 'credential' });
    ended.abort();
    reply.raw.end();
  }
}

function beginStream(request: FastifyRequest, reply: FastifyReply): void {
  request.isEndless = true;
  reply.hijack();
  reply.raw.writeHead(200, {
    ...Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
}

/** A browser that comes again sends the header; what cannot set headers, and a first visit, the parameter. */
function startOf(request: FastifyRequest, query: StreamQuery): TailPosition | undefined {
  const header = request.headers['last-event-id'];
  const given = typeof header === 'string' && header !== '' ? header : query.last_event_id;
  return given === undefined ? undefined : TailPosition.parse(given);
}
