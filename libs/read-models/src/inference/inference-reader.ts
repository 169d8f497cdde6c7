import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readAsTenant } from '../database/tenant-read.js';

/** The event that ended a request, as it is published: what a codec needs to read it. */
export interface StoredOutcome {
  readonly tenantId: string;
  readonly requestId: string;
  /** The framed value of its record. */
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A model that servers of the deployment answer with now. */
export interface OfferedModel {
  readonly model: string;
  readonly provider: string;
  readonly parent: string | null;
  readonly contextTokensMax: number | null;
}

interface OutcomeRow {
  readonly tenant_id: string;
  readonly request_id: string;
  readonly value: Buffer;
  readonly headers: string;
}

/** Workers say again every few seconds what they offer. */
const seenWithinS = 30;
const modelsMax = 1_000;

/** What inference workers have decided and offer, for those who ask. */
export class InferenceReader {
  constructor(private readonly pool: pg.Pool) {}

  /** Before any read model has it. */
  async outcome(tenant: TenantId, requestId: string): Promise<StoredOutcome | undefined> {
    const text =
      'SELECT tenant_id, request_id, value, headers FROM inference_outcomes WHERE tenant_id = $1 AND request_id = $2';
    const [row] = await readAsTenant<OutcomeRow>(this.pool, tenant, {
      ...{ text, parameters: [tenant, requestId] },
      hasOnePlan: true,
    });
    return row && stored(row);
  }

  /** Of several tenants at once: for a process that tells each caller of his own alone. */
  async outcomes(
    requests: readonly { readonly tenantId: TenantId; readonly requestId: string }[],
  ): Promise<readonly StoredOutcome[]> {
    const { rows } = await this.pool.query<OutcomeRow>({
      name: 'inference outcomes',
      text: `SELECT tenant_id, request_id, value, headers FROM inference_outcomes
             WHERE (tenant_id, request_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      values: [requests.map(({ tenantId }) => tenantId), requests.map(({ requestId }) => requestId)],
    });
    return rows.map(stored);
  }

  /** How long ago the last worker said that it is there, milliseconds; undefined: none that is to come back. */
  async workersSilentMs(): Promise<number | undefined> {
    const { rows } = await this.pool.query<{ silent: number | null }>(
      'SELECT (extract(epoch FROM clock_timestamp() - max(beat_at)) * 1000)::float8 AS silent FROM inference_workers',
    );
    return rows[0]?.silent ?? undefined;
  }

  /** One entry a model, by name. The same for every tenant. */
  async models(): Promise<readonly OfferedModel[]> {
    const { rows } = await this.pool.query<OfferedModel>(
      `SELECT model, min(provider) AS provider, min(parent) AS parent, min(max_model_len) AS "contextTokensMax"
       FROM inference_models WHERE seen_at > now() - make_interval(secs => $1)
       GROUP BY model ORDER BY model LIMIT ${modelsMax}`,
      [seenWithinS],
    );
    return rows;
  }
}

function stored({ tenant_id, request_id, value, headers }: OutcomeRow): StoredOutcome {
  const parsed: Readonly<Record<string, string>> = JSON.parse(headers);
  return { tenantId: tenant_id, requestId: request_id, value, headers: parsed };
}
