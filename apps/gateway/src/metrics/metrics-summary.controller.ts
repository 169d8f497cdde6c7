import { Controller, Get, Req, Res } from '@nestjs/common';
import { systemClock, type TenantId } from '@chorda/kernel';
import { RatesRepository, ServicesRepository, type ProjectionStanding } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { ListAnswers, queryOf } from '../lists/list-answers.js';
import { invalidRequest, parseItemQuery } from '../lists/list-query.js';
import { ProjectionStandings } from '../projections/projection-standings.js';
import { Documented } from '../reference/documented.js';
import { isMissing } from '../system/service-presence.js';
import { errorShares, topicRates } from './metrics-summary.js';
import { metricsSummaryOperation, minutesDefault, minutesMax } from './metrics-summary.openapi.js';

@Controller('v1/metrics/summary')
export class MetricsSummaryController {
  constructor(
    private readonly answers: ListAnswers,
    private readonly rates: RatesRepository,
    private readonly services: ServicesRepository,
    private readonly standings: ProjectionStandings,
  ) {}

  @Get()
  @RequireScope('system:read')
  @Documented(metricsSummaryOperation)
  async summary(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const query = parseItemQuery(queryOf(request), ['minutes']);
    const minutes = minutesOf(query.own.get('minutes'));
    const wish = { ...query, projections: ['rates', 'services'] };
    return this.answers.read({ request, reply }, wish, async (tenant, completeness) =>
      JSON.stringify({ ...(await this.read(tenant, minutes)), ...completeness }),
    );
  }

  private async read(tenant: TenantId, minutes: number) {
    const nowMs = systemClock.nowMs();
    const fromMs = Math.floor(nowMs / 60_000 - minutes + 1) * 60_000;
    const found = await this.rates.since(tenant, fromMs);
    const instances = await this.services.list(tenant);
    const missing = instances.filter((instance) => isMissing(instance, nowMs)).length;
    return {
      from: new Date(fromMs).toISOString(),
      minutes,
      topics: topicRates(found.minutes, fromMs, minutes),
      types: found.types,
      errors: errorShares(found.types),
      services: {
        instances: instances.length,
        up: instances.length - missing,
        missing,
        unhealthy: instances.filter(({ status }) => status === 'unhealthy').length,
      },
      projections: (await this.standings.all()).map(shownStanding),
    };
  }
}

function minutesOf(text: string | undefined): number {
  if (text === undefined) return minutesDefault;
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= minutesMax) return Number(text);
  throw invalidRequest([{ pointer: '/minutes', detail: `must be a whole number from 1 to ${minutesMax}` }]);
}

function shownStanding({ name, version, state, partitions }: ProjectionStanding) {
  const lags = partitions.map(({ lag_seconds }) => lag_seconds);
  const isKnown = partitions.every(({ lag_events }) => lag_events !== null);
  return {
    name,
    version,
    state,
    lag_events: isKnown ? String(partitions.reduce((sum, each) => sum + BigInt(each.lag_events ?? 0), 0n)) : null,
    lag_seconds: lags.includes(null) ? null : Math.max(0, ...lags.map(Number)),
  };
}
