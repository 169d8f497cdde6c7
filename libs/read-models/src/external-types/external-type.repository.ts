import { BackboneError, tenantId, type JsonValue, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { AuditOutbox, type AuditActor } from '../access/audit-outbox.js';
import { inTransaction } from '../database/in-transaction.js';

export interface ExternalTypeVersion {
  /** Counts from 1. */
  readonly version: number;
  /** As events of it are written. */
  readonly avro: JsonValue;
  /** What the door checks beside it; undefined where the type was registered in Avro. */
  readonly jsonSchema: JsonValue | undefined;
  /** Lower case hex SHA-256 of the canonical Avro schema. */
  readonly fingerprint: string;
  readonly createdAt: Date;
  readonly createdBy: string;
}

export interface ExternalTypeRecord {
  readonly type: string;
  /** Who registered it. What the default tenant registered is for every tenant. */
  readonly owner: TenantId;
  /** Oldest first; the last one is written. */
  readonly versions: readonly ExternalTypeVersion[];
}

export type NewVersion = Pick<ExternalTypeVersion, 'avro' | 'jsonSchema' | 'fingerprint'>;

/** The type belongs to another tenant. */
export class ExternalTypeTakenError extends BackboneError {
  readonly code = 'EXTERNAL_TYPE_TAKEN';
  readonly retriable = false;
  constructor(type: string) {
    super(`${type} is registered by somebody else: choose another name`);
  }
}

/** The deployment has as many types, or the type as many versions, as it may. */
export class ExternalTypesFullError extends BackboneError {
  readonly code = 'EXTERNAL_TYPES_FULL';
  readonly retriable = false;
}

interface VersionRow {
  readonly tenant_id: string;
  readonly type: string;
  readonly version: number;
  readonly avro: JsonValue;
  readonly json_schema: JsonValue;
  readonly fingerprint: string;
  readonly created_at: Date;
  readonly created_by: string;
}

/** Any number, the same in every version: registrations of one database go one after another. */
const registrationLock = 4_600_469_002n;
const versionsMax = 100;

/** Types that other teams registered, with the role that owns the tables: services know all of them. */
export class ExternalTypeRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** All of them, with all versions. */
  async all(): Promise<readonly ExternalTypeRecord[]> {
    return typesOf(await this.rows(this.pool));
  }

  /** Cheap to ask every second: it changes whenever `all` does. */
  async revision(): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM external_type_versions',
    );
    return rows[0]?.count ?? 0;
  }

  /**
   * Adds a type or a version of it. Registrations go one after another, so that two of them cannot both see the same
   * version as the last.
   *
   * @param decide Given the type so far, says what is to be added; undefined: nothing, it is there already. What it
   *   throws ends the registration without a change.
   * @param prepare Makes what the version needs outside of this database (its topic, its subject in the registry). It
   *   may have been made before by a registration that did not end.
   * @returns The type as it is then, and whether anything was added.
   * @throws {@link ExternalTypeTakenError}, {@link ExternalTypesFullError}
   */
  async register(
    { type, owner, actor, typesMax }: { type: string; owner: TenantId; actor: AuditActor; typesMax: number },
    decide: (known: ExternalTypeRecord | undefined) => NewVersion | undefined,
    prepare: (version: NewVersion) => Promise<void>,
  ): Promise<{ readonly record: ExternalTypeRecord | undefined; readonly added: boolean }> {
    return inTransaction(this.pool, async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [registrationLock]);
      const types = typesOf(await this.rows(tx));
      const known = types.find((each) => each.type === type);
      if (known && known.owner !== owner) throw new ExternalTypeTakenError(type);
      const version = decide(known);
      if (version === undefined) return { record: known, added: false };
      refuseTooMany(types, known, typesMax);
      await prepare(version);
      await this.add(tx, { type, owner, actor }, version, (known?.versions.length ?? 0) + 1);
      const record = typesOf(await this.rows(tx)).find((each) => each.type === type);
      return { record, added: true };
    });
  }

  private async add(
    tx: pg.ClientBase,
    { type, owner, actor }: { type: string; owner: TenantId; actor: AuditActor },
    { avro, jsonSchema, fingerprint }: NewVersion,
    version: number,
  ): Promise<void> {
    await tx.query(
      'INSERT INTO external_types (tenant_id, type, created_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [owner, type, actor.id],
    );
    await tx.query(
      `INSERT INTO external_type_versions (tenant_id, type, version, avro, json_schema, fingerprint, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        owner,
        type,
        version,
        JSON.stringify(avro),
        jsonSchema === undefined ? null : JSON.stringify(jsonSchema),
        fingerprint,
        actor.id,
      ],
    );
    await AuditOutbox.add(tx, {
      tenantId: owner,
      actor,
      action: version === 1 ? 'event_type.registered' : 'event_type.evolved',
      resourceType: 'event_type',
      resourceId: type,
      after: { version, fingerprint },
    });
  }

  private async rows(client: pg.Pool | pg.ClientBase): Promise<readonly VersionRow[]> {
    const { rows } = await client.query<VersionRow>(
      `SELECT tenant_id, type, version, avro, json_schema, fingerprint, created_at, created_by
       FROM external_type_versions ORDER BY type, version`,
    );
    return rows;
  }
}

function refuseTooMany(
  types: readonly ExternalTypeRecord[],
  known: ExternalTypeRecord | undefined,
  typesMax: number,
): void {
  if (known === undefined && types.length >= typesMax) {
    throw new ExternalTypesFullError(`There are ${types.length} registered types; ${typesMax} are allowed`);
  }
  if (known && known.versions.length >= versionsMax) {
    throw new ExternalTypesFullError(`${known.type} has ${versionsMax} versions; a change of meaning is a new type`);
  }
}

function typesOf(rows: readonly VersionRow[]): readonly ExternalTypeRecord[] {
  return [...Map.groupBy(rows, ({ type }) => type)].map(([type, versions]) => ({
    type,
    owner: tenantId(versions[0]?.tenant_id ?? ''),
    versions: versions.map((row) => ({
      version: row.version,
      avro: row.avro,
      jsonSchema: row.json_schema ?? undefined,
      fingerprint: row.fingerprint,
      createdAt: row.created_at,
      createdBy: row.created_by,
    })),
  }));
}
