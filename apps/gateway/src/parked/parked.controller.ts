import { Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ListReader, parkedList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { wholeNumber } from '../events/read-your-writes.query.js';
import { readJsonBody } from '../http/json-body.js';
import { equalTo, ListAnswers } from '../lists/list-answers.js';
import { itemJsonText } from '../lists/list-json.js';
import { parseListQuery } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import { ParkedDesk } from './parked-desk.js';
import {
  discardOperation,
  eventsMax,
  listOperation,
  retryAllOperation,
  retryOperation,
  showOperation,
  waitMsMax,
} from './parked.openapi.js';

const jsonType = 'application/json; charset=utf-8';

const showQuery = z.strictObject({
  cursor: wholeNumber(0, 1_000_000).default(0),
  limit: wholeNumber(1, eventsMax).default(20),
});
const retryQuery = z.strictObject({ wait: wholeNumber(0, waitMsMax).default(0) });
const retryAllBody = z.strictObject({
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{16}$/, { error: 'must be a fingerprint of the list' })
    .optional(),
});
const discardBody = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1, { error: 'must say why, in 1 to 1000 characters' })
    .max(1_000, { error: 'must say why, in 1 to 1000 characters' })
    .refine((text) => text.isWellFormed() && !text.includes('\0'), {
      error: 'must be well-formed text without U+0000',
    }),
  through_offset: z
    .string()
    .regex(/^-?\d{1,18}$/, { error: 'must be an offset, as decimal text' })
    .transform(BigInt)
    .optional(),
  gap: z.boolean().default(false),
});

/** What projections could not apply of the tenant's events. */
@Controller('v1/projections/:name/parked')
export class ParkedController {
  constructor(
    private readonly answers: ListAnswers,
    private readonly lists: ListReader,
    private readonly desk: ParkedDesk,
  ) {}

  @Get()
  @Header('content-type', jsonType)
  @RequireScope('system:read')
  @Documented(listOperation)
  async list(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const raw = request.query as Record<string, unknown>;
    const query = parseListQuery(parkedList, raw, { fixed: [equalTo('projection', name)] });
    const wish = { projections: [], positions: [], waitMs: 0 };
    return this.answers.read({ request, reply }, wish, async (tenant) => {
      const page = await this.lists.page(tenant, parkedList, query.request);
      const rest = { next_cursor: page.nextCursor ?? null, groups: await this.desk.groups(tenant, name) };
      if (rest.groups.length === 0) await this.desk.requireProjection(name);
      const items = page.rows.map((row) => itemJsonText(parkedList, row));
      return `{"items":[${items.join(',')}],${JSON.stringify(rest).slice(1)}`;
    });
  }

  @Get(':id')
  @Header('content-type', jsonType)
  @RequireScope('system:operate')
  @Documented(showOperation)
  async show(
    @Param('name') name: string,
    @Param('id') id: string,
    @Query({ schema: showQuery }) { cursor, limit }: z.output<typeof showQuery>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.desk.show(credentialOf(request).tenantId, name, id, { skip: cursor, limit });
  }

  @Post('retry')
  @HttpCode(202)
  @RequireScope('system:operate')
  @Documented(retryAllOperation)
  async retryAll(@Param('name') name: string, @Req() request: FastifyRequest) {
    const { fingerprint } = readJsonBody(request, retryAllBody);
    const { tenantId, keyId } = credentialOf(request);
    return this.desk.retryAll(tenantId, name, fingerprint, keyId);
  }

  @Post(':id/retry')
  @HttpCode(202)
  @RequireScope('system:operate')
  @Documented(retryOperation)
  async retry(
    @Param('name') name: string,
    @Param('id') id: string,
    @Query({ schema: retryQuery }) { wait }: z.output<typeof retryQuery>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { tenantId, keyId } = credentialOf(request);
    const answer = await this.desk.retry(tenantId, name, id, keyId, wait);
    if (answer.status !== 'requested') reply.code(200);
    return answer;
  }

  @Post(':id/discard')
  @HttpCode(200)
  @RequireScope('system:operate')
  @Documented(discardOperation)
  async discard(@Param('name') name: string, @Param('id') id: string, @Req() request: FastifyRequest) {
    const { reason, through_offset: throughOffset, gap: gapOnly } = readJsonBody(request, discardBody);
    const { tenantId, keyId } = credentialOf(request);
    return this.desk.discard(tenantId, name, id, { reason, by: keyId, throughOffset, gapOnly });
  }
}
