import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { Documented } from '../reference/documented.js';
import { PayloadDesk } from './payload-desk.js';
import { getPayloadOperation } from './payloads.openapi.js';

/** Values that events and read models refer to. */
@Controller('v1/payloads')
export class PayloadsController {
  constructor(private readonly desk: PayloadDesk) {}

  @Get(':sha256')
  @RequireScope('events:read')
  @Documented(getPayloadOperation)
  async read(
    @Param('sha256') sha256: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const bytes = await this.desk.read(credentialOf(request).tenantId, sha256);
    await reply
      .header('content-type', 'application/json')
      // It has its bytes for its name, so that it never changes; whoever may not read it must not find it in a cache.
      .header('etag', `"${sha256}"`)
      .header('cache-control', 'private, immutable, max-age=31536000')
      .send(bytes);
  }
}
