import { Controller, Get } from '@nestjs/common';
import type { ProjectionStanding } from '@chorda/read-models';
import { RequireScope } from '../auth/scopes.js';
import { Documented } from '../reference/documented.js';
import { ProjectionStandings } from './projection-standings.js';
import { listProjections } from './projections.openapi.js';

@Controller('v1/projections')
export class ProjectionsController {
  constructor(private readonly standings: ProjectionStandings) {}

  @Get()
  @RequireScope('system:read')
  @Documented(listProjections)
  async list(): Promise<{ readonly projections: readonly ProjectionStanding[] }> {
    return { projections: await this.standings.all() };
  }
}
