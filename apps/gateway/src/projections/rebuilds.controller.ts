import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { rebuildActions, RebuildRepository, type RebuildAction, type RebuildStanding } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../audit/actor.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { actOnRebuild, getRebuild, startRebuild } from './rebuilds.openapi.js';

const wholeFrom = (min: number, max: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(min, { error: `must be at least ${min}` })
    .max(max, { error: `must be at most ${max}` });

const rebuildBody = z.strictObject({
  swap: z.enum(['when_equal', 'manual'], { error: 'must be when_equal or manual' }).default('when_equal'),
  events_per_second_max: wholeFrom(1, 10_000_000).optional(),
  connections_max: wholeFrom(1, 32).optional(),
});

const actions: Readonly<Record<string, RebuildAction>> = {
  cancel: 'cancel',
  resume: 'resume',
  swap: 'swap',
  'swap-back': 'swap_back',
  'drop-old': 'drop_old',
};

/** Fills new tables of a projection beside the live ones; a projector does it, and takes what is asked up within a second. */
@Controller('v1/projections')
export class RebuildsController {
  constructor(private readonly rebuilds: RebuildRepository) {}

  @Post(':name/rebuild')
  @HttpCode(202)
  @RequireScope('deployment:operate')
  @Documented(startRebuild)
  async start(@Req() request: FastifyRequest, @Param('name') projection: string): Promise<RebuildStanding> {
    const isEmpty = !Buffer.isBuffer(request.body) || request.body.length === 0;
    const body = isEmpty ? rebuildBody.parse({}) : readJsonBody(request, rebuildBody);
    const answer = await this.rebuilds.request({
      projection,
      swap: body.swap,
      eventsPerSecondMax: body.events_per_second_max,
      connectionsMax: body.connections_max,
      requestedBy: actorOf(request).id,
    });
    if (answer.kind === 'unknown_projection') throw unknown(projection);
    if (answer.kind === 'open') {
      const { state } = answer.rebuild;
      throw new Problem('ALREADY_EXISTS', `A rebuild of ${projection} is open: it is ${state}`, {
        members: { rebuild: answer.rebuild },
      });
    }
    return answer.rebuild;
  }

  @Get(':name/rebuild')
  @RequireScope('system:read')
  @Documented(getRebuild)
  async get(@Param('name') projection: string): Promise<RebuildStanding> {
    const rebuild = await this.rebuilds.latest(projection);
    if (rebuild === undefined) throw noRebuild(projection);
    return rebuild;
  }

  @Post(':name/rebuild/:action')
  @HttpCode(202)
  @RequireScope('deployment:operate')
  @Documented(actOnRebuild)
  async act(@Param('name') projection: string, @Param('action') name: string): Promise<RebuildStanding> {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined) {
      throw new Problem('NOT_FOUND', `A rebuild knows ${Object.keys(actions).join(', ')}, and not ${name}`);
    }
    const answer = await this.rebuilds.ask(projection, action);
    if (answer.kind === 'none') throw noRebuild(projection);
    if (answer.kind === 'not_in_this_state') {
      const { state } = answer.rebuild;
      throw new Problem(
        'NOT_IN_THIS_STATE',
        `The rebuild of ${projection} is ${state}; ${name} needs ${rebuildActions[action].join(', ')}`,
        { members: { rebuild: answer.rebuild } },
      );
    }
    return answer.rebuild;
  }
}

function unknown(projection: string): Problem {
  return new Problem('NOT_FOUND', `No projection is called ${projection}; GET /v1/projections lists them`);
}

function noRebuild(projection: string): Problem {
  return new Problem('NOT_FOUND', `${projection} was never rebuilt`);
}
