import type { ServedModel } from '../engine/served-models.js';
import type { Exchange } from './exchange.js';
import { hexId } from './ids.js';
import { sendJson } from './reply.js';

/** `GET /v1/models`: the models, then the adapters on them. */
export function listModels({ simulator, response, headers }: Exchange): void {
  const created = simulator.startedSeconds;
  const data = simulator.models.list().map((model) => describe(model, created));
  sendJson(response, 200, { object: 'list', data }, headers);
}

function describe({ name, lora, engine }: ServedModel, created: number): object {
  return {
    id: name,
    object: 'model',
    created,
    owned_by: 'chorda-model-simulator',
    root: lora?.path ?? name,
    parent: lora?.base ?? null,
    max_model_len: engine.settings.modelTokensMax,
    permission: [
      {
        id: `modelperm-${hexId()}`,
        object: 'model_permission',
        created,
        allow_create_engine: false,
        allow_sampling: true,
        allow_logprobs: true,
        allow_search_indices: false,
        allow_view: true,
        allow_fine_tuning: false,
        organization: '*',
        group: null,
        is_blocking: false,
      },
    ],
  };
}
