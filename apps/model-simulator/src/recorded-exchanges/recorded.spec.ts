import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { startModelSimulator, type ModelSimulator } from '../index.js';

const folder = new URL('../../recorded/vllm-0.32/', import.meta.url);

const exchangeSchema = z.object({
  request: z.object({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.unknown(),
  }),
  response: z.object({
    status: z.number(),
    headers: z.record(z.string(), z.string()),
    body: z.unknown().optional(),
    sse: z.string().optional(),
    text: z.string().optional(),
  }),
});

export type RecordedExchange = z.infer<typeof exchangeSchema>;
export type Recording = 'default' | 'priority';

export function textOf(path: string): string {
  return readFileSync(new URL(path, folder), 'utf8');
}

/** Every file of a recording that holds a request and its answer, by name. */
export function recordedExchanges(recording: Recording): readonly (readonly [string, RecordedExchange])[] {
  return readdirSync(new URL(`${recording}/`, folder)).flatMap((file) => {
    if (!file.endsWith('.json')) return [];
    const read = exchangeSchema.safeParse(JSON.parse(textOf(`${recording}/${file}`)));
    return read.success ? [[file, read.data] as const] : [];
  });
}

/** A simulator with the options that the recorded server was started with. */
export function startAsRecorded(recording: Recording, tokenMs = 0): Promise<ModelSimulator> {
  const isPriority = recording === 'priority';
  return startModelSimulator({
    models: ['tiny'],
    embeddingModels: [],
    engine: {
      ...{ slots: 8, modelTokensMax: 2_048, kvBlocks: 4_096, blockTokens: 128, tokenMs },
      policy: isPriority ? 'priority' : 'fcfs',
      queuedRequestsMax: isPriority ? 12 : 0,
    },
    parsesToolCalls: isPriority,
    showsPromptTokensDetails: isPriority,
    echoesRequestIds: isPriority,
  });
}

export function send(simulator: ModelSimulator, { request }: RecordedExchange): Promise<Response> {
  const { method, path, headers, body } = request;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${simulator.url}${path}`, { method, headers, ...(method === 'GET' ? {} : { body: text }) });
}

/** Chunks of a stream; `[DONE]` stays a text. */
export function chunksOf(sse: string): readonly unknown[] {
  return sse
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''))
    .map((data): unknown => (data === '[DONE]' ? data : JSON.parse(data)));
}

/**
 * The form of a value: names in their order and kinds of values. Lists of numbers have no length, because tokens are
 * as long as they are.
 */
export function formOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.every((item) => typeof item === 'number') ? 'numbers' : items.map(formOf);
  }
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.entries(value).map(([name, one]) => [name, formOf(one)]);
}
