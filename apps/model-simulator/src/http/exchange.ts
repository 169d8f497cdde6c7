import type { IncomingMessage, ServerResponse } from 'node:http';
import { epochMs, type LoggedRequest } from '../control/request-log.js';
import type { ServedModel } from '../engine/served-models.js';
import { faultSchema, type Fault } from '../faults/fault.js';
import { AnswerError, errorBody, unknownModel } from './answer-error.js';
import { Fields, type JsonObject } from './fields.js';
import { hexId } from './ids.js';
import { readBody } from './request-body.js';
import type { Simulator } from './simulator.js';

export const faultHeader = 'x-simulate-fault';

/** One request that a model shall answer. */
export class Exchange {
  private readonly arrivedMs = epochMs();
  /** What the answer's header echoes. */
  readonly requestId: string;

  constructor(
    readonly simulator: Simulator,
    readonly path: string,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    const given = request.headers['x-request-id'];
    this.requestId = typeof given === 'string' && given !== '' ? given : hexId() + hexId();
  }

  get headers(): Readonly<Record<string, string>> {
    return this.simulator.settings.echoesRequestIds ? { 'x-request-id': this.requestId } : {};
  }

  /** The client's own id where it sent one, so that it can find its request again. */
  idWith(prefix: string): string {
    const given = this.request.headers['x-request-id'];
    return `${prefix}-${typeof given === 'string' && given !== '' ? given : hexId()}`;
  }

  body(): Promise<JsonObject> {
    return readBody(this.request, this.simulator.settings.bodyBytesMax);
  }

  /** @throws the 404 that names the models there are. */
  model(fields: Fields): ServedModel {
    const name = fields.text('model');
    fields.check();
    const model = this.simulator.models.find(name === '' ? undefined : name);
    if (model !== undefined) return model;
    const known = this.simulator.models.list().map((one) => one.name);
    throw unknownModel(name ?? '', known);
  }

  /** The fault that this request asks for by header, else that of a rule. */
  fault(model: string, promptText: () => string): Fault | undefined {
    const given = this.request.headers[faultHeader];
    if (typeof given !== 'string') return this.simulator.faults.take({ path: this.path, model, promptText });
    if (!this.simulator.settings.allowsControl) throw controlOff();
    let value: unknown;
    try {
      value = JSON.parse(given);
    } catch {
      value = undefined;
    }
    const read = faultSchema.safeParse(value);
    if (read.success) return read.data;
    const message = `The header ${faultHeader} must be JSON of a fault: ${read.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`;
    throw new AnswerError(400, errorBody(message, 'BadRequestError', faultHeader, 400));
  }

  /** To be filled in and logged when it is over. */
  entry(
    about: Pick<LoggedRequest, 'id' | 'model' | 'lora' | 'priority' | 'is_streamed' | 'sequences' | 'prompt_tokens'>,
  ) {
    const { id, model, lora, priority, is_streamed, sequences, prompt_tokens } = about;
    const entry: LoggedRequest = {
      id,
      path: this.path,
      model,
      lora,
      priority,
      is_streamed,
      sequences,
      arrived_ms: this.arrivedMs,
      started_ms: null,
      first_token_ms: null,
      finished_ms: this.arrivedMs,
      prompt_tokens,
      cached_tokens: 0,
      generated_tokens: 0,
      preemptions: 0,
      status: 200,
      outcome: 'stop',
      fault: null,
    };
    return entry;
  }
}

export function controlOff(): AnswerError {
  const message = 'This simulator was started without CHORDA_SIMULATOR_CONTROL=true, which this asks for.';
  return new AnswerError(403, errorBody(message, 'PermissionDeniedError', null, 403));
}
