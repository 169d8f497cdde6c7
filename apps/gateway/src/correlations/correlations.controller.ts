import { createHash } from 'node:crypto';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { EventCodec } from '@chorda/contracts';
import type { TenantId } from '@chorda/kernel';
import {
  CorrelationStories,
  journalList,
  listedEntry,
  ListReader,
  tellStory,
  type JournalEntry,
  type JournalListRow,
  type StoryEvent,
  type StoryOrder,
} from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { eventJsonText } from '../events/event-json.js';
import { envelopeOf } from '../events/journal-event.js';
import { journalProjection } from '../events/read-your-writes.js';
import { Problem } from '../http/problem.js';
import { equalTo, ListAnswers, queryOf } from '../lists/list-answers.js';
import { invalidRequest, isText, parseListQuery } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import { correlationOperation } from './correlations.openapi.js';

interface StoryPage {
  readonly items: readonly string[];
  readonly nextCursor: string | undefined;
  readonly order: 'causal' | 'time';
}

/** Everything with one correlation id, across topics and kinds. */
@Controller('v1/correlations')
export class CorrelationsController {
  constructor(
    private readonly answers: ListAnswers,
    private readonly stories: CorrelationStories,
    private readonly lists: ListReader,
    private readonly codec: EventCodec,
  ) {}

  @Get(':id/events')
  @RequireScope('events:read')
  @Documented(correlationOperation)
  async events(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const query = parseListQuery(
      {
        ...journalList,
        fields: storyFields,
        sorts: [{ field: 'recorded_time', direction: 'asc' }],
        defaultSort: 'recorded_time',
      },
      queryOf(request),
    );
    if (!isText(id)) throw new Problem('NOT_FOUND', 'There is no such correlation id');
    const wish = { ...query, projections: [journalProjection] };
    return this.answers.read({ request, reply }, wish, async (tenant, completeness) => {
      const { cursor, limit } = query.request;
      const chain = await this.stories.chain(tenant, id);
      const page =
        chain === undefined
          ? await this.byTime(tenant, id, cursor, limit)
          : await this.byCause(tenant, { id, chain, cursor, limit });
      const rest = JSON.stringify({ order: page.order, next_cursor: page.nextCursor ?? null, ...completeness });
      return `{"items":[${page.items.join(',')}],${rest.slice(1)}`;
    });
  }

  private async byTime(tenant: TenantId, id: string, cursor: string | undefined, limit: number): Promise<StoryPage> {
    const page = await this.lists.page<JournalListRow>(tenant, journalList, {
      conditions: [equalTo('correlation_id', id)],
      sort: { field: 'recorded_time', isDescending: false },
      cursor,
      limit,
    });
    const items = page.rows.map((row) => this.show(listedEntry(row), 'time'));
    return { items, nextCursor: page.nextCursor, order: 'time' };
  }

  /** The chain is put in order anew for each page, which goes on behind the event that the page before ended with. */
  private async byCause(
    tenant: TenantId,
    {
      id,
      chain,
      cursor,
      limit,
    }: { id: string; chain: readonly StoryEvent[]; cursor: string | undefined; limit: number },
  ): Promise<StoryPage> {
    const told = tellStory(chain);
    const mark = createHash('sha256').update(`${tenant}\0${id}`).digest('base64url').slice(0, 16);
    const start = cursor === undefined ? 0 : told.findIndex(({ event }) => cursorOf(mark, event) === cursor) + 1;
    if (cursor !== undefined && start === 0) {
      throw invalidRequest([
        { pointer: '/cursor', detail: 'must be the next_cursor of a page of the same correlation id' },
      ]);
    }
    const part = told.slice(start, start + limit);
    const entries = await this.stories.whole(
      tenant,
      part.map(({ event }) => event),
    );
    const orders = new Map(part.map(({ event, orderedBy }) => [cursorOf(mark, event), orderedBy]));
    const items = entries.map((entry) => this.show(entry, orders.get(cursorOf(mark, entry)) ?? 'time'));
    const last = part.at(-1);
    const hasMore = start + part.length < told.length;
    return { items, nextCursor: hasMore && last ? cursorOf(mark, last.event) : undefined, order: 'causal' };
  }

  private show(entry: JournalEntry, orderedBy: StoryOrder): string {
    const text = eventJsonText(envelopeOf(entry, this.codec), entry);
    return `{"orderedby":"${orderedBy}",${text.slice(1)}`;
  }
}

/** No filter but the correlation id of the path. */
const storyFields = Object.fromEntries(
  Object.entries(journalList.fields).map(([name, { type, doc }]) => [name, { type, doc }]),
);

function cursorOf(
  mark: string,
  { topic, partition, offset }: Pick<StoryEvent, 'topic' | 'partition' | 'offset'>,
): string {
  return Buffer.from(`${mark};${topic};${partition};${offset}`).toString('base64url');
}
