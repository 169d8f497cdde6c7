import type pg from 'pg';

/** A model that a server of the deployment answers with. */
export interface ServedModel {
  readonly provider: string;
  readonly replica: string;
  readonly model: string;
  readonly maxModelLen: number | undefined;
  readonly root: string | undefined;
  readonly parent: string | undefined;
}

/** Which models there are, as workers find them. Of the deployment: every tenant may ask for each. */
export class InferenceModelRepository {
  constructor(private readonly pool: pg.Pool) {}

  async seen(models: readonly ServedModel[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO inference_models (provider, replica, model, max_model_len, root, parent, seen_at)
       SELECT *, now() FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
       ORDER BY 1, 2, 3
       ON CONFLICT (provider, replica, model) DO UPDATE SET max_model_len = excluded.max_model_len,
         root = excluded.root, parent = excluded.parent, seen_at = excluded.seen_at`,
      [
        models.map(({ provider }) => provider),
        models.map(({ replica }) => replica),
        models.map(({ model }) => model),
        models.map(({ maxModelLen }) => maxModelLen ?? null),
        models.map(({ root }) => root ?? null),
        models.map(({ parent }) => parent ?? null),
      ],
    );
  }
}
