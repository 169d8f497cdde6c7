import { controlRoutes } from '../control/control-routes.js';
import { metricsPage } from '../metrics/metrics-page.js';
import { chatCompletions } from './chat/chat-completions.js';
import { completions } from './completions/completions.js';
import { embeddings } from './embeddings.js';
import type { Exchange } from './exchange.js';
import { loadLora, unloadLora } from './loras.js';
import { listModels } from './models.js';
import { sendJson, sendText } from './reply.js';
import { simulatedVersion } from './simulator.js';
import { detokenize, tokenize } from './tokenize.js';

export type Route = (exchange: Exchange) => void | Promise<void>;

/** Path, then method. */
export const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/v1/chat/completions': { POST: chatCompletions },
  '/v1/completions': { POST: completions },
  '/v1/embeddings': { POST: embeddings },
  '/v1/models': { GET: listModels },
  '/v1/load_lora_adapter': { POST: loadLora },
  '/v1/unload_lora_adapter': { POST: unloadLora },
  '/tokenize': { POST: tokenize },
  '/detokenize': { POST: detokenize },
  '/health': { GET: ({ response }) => sendText(response, 200, '', undefined) },
  '/ping': { GET: ({ response }) => sendText(response, 200, '', undefined) },
  '/version': {
    GET: ({ response, headers }) => sendJson(response, 200, { version: simulatedVersion }, headers),
  },
  '/metrics': {
    GET: ({ response, simulator }) =>
      sendText(
        response,
        200,
        metricsPage(simulator.models.engines, simulator.counters),
        'text/plain; version=1.0.0; charset=utf-8',
      ),
  },
  ...controlRoutes,
};
