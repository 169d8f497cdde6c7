import { Inject, Injectable } from '@nestjs/common';
import { EventCodec, eventDataToJsonText, type EventEnvelope } from '@chorda/contracts';
import { BackboneError, type TenantId } from '@chorda/kernel';
import { redrive, type IncomingRecord, type KafkaDriver } from '@chorda/messaging';
import { deadLettersList, ListReader, type ListCondition, type ListRow } from '@chorda/read-models';
import { gatewayDriver } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { databaseProblem } from '../lists/database-problem.js';
import { itemJsonText } from '../lists/list-json.js';
import { equalTo } from '../lists/list-answers.js';

export interface LetterPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface RedriveWish {
  readonly items: readonly LetterPlace[] | undefined;
  readonly filter:
    | { readonly source_topic: string; readonly consumer_group: string; readonly reason?: string | undefined }
    | undefined;
  readonly limit: number;
  readonly isDryRun: boolean;
}

/**
 * What became of a dead letter: `sent` to its group again; `planned` in a dry run; `already_sent`: it has a receipt from
 * before; `not_found`: the tenant has no such letter, or the log no longer has it.
 */
export interface RedriveItem extends LetterPlace {
  readonly status: 'sent' | 'planned' | 'already_sent' | 'not_found';
  readonly sent_to?: LetterPlace;
}

export interface RedriveAnswer {
  readonly dry_run: boolean;
  readonly sent: number;
  readonly items: readonly RedriveItem[];
}

/** Letters of one request. */
export const redriveMax = 500;
/** So that a request ends in seconds; whoever has more asks again. */
const recordsPerSecondMax = 500;

const keyOf = ({ topic, partition, offset }: LetterPlace) => `${topic}/${partition}/${offset}`;

/** Shows dead letters whole and sends them through again, of one tenant: which they are, the read model says. */
@Injectable()
export class DeadLetterDesk {
  constructor(
    private readonly lists: ListReader,
    private readonly codec: EventCodec,
    @Inject(gatewayDriver) private readonly driver: KafkaDriver,
  ) {}

  /** With headers, bytes, and the event where it can be decoded. */
  async show(
    tenant: TenantId,
    place: { readonly topic: string; readonly partition: string; readonly offset: string },
  ): Promise<Record<string, unknown>> {
    const isPlace = /^\d{1,9}$/.test(place.partition) && /^\d{1,18}$/.test(place.offset);
    const at = { ...place, partition: Number(place.partition) };
    const row = isPlace ? await this.row(tenant, at) : undefined;
    if (row === undefined) throw new Problem('NOT_FOUND', 'There is no such dead letter');
    const record = await this.record(at);
    const item: Record<string, unknown> = JSON.parse(itemJsonText(deadLettersList, row));
    return { ...item, ...(record === undefined ? { in_log: false } : { in_log: true, ...this.shown(record) }) };
  }

  async redrive(tenant: TenantId, wish: RedriveWish): Promise<RedriveAnswer> {
    const rows = wish.items === undefined ? await this.filtered(tenant, wish) : await this.named(tenant, wish.items);
    const results = new Map<string, RedriveItem>();
    for (const place of wish.items ?? []) results.set(keyOf(place), { ...place, status: 'not_found' });
    for (const row of rows) {
      const place = placeOf(row);
      results.set(keyOf(place), { ...place, status: row['redriven_at'] === null ? 'not_found' : 'already_sent' });
    }
    const open = rows.filter((row) => row['redriven_at'] === null);
    const groups = Map.groupBy(open, (row) => JSON.stringify([row['source_topic'], row['consumer_group']]));
    for (const members of groups.values()) await this.send(members, wish.isDryRun, results);
    const items = [...results.values()];
    return { dry_run: wish.isDryRun, sent: items.filter(({ status }) => status === 'sent').length, items };
  }

  private async send(rows: readonly ListRow[], isDryRun: boolean, results: Map<string, RedriveItem>): Promise<void> {
    const [first] = rows;
    const places = rows.map((row) => ({ partition: Number(row['partition']), offset: BigInt(String(row['offset'])) }));
    const [topic, group] = [String(first?.['source_topic']), String(first?.['consumer_group'])];
    const receipts = await this.asking(() =>
      redrive(this.driver, { topic, group, places, dryRun: isDryRun, recordsPerSecondMax }),
    );
    for (const { letter, sentTo } of receipts) {
      const { topic, partition, offset } = letter.place;
      const place = { topic, partition, offset: String(offset) };
      const target = sentTo && { topic: sentTo.topic, partition: sentTo.partition, offset: String(sentTo.offset) };
      results.set(keyOf(place), { ...place, status: target ? 'sent' : 'planned', ...(target && { sent_to: target }) });
    }
  }

  private async named(tenant: TenantId, places: readonly LetterPlace[]): Promise<readonly ListRow[]> {
    const rows: ListRow[] = [];
    for (const place of places) {
      const row = await this.row(tenant, place);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  private async filtered(tenant: TenantId, { filter, limit }: RedriveWish): Promise<readonly ListRow[]> {
    const conditions: readonly ListCondition[] = Object.entries(filter ?? {}).flatMap(([field, value]) =>
      value === undefined ? [] : [equalTo(field, value)],
    );
    const rows: ListRow[] = [];
    let cursor: string | undefined;
    // Oldest first, as they were set aside.
    const sort = { field: 'record_time', isDescending: false };
    do {
      const page = await this.read(() =>
        this.lists.page(tenant, deadLettersList, { conditions, sort, cursor, limit: 500 }),
      );
      rows.push(...page.rows.filter((row) => row['redriven_at'] === null));
      cursor = page.nextCursor;
    } while (cursor !== undefined && rows.length < limit);
    return rows.slice(0, limit);
  }

  private async row(tenant: TenantId, { topic, partition, offset }: LetterPlace): Promise<ListRow | undefined> {
    const conditions = [equalTo('topic', topic), equalTo('partition', String(partition)), equalTo('offset', offset)];
    return this.read(() => this.lists.one(tenant, deadLettersList, conditions));
  }

  private async read<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      throw databaseProblem(error);
    }
  }

  /** A lane that is not there (the group never ran) and brokers that are away: what was sent has its receipt. */
  private async asking<Result>(ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof BackboneError)) throw error;
      const headers = { 'retry-after': '1' };
      throw new Problem('UNAVAILABLE', `The log did not take it: ${error.message}`, { headers, cause: error });
    }
  }

  /** Undefined where the log keeps it no longer. */
  private async record({ topic, partition, offset }: LetterPlace): Promise<IncomingRecord | undefined> {
    const from = BigInt(offset);
    for await (const { records } of this.driver.scan({ topic, partition, from, to: from + 1n })) {
      const found = records.find((record) => record.offset === from);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private shown(record: IncomingRecord): Record<string, unknown> {
    const headers = Object.entries(record.headers).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, Buffer.isBuffer(value) ? value.toString('utf8') : value.map((each) => each.toString('utf8'))]];
    });
    return {
      headers: Object.fromEntries(headers),
      key_base64: record.key?.toString('base64') ?? null,
      value_base64: record.value?.toString('base64') ?? null,
      ...this.decoded(record),
    };
  }

  private decoded(record: IncomingRecord): Record<string, unknown> {
    let envelope: EventEnvelope;
    try {
      envelope = this.codec.decode(record);
    } catch (error) {
      return { event: null, undecodable: error instanceof Error ? error.message : String(error) };
    }
    const { event, metadata } = envelope;
    // As text: its numbers may be such that no double holds them.
    return { event: { type: event.type, id: metadata.id, source: metadata.source, data: eventDataToJsonText(event) } };
  }
}

function placeOf(row: ListRow): LetterPlace {
  return { topic: String(row['topic']), partition: Number(row['partition']), offset: String(row['offset']) };
}
