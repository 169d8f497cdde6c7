import { z } from 'zod';
import { ModelError } from '../../model/model-errors.js';
import type { ModelPort, ModelUsage, Sampling } from '../../model/model-port.js';
import { ToolFailedError } from '../tool-errors.js';
import { defineTool, type Tool, type ToolAnswer, type ToolCall } from '../tool.js';

export interface LlmToolOptions {
  readonly model: ModelPort;
  readonly timeoutMs: number;
  readonly completionTokensMax: number;
}

const textsMax = 256;
const messagesMax = 200;
const resultBytesMax = 8_388_608;

const sampling = {
  model: z.string().min(1).max(200).optional().describe('Left out: the default of the deployment.'),
  max_tokens: z.int().min(1).optional().describe('Tokens to generate at most.'),
  temperature: z.number().min(0).max(2).optional(),
};
const chatArgs = z.strictObject({
  ...sampling,
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
    .min(1)
    .max(messagesMax),
  schema: z.record(z.string(), z.json()).optional().describe('JSON Schema that the answer has to follow.'),
});
const completeArgs = z.strictObject({ ...sampling, prompt: z.string().min(1) });
const embedArgs = z.strictObject({
  model: sampling.model,
  texts: z.array(z.string().min(1)).min(1).max(textsMax).describe('One vector is answered for each.'),
});

/** Another question to a model, as a tool. Asking twice costs twice and does nothing else: all are idempotent. */
export function llmTools(options: LlmToolOptions): readonly Tool[] {
  const { model, timeoutMs } = options;
  const bounds = { idempotent: true, timeoutMs, resultBytesMax } as const;
  const asking = ({ signal, key, onBehalf }: ToolCall) => ({
    ...{ signal, timeoutMs, requestId: key },
    ...(onBehalf && { onBehalf }),
  });
  return [
    defineTool({
      ...bounds,
      name: 'llm_chat',
      description: 'Asks a language model with a conversation. Answers text, or JSON of the given schema.',
      args: chatArgs,
      run: (args, call) =>
        answering(async () => {
          const { messages, schema } = args;
          const responseSchema = schema && { name: 'answer', schema };
          const request = { ...samplingOf(args, options), messages, ...(responseSchema && { responseSchema }) };
          const { content, finishReason, ...answer } = await model.chat(request, asking(call));
          return answerOf(answer, { content, finish_reason: finishReason });
        }),
    }),
    defineTool({
      ...bounds,
      name: 'llm_complete',
      description: 'Has a language model go on with a text.',
      args: completeArgs,
      run: (args, call) =>
        answering(async () => {
          const request = { ...samplingOf(args, options), prompt: args.prompt };
          const { text, finishReason, ...answer } = await model.complete(request, asking(call));
          return answerOf(answer, { text, finish_reason: finishReason });
        }),
    }),
    defineTool({
      ...bounds,
      name: 'llm_embed',
      description: 'Turns texts into vectors that are near to each other where the texts mean the same.',
      args: embedArgs,
      run: ({ texts, model: name }, call) =>
        answering(async () => {
          const { vectors, ...answer } = await model.embed({ texts, ...(name && { model: name }) }, asking(call));
          return answerOf(answer, { vectors: vectors.map((vector) => [...vector]) });
        }),
    }),
  ];
}

interface GivenSampling {
  readonly model?: string | undefined;
  readonly max_tokens?: number | undefined;
  readonly temperature?: number | undefined;
}

function samplingOf(given: GivenSampling, { completionTokensMax }: LlmToolOptions): Sampling {
  return {
    completionTokensMax: Math.min(given.max_tokens ?? completionTokensMax, completionTokensMax),
    ...(given.model !== undefined && { model: given.model }),
    ...(given.temperature !== undefined && { temperature: given.temperature }),
  };
}

function answerOf(
  answer: { readonly model: string; readonly usage: ModelUsage; readonly isSimulated: boolean },
  value: { readonly [name: string]: ToolAnswer['value'] },
): ToolAnswer {
  const { promptTokens, completionTokens } = answer.usage;
  const usage = { prompt_tokens: promptTokens, completion_tokens: completionTokens };
  return {
    value: { ...value, model: answer.model, simulated: answer.isSimulated, usage },
    usage: { model: answer.model, promptTokens, completionTokens },
  };
}

async function answering(ask: () => Promise<ToolAnswer>): Promise<ToolAnswer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ToolFailedError(error.code, error.message, 'none', error.retriable, { cause: error });
  }
}
