import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { decodePosition, encodePosition } from '@chorda/contracts';
import type { TenantId } from '@chorda/kernel';
import { ListReader, type ListCondition, type ListDefinition, type ListRow } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import { ReadYourWrites, type Reach } from '../events/read-your-writes.js';
import { GatewayMetrics } from '../gateway.metrics.js';
import { Problem } from '../http/problem.js';
import { databaseProblem } from './database-problem.js';
import { itemJsonText } from './list-json.js';
import { isText, parseItemQuery, parseListQuery, type ListOptions } from './list-query.js';
import { ReadStandings, type Incompleteness, type ReadStanding } from './read-standings.js';

/** A request and what answers it: the body is returned by the handler. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What every read brings. */
export interface ReadWish {
  readonly projections: readonly string[];
  readonly positions: readonly string[];
  readonly waitMs: number;
}

/** Whether what was read has seen everything that it should. */
export interface Completeness {
  readonly complete: boolean;
  /** The first reason and its projection, for whoever wants one. */
  readonly reason?: string;
  readonly projection?: string;
  readonly incomplete?: readonly Incompleteness[];
}

/** Reads that may be under way at once in this gateway. Past it they are refused at once. */
const readsInFlightMax = 500;
const reached: Reach = { complete: true };

/** Every read of a read model goes through here: position, standing, bounds, time-outs, ETag. */
@Injectable()
export class ListAnswers {
  private inFlight = 0;

  constructor(
    private readonly lists: ListReader,
    private readonly reads: ReadYourWrites,
    private readonly standings: ReadStandings,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** One page of a list, as JSON text. */
  async list<Row extends ListRow = ListRow>(
    definition: ListDefinition,
    exchange: Exchange,
    options: ListOptions & { readonly show?: (row: Row) => string } = {},
  ): Promise<string> {
    const { request, count, positions, waitMs } = parseListQuery(definition, queryOf(exchange.request), options);
    const { show = (row: Row) => itemJsonText(definition, row) } = options;
    const wish = { projections: definition.projections, positions, waitMs };
    return this.read(exchange, wish, async (tenant, completeness) => {
      const page = await this.lists.page<Row>(tenant, definition, request);
      const counted =
        count === 'none' ? {} : { count: await this.lists.count(tenant, definition, request.conditions, count) };
      const rest = JSON.stringify({ next_cursor: page.nextCursor ?? null, ...counted, ...completeness });
      return `{"items":[${page.rows.map(show).join(',')}],${rest.slice(1)}`;
    });
  }

  /**
   * One item by its key.
   *
   * @param own Fields that may be given as parameters, where the id alone may name several.
   * @throws {@link Problem} `NOT_FOUND`, which says whether it may still come.
   */
  async item(
    definition: ListDefinition,
    exchange: Exchange,
    id: { readonly field: string; readonly value: string },
    own: readonly string[] = [],
  ): Promise<string> {
    const query = parseItemQuery(queryOf(exchange.request), own);
    const conditions = [equalTo(id.field, id.value), ...[...query.own].map(([name, value]) => equalTo(name, value))];
    return this.read(exchange, { ...query, projections: definition.projections }, async (tenant, completeness) => {
      const row = isText(id.value) ? await this.lists.one(tenant, definition, conditions) : undefined;
      if (row === undefined) throw notFound(completeness);
      return itemJsonText(definition, row);
    });
  }

  /**
   * Waits for the positions of a read, says how far its projections are, and answers what `produce` makes: 304 where the
   * client has it already.
   */
  async read(
    exchange: Exchange,
    { projections, positions, waitMs }: ReadWish,
    produce: (tenant: TenantId, completeness: Completeness) => Promise<string>,
  ): Promise<string> {
    const { tenantId } = credentialOf(exchange.request);
    this.enter();
    try {
      // Most reads wait for nothing, and a signal for each would cost them more than their own work.
      const reach =
        positions.length === 0
          ? reached
          : await this.reads.waitFor(positions, projections, waitMs, leavingOf(exchange));
      const standing = await this.standings.of(projections);
      const completeness = completenessOf(reach, standing, positions.length > 0);
      setStanding(exchange.reply, reach.complete ? including(standing, positions) : standing);
      const body = await produce(tenantId, completeness);
      return answered(exchange, body);
    } catch (error) {
      throw databaseProblem(error);
    } finally {
      this.inFlight -= 1;
      this.metrics.readsInFlight.set(this.inFlight);
    }
  }

  private enter(): void {
    if (this.inFlight >= readsInFlightMax) {
      this.metrics.readsRefused.inc({ reason: 'in_flight' });
      throw new Problem('OVERLOADED', 'Too many reads are under way', { headers: { 'retry-after': '1' } });
    }
    this.inFlight += 1;
    this.metrics.readsInFlight.set(this.inFlight);
  }
}

/** What is not there, and whether it may still come. */
export function notFound(completeness: Completeness): Problem {
  const detail = completeness.complete
    ? 'There is nothing with this id'
    : `It is not there, but the read model may lack something (${completeness.reason})`;
  return new Problem('NOT_FOUND', detail, { members: { ...completeness } });
}

export const equalTo = (field: string, value: string): ListCondition => ({ field, operator: 'eq', values: [value] });

export function queryOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return Object(request.query);
}

/** With a position that was passed, what others wrote since does not count: the answer has seen what it was asked for. */
function completenessOf(reach: Reach, { incomplete }: ReadStanding, hasPosition: boolean): Completeness {
  const reasons: Incompleteness[] = [];
  if (!reach.complete) {
    const detail = 'The position that was asked for is not reached';
    reasons.push({ reason: reach.reason ?? 'lagging', projection: reach.projection ?? '', detail });
  }
  for (const each of incomplete) {
    const isAnswered = hasPosition && each.reason === 'lagging';
    const isSaid = reasons.some(({ reason, projection }) => reason === each.reason && projection === each.projection);
    if (!isAnswered && !isSaid) reasons.push(each);
  }
  const [first] = reasons;
  if (first === undefined) return { complete: true };
  return { complete: false, reason: first.reason, projection: first.projection, incomplete: reasons };
}

/** A standing may be a second old: what this read has waited for, it has seen all the same. */
function including(standing: ReadStanding, reached: readonly string[]): ReadStanding {
  if (reached.length === 0) return standing;
  const positions = standing.position === undefined ? reached : [standing.position, ...reached];
  return { ...standing, position: encodePosition(positions.flatMap(decodePosition)) };
}

function setStanding(reply: FastifyReply, { position, lagMs }: ReadStanding): void {
  if (position !== undefined) void reply.header('projection-position', position);
  if (lagMs !== undefined) void reply.header('projection-lag-ms', String(lagMs));
}

/** A client that has gone waits for nothing. */
function leavingOf({ reply }: Exchange): AbortSignal {
  const leaving = new AbortController();
  reply.raw.once('close', () => leaving.abort());
  return leaving.signal;
}

/** The body, or nothing where the client said that it has it. Items belong to a tenant: no shared cache may keep them. */
function answered({ request, reply }: Exchange, body: string): string {
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 27)}"`;
  void reply.headers({ etag, 'cache-control': 'private, no-cache', vary: 'authorization, origin' });
  if (!hasTag(request.headers['if-none-match'], etag)) {
    void reply.header('content-type', 'application/json; charset=utf-8');
    return body;
  }
  void reply.code(304);
  return '';
}

function hasTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
