import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { EventCodec, isEventType } from '@chorda/contracts';
import {
  JournalRepository,
  journalList,
  listedEntry,
  type JournalEntry,
  type JournalListRow,
} from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { ListAnswers, notFound, queryOf } from '../lists/list-answers.js';
import { isText, parseItemQuery, type ListOptions } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import { eventJsonText } from './event-json.js';
import { EventTexts } from './event-texts.js';
import { eventOperation, searchOperation } from './events.openapi.js';
import { envelopeOf } from './journal-event.js';
import { journalProjection } from './read-your-writes.js';

/** What event searches take beside the filters of their list. */
export const eventSearch: ListOptions = {
  aliases: {
    from: { field: 'recorded_time', operator: 'gte' },
    to: { field: 'recorded_time', operator: 'lt' },
  },
  commaLists: ['type'],
  rules: { type: (value) => (isEventType(value) ? undefined : 'must hold event types of the catalogue') },
};

@Controller('v1/events')
export class EventsController {
  private readonly texts = new EventTexts();

  constructor(
    private readonly journal: JournalRepository,
    private readonly answers: ListAnswers,
    private readonly codec: EventCodec,
  ) {}

  @Get()
  @RequireScope('events:read')
  @Documented(searchOperation)
  async search(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const show = (row: JournalListRow) => this.texts.of(row, () => this.show(listedEntry(row)));
    return this.answers.list<JournalListRow>(journalList, { request, reply }, { ...eventSearch, show });
  }

  @Get(':id')
  @RequireScope('events:read')
  @Documented(eventOperation)
  async byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const query = parseItemQuery(queryOf(request), ['source']);
    const wish = { ...query, projections: [journalProjection] };
    return this.answers.read({ request, reply }, wish, async (tenant, completeness) => {
      if (!isText(id)) throw notFound(completeness);
      const found = await this.journal.byId(tenant, id, query.own.get('source'));
      if (found.kind === 'ambiguous') {
        throw new Problem('AMBIGUOUS_EVENT_ID', 'Say which one with ?source=', { members: { sources: found.sources } });
      }
      if (found.kind === 'absent') throw notFound(completeness);
      return this.show(found.entry);
    });
  }

  private show(entry: JournalEntry): string {
    return eventJsonText(envelopeOf(entry, this.codec), entry);
  }
}
