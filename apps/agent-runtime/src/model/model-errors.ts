import { BackboneError } from '@chorda/kernel';

/** A model gave no answer. The message is for people and holds nothing of the prompt. */
export abstract class ModelError extends BackboneError {
  /** What the server asked to wait. */
  readonly retryAfterMs: number | undefined = undefined;
}

/** 429: too much was asked by this key. */
export class ModelRateLimitedError extends ModelError {
  readonly code = 'MODEL_RATE_LIMITED';
  readonly retriable = true;

  constructor(
    override readonly retryAfterMs: number | undefined,
    options?: ErrorOptions,
  ) {
    super('The model server limits the rate of requests', options);
  }
}

/** 503 and its kin: the server has no room, or is not up yet. */
export class ModelOverloadedError extends ModelError {
  readonly code = 'MODEL_OVERLOADED';
  readonly retriable = true;

  constructor(
    status: number,
    override readonly retryAfterMs: number | undefined,
    options?: ErrorOptions,
  ) {
    super(`The model server takes no requests at the moment (${status})`, options);
  }
}

/** Any other 5xx, and a server that cannot be reached. */
export class ModelUnavailableError extends ModelError {
  readonly code = 'MODEL_UNAVAILABLE';
  readonly retriable = true;

  constructor(what: string, options?: ErrorOptions) {
    super(`The model server ${what}`, options);
  }
}

export class ModelTimedOutError extends ModelError {
  readonly code = 'MODEL_TIMED_OUT';
  readonly retriable = true;

  constructor(timeoutMs: number, options?: ErrorOptions) {
    super(`The model gave no whole answer within ${timeoutMs} ms`, options);
  }
}

/** The connection ended before the answer did. What had come by then is worth nothing. */
export class ModelStreamCutError extends ModelError {
  readonly code = 'MODEL_STREAM_CUT';
  readonly retriable = true;

  constructor(options?: ErrorOptions) {
    super('The answer of the model ended before it was whole', options);
  }
}

/** The answer cannot be understood, or is past the bound that it may have. */
export class ModelAnswerUnusableError extends ModelError {
  readonly code = 'MODEL_ANSWER_UNUSABLE';
  readonly retriable = true;

  constructor(why: string, options?: ErrorOptions) {
    super(`The answer of the model is of no use: ${why}`, options);
  }
}

/** The prompt and what may be generated do not fit into the model's context. */
export class ModelContextTooLongError extends ModelError {
  readonly code = 'MODEL_CONTEXT_TOO_LONG';
  readonly retriable = false;

  constructor(options?: ErrorOptions) {
    super('The conversation and its answer do not fit into the context of the model', options);
  }
}

/** 400, 404, 422: the same request would be refused again. */
export class ModelRefusedError extends ModelError {
  readonly code = 'MODEL_REFUSED';
  readonly retriable = false;

  /** @param parameter What the server named as the reason, such as `temperature`. */
  constructor(status: number, parameter: string | undefined, options?: ErrorOptions) {
    super(`The model server refuses the request (${status})${parameter ? `: ${parameter} is not valid` : ''}`, options);
  }
}

export class ModelUnknownError extends ModelError {
  readonly code = 'MODEL_UNKNOWN';
  readonly retriable = false;

  constructor(model: string, options?: ErrorOptions) {
    super(`The model server has no model named ${model.slice(0, 200)}`, options);
  }
}

/** 401, 403: the key of the deployment is wrong, not the request. */
export class ModelAccessError extends ModelError {
  readonly code = 'MODEL_ACCESS_DENIED';
  readonly retriable = false;

  constructor(status: number, options?: ErrorOptions) {
    super(`The model server does not accept the key of this deployment (${status})`, options);
  }
}

/** Whoever asked has stopped waiting. */
export class ModelAbortedError extends ModelError {
  readonly code = 'MODEL_ABORTED';
  readonly retriable = true;

  constructor(options?: ErrorOptions) {
    super('The question to the model was withdrawn', options);
  }
}
