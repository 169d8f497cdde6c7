import { Controller, Get, Param } from '@nestjs/common';
import { RequireScope } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { shownSchema, shownSchemas } from './shown-schema.js';
import { schemaOperation, schemasOperation } from './schemas.openapi.js';

/** The event types of the catalogue and those that other teams registered. */
@Controller('v1/schemas')
export class SchemasController {
  @Get()
  @RequireScope('events:read')
  @Documented(schemasOperation)
  list() {
    return { items: shownSchemas() };
  }

  @Get(':type')
  @RequireScope('events:read')
  @Documented(schemaOperation)
  byType(@Param('type') type: string) {
    const shown = shownSchema(type);
    if (shown === undefined) throw new Problem('NOT_FOUND', 'There is no such event type');
    return shown;
  }
}
