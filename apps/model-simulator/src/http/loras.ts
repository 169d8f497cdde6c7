import { AnswerError, errorBody, noSuchRoute } from './answer-error.js';
import type { Exchange } from './exchange.js';
import { Fields } from './fields.js';
import { sendText } from './reply.js';

const namePattern = /^[\w./:@-]{1,200}$/;

/** `POST /v1/load_lora_adapter`. */
export async function loadLora(exchange: Exchange): Promise<void> {
  const { models, settings } = exchange.simulator;
  if (!settings.allowsLoraUpdates) throw noSuchRoute();
  const fields = new Fields(await exchange.body());
  const [name, path] = [fields.text('lora_name'), fields.text('lora_path')];
  const base = fields.text('base_model_name') ?? settings.models[0] ?? '';
  fields.check();
  if (!name || !path) throw invalid("Both 'lora_name' and 'lora_path' must be provided.");
  if (!namePattern.test(name)) throw invalid("'lora_name' must hold letters, digits and _ . / : @ - alone.");
  if (models.find(name) !== undefined) throw invalid(`The lora adapter '${name}' has already been loaded.`);
  if (!models.load({ name, base, path })) throw invalid(`The lora adapter '${name}' finds no base model '${base}'.`);
  sendText(exchange.response, 200, `Success: LoRA adapter '${name}' added successfully.`, 'text/plain; charset=utf-8');
}

/** `POST /v1/unload_lora_adapter`. */
export async function unloadLora(exchange: Exchange): Promise<void> {
  const { models, settings } = exchange.simulator;
  if (!settings.allowsLoraUpdates) throw noSuchRoute();
  const fields = new Fields(await exchange.body());
  const name = fields.text('lora_name');
  fields.check();
  if (!name) throw invalid("'lora_name' needs to be provided to unload a LoRA adapter.");
  if (!models.unload(name)) {
    const message = `The lora adapter '${name}' cannot be found.`;
    throw new AnswerError(404, errorBody(message, 'NotFoundError', null, 404));
  }
  sendText(
    exchange.response,
    200,
    `Success: LoRA adapter '${name}' removed successfully.`,
    'text/plain; charset=utf-8',
  );
}

function invalid(message: string): AnswerError {
  return new AnswerError(400, errorBody(message, 'InvalidUserInput', null, 400));
}
