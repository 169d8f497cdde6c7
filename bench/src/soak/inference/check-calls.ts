import { existsSync, readFileSync } from 'node:fs';
import type { InferenceGround } from '../../inference/inference-ground.js';

interface Call {
  readonly id: string;
}

const shownMax = 20;

/**
 * Every call that a model server says it answered is accounted, as the attempt that the server was told. A server that was
 * killed tells nothing of what ran there, so this is the lesser half: no call without its usage, where the outcomes show
 * that there is no usage without a request.
 */
export function checkCalls(
  ground: InferenceGround,
  logs: readonly string[],
  asked: ReadonlySet<string>,
): readonly string[] {
  const anomalies: string[] = [];
  let calls = 0;
  for (const line of logs
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))) {
    const call = callOf(line);
    if (call === undefined) continue;
    calls += 1;
    const { requestId, attempt } = call;
    if (!asked.has(requestId)) anomalies.push(`${requestId}: a model was asked, and nobody had asked for it`);
    else if (!ground.answered.get(requestId)?.usages.some((usage) => usage.attempt === attempt))
      anomalies.push(`${requestId}: attempt ${attempt} was made and is not accounted`);
  }
  return calls === 0 ? ['the model servers have written of no call'] : anomalies.slice(0, shownMax);
}

/** Attempts after the first have their number behind the request's id. */
function callOf(line: string): { readonly requestId: string; readonly attempt: number } | undefined {
  // The last line of a server that was killed may be cut.
  if (!line.endsWith('}')) return undefined;
  const { id }: Call = JSON.parse(line);
  const [, requestId, attempt = '1'] = /^[a-z]+-([0-9a-f-]{36})(?:-(\d+))?$/.exec(id) ?? [];
  return requestId === undefined ? undefined : { requestId, attempt: Number(attempt) };
}
