import type { Clock, Logger } from '@chorda/kernel';
import type { FastifyRequest } from 'fastify';
import type { Counter } from 'prom-client';
import type { Credential } from '../auth/scopes.js';
import type { Problem } from '../http/problem.js';
import { actorOf } from './actor.js';
import { freshIdentity, sendAuditEvent, type AuditEventParts } from './audit-events.js';

/** The same refusal of the same actor is told once in this time: a client that tries all day is one story. */
const quietMs = 60_000;
const rememberedMax = 1_000;
const inFlightMax = 100;

/**
 * Tells the audit log that somebody with a valid credential was refused. Never holds a request up; what cannot be told
 * is counted. Callers without a credential are counted by the HTTP metrics alone: anybody can make any number of those.
 */
export class Denials {
  private readonly toldAtMs = new Map<string, number>();
  private inFlight = 0;

  constructor(
    private readonly parts: AuditEventParts & { readonly clock: Clock },
    private readonly denied: Counter<'result'>,
    private readonly logger: Logger,
  ) {}

  tell(credential: Credential, request: FastifyRequest, problem: Problem): void {
    const route = request.routeOptions.url ?? 'unknown';
    const action = `${request.method} ${route}`;
    if (!this.isNews(`${credential.tenantId}/${credential.keyId} ${action} ${problem.code}`)) {
      return this.denied.inc({ result: 'repeated' });
    }
    if (this.inFlight >= inFlightMax) return this.denied.inc({ result: 'dropped' });
    this.inFlight += 1;
    void this.send(credential, request, action, problem).finally(() => (this.inFlight -= 1));
  }

  private async send(credential: Credential, request: FastifyRequest, action: string, problem: Problem) {
    const actor = actorOf(request, credential);
    const data = {
      actor_id: actor.id,
      actor_type: actor.type,
      action,
      resource_type: 'route',
      resource_id: request.routeOptions.url ?? null,
      code: problem.code,
      detail: problem.detail,
      ip_address: actor.ipAddress ?? null,
      user_agent: actor.userAgent ?? null,
    };
    try {
      const identity = freshIdentity(credential.tenantId, this.parts.clock);
      await sendAuditEvent(this.parts, 'audit.denied', data, { ...identity, correlationId: request.trace.requestId });
      this.denied.inc({ result: 'published' });
    } catch (error) {
      this.denied.inc({ result: 'failed' });
      this.logger.warn('A refusal could not be told to the audit log', { error });
    }
  }

  private isNews(name: string): boolean {
    const nowMs = this.parts.clock.nowMs();
    if (nowMs - (this.toldAtMs.get(name) ?? -Infinity) < quietMs) return false;
    this.toldAtMs.delete(name);
    this.toldAtMs.set(name, nowMs);
    if (this.toldAtMs.size > rememberedMax) {
      const [oldest] = this.toldAtMs.keys();
      if (oldest !== undefined) this.toldAtMs.delete(oldest);
    }
    return true;
  }
}
