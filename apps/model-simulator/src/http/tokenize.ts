import { renderChat } from '../text/chat-template.js';
import { decode, encode, tokenBytes } from '../text/tokenizer.js';
import { badRequest } from './answer-error.js';
import { readMessages } from './chat/chat-messages.js';
import type { Exchange } from './exchange.js';
import { Fields } from './fields.js';
import { sendJson } from './reply.js';

/** `POST /tokenize`: a prompt, or the messages of a chat. */
export async function tokenize(exchange: Exchange): Promise<void> {
  const fields = new Fields(await exchange.body());
  const model = exchange.model(fields);
  const prompt = fields.text('prompt');
  const showsTexts = fields.flag('return_token_strs') ?? false;
  const addsGenerationPrompt = fields.flag('add_generation_prompt') ?? true;
  fields.check();
  const tokens =
    prompt === undefined ? renderChat(readMessages(fields, model.name), addsGenerationPrompt) : encode(prompt);
  sendJson(
    exchange.response,
    200,
    {
      count: tokens.length,
      max_model_len: model.engine.settings.modelTokensMax,
      tokens: [...tokens],
      token_strs: showsTexts ? [...tokens].map((token) => Buffer.from(tokenBytes(token)).toString('utf8')) : null,
    },
    exchange.headers,
  );
}

/** `POST /detokenize`. */
export async function detokenize(exchange: Exchange): Promise<void> {
  const fields = new Fields(await exchange.body());
  exchange.model(fields);
  if (fields.required('tokens') !== undefined && fields.list('tokens') === undefined) fields.check();
  const tokens = fields.integers('tokens');
  fields.check();
  try {
    sendJson(exchange.response, 200, { prompt: decode(tokens) }, exchange.headers);
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`Token id ${error.message} is out of vocabulary`, 'tokens');
    throw error;
  }
}
