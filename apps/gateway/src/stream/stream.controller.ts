import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { GatewayMetrics } from '../gateway.metrics.js';
import { gatewaySettings } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { SseSink } from './sse-sink.js';
import { streamOperation } from './stream.openapi.js';
import { streamQuery, type StreamQuery } from './stream.query.js';
import type { TailFilter } from './tail-event.js';
import { TailPosition } from './tail-position.js';
import { TailHistoryService } from './tail-history.service.js';
import { TailRing } from './tail-ring.js';
import { TailSession } from './tail-session.js';

export interface StreamSettings {
  readonly clientsMax: number;
  readonly slowMsMax: number;
  readonly heartbeatMs: number;
}

/** Time for the last word to reach a client that reads slowly. */
const lastWordMsMax = 2_000;

@Controller('v1')
export class StreamController {
  private clients = 0;

  constructor(
    private readonly ring: TailRing,
    private readonly history: TailHistoryService,
    private readonly metrics: GatewayMetrics,
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
    const from = startOf(request, query);
    const headers = { 'retry-after': '5' };
    if (this.ring.closed) throw new Problem('STOPPING', 'This instance is stopping', { headers });
    if (this.clients >= this.settings.clientsMax) {
      throw new Problem('OVERLOADED', `There are ${this.clients} streams already`, { headers });
    }
    request.isEndless = true;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (request.method === 'HEAD') reply.raw.end();
    else await this.serve(request, reply, query, from);
  }

  private async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    query: StreamQuery,
    from: TailPosition | undefined,
  ): Promise<void> {
    const ended = new AbortController();
    const sink = new SseSink(reply.raw, this.settings.slowMsMax);
    const session = new TailSession({
      ring: this.ring,
      history: this.history,
      sink,
      tenantId: credentialOf(request).tenantId,
      filter: filterOf(query),
      from,
      signal: ended.signal,
      onEnd: (reason) => this.metrics.tailDropped.inc({ reason }),
    });
    reply.raw.once('close', () => ended.abort());
    const heartbeat = setInterval(() => {
      if (reply.raw.writableNeedDrain) return;
      sink.push({ kind: 'heartbeat' }, session.place);
      void sink.flush();
    }, this.settings.heartbeatMs);
    this.countClients(1);
    try {
      await session.run();
    } finally {
      clearInterval(heartbeat);
      this.countClients(-1);
      reply.raw.end();
      setTimeout(() => reply.raw.destroy(), lastWordMsMax).unref();
    }
  }

  private countClients(change: number): void {
    this.clients += change;
    this.metrics.tailClients.set(this.clients);
  }
}

/** A browser that comes again sends the header; what cannot set headers, and a first visit, the parameter. */
function startOf(request: FastifyRequest, query: StreamQuery): TailPosition | undefined {
  const header = request.headers['last-event-id'];
  const text = typeof header === 'string' && header !== '' ? header : query.last_event_id;
  return text === undefined ? undefined : TailPosition.parse(text);
}

function filterOf(query: StreamQuery): TailFilter {
  return {
    ...(query.type === undefined ? {} : { types: new Set(query.type) }),
    ...(query.topic === undefined ? {} : { topics: new Set(query.topic) }),
    ...(query.subject === undefined ? {} : { subject: query.subject }),
    ...(query.source === undefined ? {} : { source: query.source }),
    ...(query.correlation_id === undefined ? {} : { correlationId: query.correlation_id }),
  };
}
