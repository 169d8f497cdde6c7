import { AssertionError } from 'node:assert';
import { migrate, createPool } from '@chorda/read-models';
import { draws, freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { createTableStatements } from '../bulk/create-table.js';
import type { Columns, RowOf, TableShape } from '../bulk/table.js';
import type { Projection, ProjectionOf } from '../runner/projection.js';
import { randomOf, type Random } from './random.js';
import { differencesOf, readTable, textOf, type TableRow } from './read-table.js';
import { drawnReplays, plainReplays, type Replay, type ReplayGround } from './replays.js';
import { writeLog, type SpecEvent } from './spec-event.js';

export { event, type AboutEvent, type SpecEvent } from './spec-event.js';

/** A row as a spec writes it down: the columns that it names are compared. `tenant_id` is `default` where left out. */
export type ExpectedRow<C extends Columns> = Partial<RowOf<C>>;

export interface Given<C extends Columns> extends Ending<C> {
  /** What happens next. A batch border lies between the two. */
  when(events: readonly SpecEvent[]): Ending<C>;
}

export interface Ending<C extends Columns> {
  /** The table then holds these rows and no other, in whichever order they are written here. */
  then(rows: readonly ExpectedRow<C>[]): Promise<void>;
  /** The events of `when` change nothing. */
  thenNothing(): Promise<void>;
  /** Events that cannot be applied, and those of their keys behind them, are set aside: their ids, and the rows of the others. */
  thenParks(ids: readonly string[], rows: readonly ExpectedRow<C>[]): Promise<void>;
}

const seedsPerSpec = 2;

/**
 * Given/when/then for a projection, on a real Postgres and through the runner that production has. Call it where
 * `describe` and `it` are called:
 *
 *     const given = projectionSpec(userDays);
 *     it('counts', () => given([executed]).when([executed]).then([{ user_id: 'u', executions: 2 }]));
 *
 * Each ending replays the events: in one batch a partition, one by one, with all partitions at the same time, and, for
 * two seeds, in batches drawn by chance, brought again, sent twice, with the connection cut in every transaction, and
 * from offset 0 into an empty table. The rows have to be the same each time, which those of a pure projection are.
 * What fails says its seed; `CHORDA_SPEC_SEED` brings it again.
 *
 * A table that no migration makes yet is made from its definition, so a spec may come before its migration.
 */
export function projectionSpec<C extends Columns>(projection: ProjectionOf<C>) {
  let ground: SpecGround | undefined;
  beforeAll(async () => {
    ground = await SpecGround.open(projection);
  });
  afterAll(() => ground?.close());
  const opened = () => {
    if (ground === undefined) throw new TypeError('projectionSpec is called where `it` is called, not inside of it');
    return ground;
  };
  return (events: readonly SpecEvent[]): Given<C> => ({
    when: (later) => endingOf<C>(opened, events, later),
    ...endingOf<C>(opened, events, []),
  });
}

function endingOf<C extends Columns>(
  ground: () => SpecGround,
  given: readonly SpecEvent[],
  when: readonly SpecEvent[],
): Ending<C> {
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- it ends given/when/then, and refuses to be awaited.
    then: (rows) => {
      if (typeof rows === 'function') throw new TypeError('A spec ends with .then([rows]) or .thenNothing()');
      return ground().check([...given, ...when], rows);
    },
    thenNothing: async () => {
      const before = await ground().rowsAfter(given);
      await ground().check([...given, ...when], before);
    },
    thenParks: (ids, rows) => ground().check([...given, ...when], rows, ids),
  };
}

/** A database of the spec's own, empty again before each replay. */
export class SpecGround {
  private constructor(
    private readonly database: FreshDatabase,
    private readonly ground: ReplayGround,
    /** Those that the migrations left empty: what they put in stays. */
    private readonly emptied: readonly string[],
  ) {}

  static async open(projection: Projection): Promise<SpecGround> {
    const database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    const pool = createPool(database.url, { connectionsMax: 2 });
    const tables = await tablesOf(pool);
    if (!tables.includes(projection.table.name)) {
      const options = { view: projection.name, byDay: projection.days !== undefined };
      for (const statement of createTableStatements(projection.table, options)) await pool.query(statement);
      tables.push(projection.table.name);
    }
    const emptied: string[] = [];
    for (const table of tables) {
      const { rowCount } = await pool.query(`SELECT FROM "${table}" LIMIT 1`);
      if (rowCount === 0 && table !== 'projections') emptied.push(table);
    }
    return new SpecGround(database, { databaseUrl: database.url, pool, projection }, emptied);
  }

  async close(): Promise<void> {
    await this.ground.pool.end();
    await this.database.drop();
  }

  async rowsAfter(events: readonly SpecEvent[], parked: readonly string[] = []): Promise<readonly TableRow[]> {
    const [first] = plainReplays;
    return first === undefined ? [] : this.replay(first, events, parked);
  }

  /**
   * @param parked Ids of the events that are to be set aside.
   * @throws AssertionError when any replay ends with other rows, or sets other events aside.
   */
  async check(
    events: readonly SpecEvent[],
    expected: readonly TableRow[],
    parked: readonly string[] = [],
  ): Promise<void> {
    const { table } = this.ground.projection;
    const reference = await this.rowsAfter(events, parked);
    requireRows(table, expected, reference);
    const ways = seeds().flatMap((random) => drawnReplays(random).map((replay) => ({ replay, random })));
    for (const { replay, random } of [
      ...plainReplays.slice(1).map((each) => ({ replay: each, random: undefined })),
      ...ways,
    ]) {
      requireSame(table, replay, reference, await this.replay(replay, events, parked), random);
    }
  }

  private async replay(
    replay: Replay,
    events: readonly SpecEvent[],
    parked: readonly string[],
  ): Promise<readonly TableRow[]> {
    const { pool, projection } = this.ground;
    // Of tables that hold a few rows, far quicker than TRUNCATE.
    await pool.query(this.emptied.map((name) => `DELETE FROM "${name}"`).join(';'));
    // What a process remembers of the tables does not outlive their emptying.
    projection.forget?.();
    const log = writeLog(events).filter(({ record }) => projection.topics.includes(record.topic));
    try {
      await replay.apply(this.ground, log);
    } catch (error) {
      throw new Error(`${projection.name} fails ${replay.name}`, { cause: error });
    }
    await this.requireParked(replay, parked);
    return readTable(pool, projection.table);
  }

  /** What the projection cannot apply is set aside in production; here it fails the spec that does not expect it. */
  private async requireParked({ name }: Replay, expected: readonly string[]): Promise<void> {
    const { pool, projection } = this.ground;
    const { rows } = await pool.query<{ id: string; why: string }>(
      `SELECT e.event_id AS id, concat_ws(' ', s.event_type, 'of', s.aggregate_key, s.error_class, s.error_message) AS why
       FROM parked_events e JOIN parked_sequences s USING (tenant_id, sequence_id)
       ORDER BY e.topic, e.partition, e.order_offset`,
    );
    const ids = rows.map(({ id }) => id);
    if (isSame([...ids].sort(), [...expected].sort())) return;
    const whys = [...new Set(rows.map(({ why }) => why))].slice(0, 3);
    const message = `${projection.name} set aside [${ids.join(', ')}] and not [${expected.join(', ')}] ${name}: ${whys.join('; ')}`;
    throw new AssertionError({ message, expected, actual: ids });
  }
}

function seeds(): readonly Random[] {
  const asked = process.env['CHORDA_SPEC_SEED'];
  if (asked !== undefined) return [randomOf(Number(asked))];
  const { seed: first = Math.floor(Math.random() * 2 ** 31) } = draws;
  return Array.from({ length: seedsPerSpec }, (_, index) => randomOf(first + index));
}

function requireRows(table: TableShape, expected: readonly TableRow[], actual: readonly TableRow[]): void {
  const whole = expected.map((row): TableRow => ({ tenant_id: 'default', ...row }));
  const named = withNamedColumns(table, whole, actual);
  const differences = differencesOf(table, ...named);
  if (differences.length === 0) return;
  throw failure('The rows are not as expected', differences, ...named);
}

/**
 * The expected rows found by as much of the key as they name, each with the columns that it names; rows that nobody
 * expects stay whole.
 */
function withNamedColumns(
  { key }: TableShape,
  expected: readonly TableRow[],
  actual: readonly TableRow[],
): [readonly TableRow[], readonly TableRow[]] {
  const left = [...actual];
  const wanted: TableRow[] = [];
  const found: TableRow[] = [];
  for (const row of expected) {
    const parts = key.filter((name) => name in row);
    const at = left.findIndex((other) => parts.every((name) => isSame(row[name], other[name])));
    const [other] = at < 0 ? [] : left.splice(at, 1);
    const rest = Object.fromEntries(key.map((name) => [name, other?.[name] ?? row[name]]));
    wanted.push({ ...rest, ...row });
    if (other) found.push({ ...rest, ...Object.fromEntries(Object.keys(row).map((name) => [name, other[name]])) });
  }
  return [wanted, [...found, ...left]];
}

function isSame(one: unknown, other: unknown): boolean {
  return textOf({ value: one }) === textOf({ value: other });
}

function requireSame(
  table: TableShape,
  { name, hint }: Replay,
  expected: readonly TableRow[],
  actual: readonly TableRow[],
  random: Random | undefined,
): void {
  const differences = differencesOf(table, expected, actual);
  if (differences.length === 0) return;
  const again = random === undefined ? '' : ` (CHORDA_SPEC_SEED=${random.seed} brings it again)`;
  const what = `The projection is not pure: its rows differ when its events come ${name}${again}${hint ? `; ${hint}` : ''}`;
  throw failure(what, differences, expected, actual);
}

const linesMax = 20;

function failure(
  what: string,
  differences: readonly string[],
  expected: readonly TableRow[],
  actual: readonly TableRow[],
): AssertionError {
  const more = differences.length > linesMax ? [`… and ${differences.length - linesMax} more`] : [];
  const message = [`${what}:`, ...differences.slice(0, linesMax), ...more].join('\n');
  return new AssertionError({ message, expected: expected.map(textOf), actual: actual.map(textOf) });
}

async function tablesOf(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace
       AND relname <> 'chorda_migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
