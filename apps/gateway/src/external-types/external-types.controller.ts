import { Controller, HttpCode, Param, Put, Query, Req } from '@nestjs/common';
import type { JsonValue } from '@chorda/kernel';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../audit/actor.js';
import { AuditRelay } from '../audit/audit-relay.js';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Documented } from '../reference/documented.js';
import { ExternalTypeRegistrar } from './external-type-registrar.js';
import { putExternalType } from './external-types.openapi.js';

const putQuery = z.strictObject({
  dry_run: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
});

const schemaBody = z
  .strictObject({ avro: z.json().optional(), json_schema: z.json().optional() })
  .refine(({ avro, json_schema: jsonSchema }) => (avro === undefined) !== (jsonSchema === undefined), {
    error: 'needs either avro or json_schema',
  });

/** A registered type as the answer shows it; version and fingerprint are null in a dry run. */
export interface ShownExternalType {
  readonly type: string;
  readonly outcome: 'registered' | 'evolved' | 'unchanged';
  readonly version: number | null;
  readonly topic: string;
  readonly record: string;
  readonly fingerprint: string | null;
  /** As events of it are written. */
  readonly avro: JsonValue;
}

/** Event types of other teams. */
@Controller('v1/schemas')
export class ExternalTypesController {
  constructor(
    private readonly registrar: ExternalTypeRegistrar,
    private readonly audit: AuditRelay,
  ) {}

  @Put(':type')
  @HttpCode(200)
  @RequireScope('admin')
  @Documented(putExternalType)
  async put(
    @Req() request: FastifyRequest,
    @Param('type') type: string,
    @Query({ schema: putQuery }) query: z.output<typeof putQuery>,
  ): Promise<ShownExternalType> {
    const { avro, json_schema: jsonSchema } = readJsonBody(request, schemaBody);
    const { outcome, record, schema } = await this.registrar.register({
      type,
      owner: credentialOf(request).tenantId,
      actor: actorOf(request),
      avro,
      jsonSchema,
      dryRun: query.dry_run === 'true',
    });
    this.audit.wake();
    const newest = record?.versions.at(-1);
    return {
      type: schema.type,
      outcome,
      version: newest?.version ?? null,
      topic: schema.topic,
      record: schema.record,
      fingerprint: newest?.fingerprint ?? null,
      avro: schema.avro,
    };
  }
}
