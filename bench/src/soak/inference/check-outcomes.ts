import { waitFor } from '../../backbone.js';
import type { InferenceGround } from '../../inference/inference-ground.js';

/** Calls of workers that are gone are accounted once these were silent for 15 s. */
const settledWithinMs = 120_000;
const shownMax = 20;

/** Guarantee 10, for requests that all have an outcome by now. @returns What does not hold. */
export async function checkOutcomes(
  ground: InferenceGround,
  ids: readonly string[],
  cancelled: readonly string[],
): Promise<readonly string[]> {
  const anomalies: string[] = [];
  await waitFor('Every attempt is accounted and every record published', settledWithinMs, async () => {
    const open = await ground.pool.query('SELECT FROM inference_attempts WHERE settled_at IS NULL LIMIT 1');
    const left = await ground.pool.query('SELECT FROM inference_outbox LIMIT 1');
    return open.rowCount === 0 && left.rowCount === 0;
  }).catch((error: unknown) => anomalies.push(String(error)));
  await ground.read();
  for (const id of ids) anomalies.push(...ofOne(ground, id, cancelled));
  const { rows } = await ground.pool.query<{ count: string }>('SELECT count(*) FROM inference_outcomes');
  if (Number(rows[0]?.count) !== ids.length) anomalies.push(`${rows[0]?.count} outcomes for ${ids.length} requests`);
  return [...anomalies, ...(await ofReadModel(ground, ids))];
}

function ofOne(ground: InferenceGround, id: string, cancelled: readonly string[]): readonly string[] {
  const anomalies: string[] = [];
  const { bodies, types, usages } = ground.answered.get(id) ?? { bodies: new Set(), types: new Set(), usages: [] };
  if (bodies.size !== 1) anomalies.push(`${id}: ${bodies.size} distinct outcomes`);
  const isCompleted = types.has('inference.completed');
  if (isCompleted && usages.filter(({ status }) => status === 'completed').length !== 1)
    anomalies.push(`${id}: an answer without its usage, or with two`);
  if (!isCompleted && !cancelled.includes(id)) anomalies.push(`${id}: ended as ${[...types].join()}`);
  const attempts = usages.map(({ attempt }) => attempt);
  if (new Set(attempts).size < attempts.length) anomalies.push(`${id}: an attempt is accounted twice`);
  return anomalies;
}

interface Row {
  readonly request_id: string;
  readonly status: string;
  readonly billed_attempts: number;
}

/** One row a request, with what the log says of it. */
async function ofReadModel(ground: InferenceGround, ids: readonly string[]): Promise<readonly string[]> {
  const read = async () => {
    const text = 'SELECT request_id, status, billed_attempts FROM inference_requests WHERE request_id = ANY($1)';
    return (await ground.pool.query<Row>(text, [ids])).rows;
  };
  const differs = ({ request_id: id, status, billed_attempts }: Row) => {
    const told = ground.answered.get(id);
    return !told?.types.has(`inference.${status}`) || Number(billed_attempts) !== told.usages.length;
  };
  await waitFor('The read model has caught up', settledWithinMs, async () => {
    const rows = await read();
    return rows.length >= ids.length && !rows.some(differs);
  }).catch(() => undefined);
  const rows = await read();
  const anomalies = rows
    .filter(differs)
    .map((row) => `${row.request_id}: ${row.status} in the read model, not so on the log`);
  if (rows.length !== ids.length) anomalies.push(`${rows.length} rows of the read model for ${ids.length} requests`);
  return anomalies.slice(0, shownMax);
}
