import { Controller, Get, Req } from '@nestjs/common';
import { systemClock } from '@chorda/kernel';
import { ServicesRepository, type ServiceInstance } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { Documented } from '../reference/documented.js';
import { isMissing } from './service-presence.js';
import { systemOperation } from './system.openapi.js';

/** As `/v1/system` shows it. */
export interface ShownInstance extends ServiceInstance {
  /** It has not said anything for three of its intervals; `status` is what it said last. */
  readonly missing: boolean;
}

@Controller('v1/system')
export class SystemController {
  constructor(private readonly services: ServicesRepository) {}

  @Get()
  @RequireScope('system:read')
  @Documented(systemOperation)
  async system(@Req() request: FastifyRequest): Promise<{ readonly services: readonly ShownInstance[] }> {
    const instances = await this.services.list(credentialOf(request).tenantId);
    const nowMs = systemClock.nowMs();
    return { services: instances.map((instance) => ({ ...instance, missing: isMissing(instance, nowMs) })) };
  }
}
