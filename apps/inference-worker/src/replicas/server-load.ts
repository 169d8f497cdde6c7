import type { ServerLoad } from '../scheduling/window.js';

/** Names of vLLM's figures; the older one after the newer one where they have changed. */
const names = {
  running: ['vllm:num_requests_running'],
  waiting: ['vllm:num_requests_waiting'],
  kvUsage: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'],
  preemptions: ['vllm:num_preemptions_total', 'vllm:num_preemptions'],
} as const;

/** What a page of metrics says of one model, all engines of it together; undefined: nothing that we know. */
export function readServerLoad(page: string, model: string): ServerLoad | undefined {
  const samples = samplesOf(page, model);
  const first = (of: readonly string[]) => of.map((name) => samples.get(name)).find((value) => value !== undefined);
  const [running, waiting] = [first(names.running), first(names.waiting)];
  if (running === undefined || waiting === undefined) return undefined;
  const kvUsage = first(names.kvUsage);
  return { running, waiting, kvUsage, preemptions: first(names.preemptions) ?? 0 };
}

function samplesOf(page: string, model: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const label = `model_name="${model}"`;
  for (const line of page.split('\n')) {
    if (!line.startsWith('vllm:')) continue;
    const open = line.indexOf('{');
    const close = line.lastIndexOf('}');
    // One sample a figure and engine: those that are split by another label say the same again.
    if (open < 0 || close < open || !line.slice(open, close).includes(label)) continue;
    const value = Number(
      line
        .slice(close + 1)
        .trim()
        .split(' ')[0],
    );
    const name = line.slice(0, open);
    if (Number.isFinite(value)) samples.set(name, (samples.get(name) ?? 0) + value);
  }
  return samples;
}
