import { Controller, Get, Header, Param, Query, Req } from '@nestjs/common';
import { EventCodec } from '@chorda/contracts';
import { JournalRepository, type JournalEntry, type JournalFilter } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { eventJsonText } from './event-json.js';
import { eventOperation, searchOperation } from './events.openapi.js';
import { eventIdParam, eventQuery, searchQuery, type EventQuery, type SearchQuery } from './events.query.js';
import { envelopeOf } from './journal-event.js';
import { ReadYourWrites } from './read-your-writes.js';

/** The answers are text, in which numbers of JSON fields stand as they are in the log. */
const jsonType = 'application/json; charset=utf-8';

@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly journal: JournalRepository,
    private readonly reads: ReadYourWrites,
    private readonly codec: EventCodec,
  ) {}

  @Get()
  @Header('content-type', jsonType)
  @RequireScope('events:read')
  @Documented(searchOperation)
  async search(@Query({ schema: searchQuery }) query: SearchQuery, @Req() request: FastifyRequest): Promise<string> {
    const { tenantId } = credentialOf(request);
    const reach = await this.reads.reach(query.min_position, undefined, query.wait);
    const page = await this.journal.search(tenantId, filterOf(query), {
      limit: query.limit,
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    });
    const items = page.entries.map((entry) => this.show(entry)).join(',');
    const rest = JSON.stringify({ next_cursor: page.nextCursor ?? null, ...reach });
    return `{"items":[${items}],${rest.slice(1)}`;
  }

  @Get(':id')
  @Header('content-type', jsonType)
  @RequireScope('events:read')
  @Documented(eventOperation)
  async byId(
    @Param('id', { schema: eventIdParam }) id: string,
    @Query({ schema: eventQuery }) query: EventQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const { tenantId } = credentialOf(request);
    const reach = await this.reads.reach(query.min_position, undefined, query.wait);
    const found = await this.journal.byId(tenantId, id, query.source);
    if (found.kind === 'ambiguous') {
      throw new Problem('AMBIGUOUS_EVENT_ID', 'Say which one with ?source=', { members: { sources: found.sources } });
    }
    if (found.kind === 'absent') {
      const detail = reach.complete
        ? 'There is no event with this id'
        : `The journal has not come so far (${reach.reason})`;
      throw new Problem('NOT_FOUND', detail, { members: { ...reach } });
    }
    return this.show(found.entry);
  }

  private show(entry: JournalEntry): string {
    return eventJsonText(envelopeOf(entry, this.codec), entry);
  }
}

function filterOf(query: SearchQuery): JournalFilter {
  return {
    ...(query.type === undefined ? {} : { types: query.type }),
    ...(query.subject === undefined ? {} : { subject: query.subject }),
    ...(query.source === undefined ? {} : { source: query.source }),
    ...(query.correlation_id === undefined ? {} : { correlationId: query.correlation_id }),
    ...(query.from === undefined ? {} : { fromMs: query.from }),
    ...(query.to === undefined ? {} : { toMs: query.to }),
  };
}
