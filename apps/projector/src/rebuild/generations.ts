import type { Logger } from '@chorda/kernel';
import type pg from 'pg';
import type { Projection } from '../runner/projection.js';

/** One set of tables of a projection: see migration 0005. */
export interface Generation {
  readonly projection: string;
  /** Its checkpoints stand under this number. */
  readonly version: number;
  readonly codeVersion: number;
  readonly tableName: string;
  readonly madeBy: 'migration' | 'rebuild';
  readonly role: 'serving' | 'filling' | 'idle';
  readonly isLive: boolean;
}

interface GenerationRow {
  readonly projection: string;
  readonly version: number;
  readonly code_version: number;
  readonly table_name: string;
  readonly made_by: Generation['madeBy'];
  readonly role: Generation['role'];
  readonly is_live: boolean;
}

/** Generations that a rebuild makes are numbered above all that the code will ever name. */
export const firstMadeVersion = 1_001;

/**
 * Makes projections and the tables of their migrations known. A live version is never moved by it: code with a newer
 * version begins with tables that nobody fills, until a rebuild has.
 *
 * @param codes May hold several versions of one projection: the newest, and older ones that still serve.
 */
export async function registerGenerations(pool: pg.Pool, codes: readonly Projection[]): Promise<void> {
  const newestFirst = codes.toSorted((one, other) => other.version - one.version);
  for (const { name, version, topics, table } of newestFirst) {
    await pool.query(
      'INSERT INTO projections (name, live_version, topics) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [name, version, topics],
    );
    await pool.query(
      `INSERT INTO projection_generations (projection, version, code_version, table_name, made_by, role)
       SELECT name, $2::int, $2, $3, 'migration', CASE WHEN live_version = $2 THEN 'serving' ELSE 'idle' END
       FROM projections WHERE name = $1 ON CONFLICT DO NOTHING`,
      [name, version, table.name],
    );
    await pool.query(
      `UPDATE projections p SET topics = $3 FROM projection_generations g
       WHERE p.name = $1 AND g.projection = p.name AND g.version = p.live_version AND g.code_version = $2
         AND p.topics <> $3`,
      [name, version, topics],
    );
  }
}

export async function listGenerations(client: pg.ClientBase | pg.Pool): Promise<readonly Generation[]> {
  const { rows } = await client.query<GenerationRow>(
    `SELECT g.projection, g.version, g.code_version, g.table_name, g.made_by, g.role, g.version = p.live_version AS is_live
     FROM projection_generations g JOIN projections p ON p.name = g.projection ORDER BY g.projection, g.version`,
  );
  return rows.map((row) => ({
    projection: row.projection,
    version: row.version,
    codeVersion: row.code_version,
    tableName: row.table_name,
    madeBy: row.made_by,
    role: row.role,
    isLive: row.is_live,
  }));
}

/** The same code on the tables of a generation; undefined where this process does not have the code. */
export function onGeneration(codes: readonly Projection[], generation: Generation): Projection | undefined {
  const code = codes.find(({ name, version }) => name === generation.projection && version === generation.codeVersion);
  if (code === undefined || code.table.name === generation.tableName) return code;
  return code.onTable?.({ version: generation.version, table: generation.tableName });
}

/**
 * What the runner applies each batch to: the live generation of each projection, and those that are kept for a swap back.
 * A live one whose code this process lacks is left out: its rows stay as they are until a rebuild has made newer ones.
 */
export async function servingProjections(
  pool: pg.Pool,
  codes: readonly Projection[],
  logger: Logger,
): Promise<{ readonly projections: readonly Projection[]; readonly signature: string }> {
  const serving = (await listGenerations(pool)).filter(({ role }) => role === 'serving');
  const projections = serving.flatMap((generation) => {
    const projection = onGeneration(codes, generation);
    if (projection === undefined && codes.some(({ name }) => name === generation.projection)) {
      logger.warn('The code of a live projection is not in this version: its rows wait for a rebuild', {
        projection: generation.projection,
        version: generation.version,
      });
    }
    return projection ?? [];
  });
  return { projections, signature: signatureOf(serving) };
}

/** Differs when other generations serve than before: the runner then claims anew. */
export function signatureOf(generations: readonly Generation[]): string {
  return generations
    .filter(({ role }) => role === 'serving')
    .map(({ projection, version }) => `${projection} ${version}`)
    .join(',');
}
