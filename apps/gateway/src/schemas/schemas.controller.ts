import { Controller, Get, Param, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { RegisteredDoor } from '../external-types/registered-door.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { shownSchema, shownSchemas } from './shown-schema.js';
import { schemaOperation, schemasOperation } from './schemas.openapi.js';

/** The event types of the catalogue and those that other teams registered. */
@Controller('v1/schemas')
export class SchemasController {
  constructor(private readonly registered: RegisteredDoor) {}

  @Get()
  @RequireScope('events:read')
  @Documented(schemasOperation)
  list(@Req() request: FastifyRequest) {
    const { tenantId } = credentialOf(request);
    return { items: shownSchemas().filter(({ type }) => this.registered.isOpenTo(type, tenantId)) };
  }

  @Get(':type')
  @RequireScope('events:read')
  @Documented(schemaOperation)
  byType(@Req() request: FastifyRequest, @Param('type') type: string) {
    const isOpen = this.registered.isOpenTo(type, credentialOf(request).tenantId);
    const shown = isOpen ? shownSchema(type) : undefined;
    if (shown === undefined) throw new Problem('NOT_FOUND', 'There is no such event type');
    return shown;
  }
}
