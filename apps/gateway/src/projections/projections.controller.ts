import { Controller, Get } from '@nestjs/common';
import { RebuildRepository, type ProjectionStanding, type RebuildStanding } from '@chorda/read-models';
import { RequireScope } from '../auth/scopes.js';
import { Documented } from '../reference/documented.js';
import { ProjectionStandings } from './projection-standings.js';
import { listProjections } from './projections.openapi.js';

@Controller('v1/projections')
export class ProjectionsController {
  constructor(
    private readonly standings: ProjectionStandings,
    private readonly rebuilds: RebuildRepository,
  ) {}

  @Get()
  @RequireScope('system:read')
  @Documented(listProjections)
  async list(): Promise<{ readonly projections: readonly ListedProjection[] }> {
    const [standings, open] = await Promise.all([this.standings.all(), this.rebuilds.open()]);
    return {
      projections: standings.map((standing) => ({ ...standing, rebuild: summaryOf(open, standing.name) })),
    };
  }
}

interface ListedProjection extends ProjectionStanding {
  /** The open rebuild; null: there is none. */
  readonly rebuild: Pick<
    RebuildStanding,
    'state' | 'to_version' | 'events_done' | 'events_total' | 'seconds_left'
  > | null;
}

function summaryOf(open: readonly RebuildStanding[], name: string): ListedProjection['rebuild'] {
  const rebuild = open.find(({ projection }) => projection === name);
  if (rebuild === undefined) return null;
  const { state, to_version, events_done, events_total, seconds_left } = rebuild;
  return { state, to_version, events_done, events_total, seconds_left };
}
