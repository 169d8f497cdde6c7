import { planAnswer } from '../../model/answer-plan.js';
import { draftAnswer } from '../../model/draft.js';
import { decode, encode, vocabularySize } from '../../text/tokenizer.js';
import { badForm, badParameter, badRequest } from '../answer-error.js';
import { asAnswerError } from '../as-answer-error.js';
import { beginGeneration } from '../begin-generation.js';
import type { Exchange } from '../exchange.js';
import { Fields, isIntegers, isTexts } from '../fields.js';
import type { Choice } from '../generation.js';
import { answerTokensMax, readSampling, type Sampling } from '../sampling.js';
import { fingerprint } from '../simulator.js';
import { notForEmbedding } from '../wrong-kind.js';
import { CompletionShape } from './completion-shape.js';

const promptsMax = 1_000;
const logprobsMax = 20;
/** vLLM's own default, of OpenAI's old API. */
const maxTokensDefault = 16;

/** `POST /v1/completions`. */
export async function completions(exchange: Exchange): Promise<void> {
  const fields = new Fields(await exchange.body());
  const model = exchange.model(fields);
  if (model.kind === 'embed') throw notForEmbedding('Completions');
  const prompts = readPrompts(fields);
  const sampling = { ...readSampling(fields, ['max_tokens']) };
  const logprobs = fields.integer('logprobs');
  const echoes = fields.flag('echo') ?? false;
  fields.check();
  if ((fields.body['suffix'] ?? '') !== '') throw badRequest('suffix is not currently supported', 'suffix');
  if (logprobs !== undefined && (logprobs < 0 || logprobs > logprobsMax)) {
    const rule = `Requested sample logprobs of ${logprobs}, which is greater than max allowed: ${logprobsMax}`;
    throw badParameter('logprobs', rule, String(logprobs));
  }
  const choices = asAnswerError(() =>
    plan(exchange, model.name, prompts, sampling, model.engine.settings.modelTokensMax),
  );
  const id = exchange.idWith('cmpl');
  const { showsPromptTokensDetails: showsDetails } = exchange.simulator.settings;
  const { includesUsage, repeatsUsage } = sampling;
  const createdSeconds = Math.floor(Date.now() / 1000);
  const options = {
    id,
    model: model.name,
    createdSeconds,
    fingerprint,
    showsDetails,
    includesUsage,
    repeatsUsage,
    logprobs,
    echoes,
  };
  const shape = new CompletionShape(options, choices);
  const promptText = () => prompts.map((prompt) => decode([...prompt])).join('\n');
  await beginGeneration(exchange, { id, model, sampling, choices, shape, promptText });
}

function plan(
  exchange: Exchange,
  model: string,
  prompts: readonly Uint16Array[],
  { n, seed, format, limits, maxTokens: wanted }: Sampling,
  modelTokensMax: number,
): Choice[] {
  return prompts.flatMap((prompt, place) => {
    const messages = [{ role: 'user', text: decode([...prompt]), toolCalls: [] }];
    const left = modelTokensMax - prompt.length;
    const maxTokens = answerTokensMax(prompt.length, wanted ?? Math.min(maxTokensDefault, left), modelTokensMax);
    return Array.from({ length: n }, (_, answer) => {
      const asked = { model, messages, prompt, seed, index: answer, format };
      const draft = draftAnswer(
        { ...asked, tools: [], toolChoice: 'none', allowsSeveralCalls: false },
        exchange.simulator.scripts,
      );
      return { index: place * n + answer, prompt, plan: planAnswer(draft, { ...limits, maxTokens }) };
    });
  });
}

/** A text, a list of texts, tokens, or a list of lists of tokens. */
function readPrompts(fields: Fields): readonly Uint16Array[] {
  const given = fields.required('prompt');
  fields.check();
  const prompts = promptsOf(given);
  if (prompts === undefined) {
    const msg = 'Input should be a text, a list of texts, a list of tokens or a list of lists of tokens';
    throw badForm([{ type: 'string_type', loc: 'body.prompt', msg, input: 'None' }]);
  }
  if (prompts.length > promptsMax) throw badRequest(`prompt must hold at most ${promptsMax} prompts.`, 'prompt');
  if (prompts.length === 0 || prompts.some(({ length }) => length === 0)) {
    throw badRequest('Either prompt or prompt_embeds must be provided and non-empty.', 'prompt');
  }
  return prompts;
}

export function promptsOf(given: unknown): readonly Uint16Array[] | undefined {
  if (typeof given === 'string') return [encode(given)];
  if (isTexts(given)) return given.map((text) => encode(text));
  if (isIntegers(given)) return [tokensOf(given)];
  if (!Array.isArray(given)) return undefined;
  const lists: readonly unknown[] = given;
  return lists.every(isIntegers) ? lists.map((list) => tokensOf(isIntegers(list) ? list : [])) : undefined;
}

function tokensOf(ids: readonly number[]): Uint16Array {
  const wrong = ids.find((id) => id < 0 || id >= vocabularySize);
  if (wrong !== undefined) throw badRequest(`Token id ${wrong} is out of vocabulary`, 'prompt');
  return Uint16Array.from(ids);
}
