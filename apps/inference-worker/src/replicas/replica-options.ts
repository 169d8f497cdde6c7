import type { InferenceWorkerEnv } from '../inference-worker.env.js';
import type { ReplicaOptions } from './replica.js';

/** The simulator's own default. */
const simulatorUrl = 'http://127.0.0.1:4650/v1';

/** Servers that are configured; without any the simulator, which says in every answer what it is. */
export function replicaOptions(env: InferenceWorkerEnv): readonly ReplicaOptions[] {
  const lanes = {
    windowInitial: env.CHORDA_INFERENCE_WINDOW,
    windowMax: env.CHORDA_INFERENCE_WINDOW_MAX,
    kvUsageMax: env.CHORDA_INFERENCE_KV_PERCENT_MAX / 100,
  };
  const own = (provider: string, baseUrl: string): ReplicaOptions => ({
    ...lanes,
    ...{ provider, baseUrl, apiKey: env.CHORDA_VLLM_API_KEY, takesAnyModel: false },
  });
  const vllm = (env.VLLM_URLS ?? []).map((url) => own('vllm', url.replace(/\/+$/, '').replace(/(\/v1)?$/, '/v1')));
  if (env.OPENAI_API_KEY === undefined) return vllm.length > 0 ? vllm : [own('simulator', simulatorUrl)];
  const baseUrl = env.CHORDA_OPENAI_URL.replace(/\/+$/, '');
  return [...vllm, { ...lanes, provider: 'openai', baseUrl, apiKey: env.OPENAI_API_KEY, takesAnyModel: true }];
}
