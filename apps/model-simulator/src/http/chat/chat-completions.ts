import { planAnswer } from '../../model/answer-plan.js';
import { draftAnswer } from '../../model/draft.js';
import { renderChat } from '../../text/chat-template.js';
import { badParameter } from '../answer-error.js';
import { asAnswerError } from '../as-answer-error.js';
import { beginGeneration } from '../begin-generation.js';
import type { Exchange } from '../exchange.js';
import { Fields } from '../fields.js';
import type { Choice } from '../generation.js';
import { answerTokensMax, readSampling } from '../sampling.js';
import { fingerprint } from '../simulator.js';
import { notForEmbedding } from '../wrong-kind.js';
import { readMessages } from './chat-messages.js';
import { ChatShape } from './chat-shape.js';
import { readTools } from './chat-tools.js';

const topLogprobsMax = 20;

/** `POST /v1/chat/completions`. */
export async function chatCompletions(exchange: Exchange): Promise<void> {
  const fields = new Fields(await exchange.body());
  const model = exchange.model(fields);
  if (model.kind === 'embed') throw notForEmbedding('Chat Completions');
  const messages = readMessages(fields, model.name);
  const sampling = readSampling(fields, ['max_completion_tokens', 'max_tokens']);
  const { settings, scripts } = exchange.simulator;
  const tools = readTools(fields, settings.parsesToolCalls);
  const topLogprobs = readLogprobs(fields);
  const prompt = renderChat(messages, fields.flag('add_generation_prompt') ?? true);
  const maxTokens = answerTokensMax(prompt.length, sampling.maxTokens, model.engine.settings.modelTokensMax);
  const choices: Choice[] = asAnswerError(() =>
    Array.from({ length: sampling.n }, (_, index) => {
      const { seed, format, limits } = sampling;
      const draft = draftAnswer(
        {
          ...{ model: model.name, messages, prompt, seed, index, format },
          ...{ tools: tools.tools, toolChoice: tools.choice, allowsSeveralCalls: tools.allowsSeveralCalls },
        },
        scripts,
      );
      return { index, prompt, plan: planAnswer(draft, { ...limits, maxTokens }) };
    }),
  );
  const id = exchange.idWith('chatcmpl');
  const shape = new ChatShape(
    {
      ...{ id, model: model.name, createdSeconds: Math.floor(Date.now() / 1000), fingerprint, topLogprobs },
      showsDetails: settings.showsPromptTokensDetails,
      includesUsage: sampling.includesUsage,
      repeatsUsage: sampling.repeatsUsage,
      isCallForced: typeof tools.choice === 'object',
      isCallChosen: tools.choice === 'auto',
    },
    choices,
  );
  const promptText = () => messages.map(({ text }) => text).join('\n');
  await beginGeneration(exchange, { id, model, sampling, choices, shape, promptText });
}

function readLogprobs(fields: Fields): number | undefined {
  const isWanted = fields.flag('logprobs') ?? false;
  const top = fields.integer('top_logprobs');
  fields.check();
  if (top !== undefined && top > 0 && !isWanted) {
    throw badParameter('top_logprobs', 'when using `top_logprobs`, `logprobs` must be set to true.', String(top));
  }
  if (top !== undefined && (top < 0 || top > topLogprobsMax)) {
    const rule = `Requested sample logprobs of ${top}, which is greater than max allowed: ${topLogprobsMax}`;
    throw badParameter('top_logprobs', rule, String(top));
  }
  return isWanted ? (top ?? 0) : undefined;
}
