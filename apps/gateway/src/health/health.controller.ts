import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/scopes.js';
import { gatewayReadiness } from '../gateway.tokens.js';
import { Documented } from '../reference/documented.js';
import { livezOperation, readyzOperation } from './health.openapi.js';

/** Why the gateway is not ready; empty = ready. */
export type Readiness = () => Promise<readonly string[]>;

@Controller()
export class HealthController {
  constructor(@Inject(gatewayReadiness) private readonly notReady: Readiness) {}

  /** The process answers, whatever Kafka or Postgres do: restarting it would mend neither. */
  @Get('livez')
  @Public()
  @Documented(livezOperation)
  livez(): { readonly status: 'alive' } {
    return { status: 'alive' };
  }

  @Get('readyz')
  @Public()
  @Documented(readyzOperation)
  async readyz(@Res() reply: FastifyReply): Promise<void> {
    const reasons = await this.notReady();
    if (reasons.length === 0) void reply.code(200).send({ status: 'ready' });
    else void reply.code(503).header('retry-after', '1').send({ status: 'not_ready', reasons });
  }
}
