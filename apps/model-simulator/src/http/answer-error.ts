/** An answer that is no success, in one of the shapes that vLLM has for it. */
export class AnswerError extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${status}`);
  }
}

export function errorBody(message: string, type: string, param: string | null, code: number): object {
  return { error: { message, type, param, code } };
}

/** A value that breaks a rule of the model or the engine. */
export function badRequest(message: string, param: string | null = null): AnswerError {
  return new AnswerError(400, errorBody(message, 'BadRequestError', param, 400));
}

/** The same, in the words in which vLLM names the parameter and its value. */
export function badParameter(name: string, rule: string, value: string): AnswerError {
  return badRequest(`${rule} (parameter=${name}, value=${value})`, name);
}

export function unknownModel(model: string, known: readonly string[]): AnswerError {
  const message = `The model \`${model}\` does not exist. Valid aliases: ${known.join(', ')}.`;
  return new AnswerError(404, errorBody(message, 'NotFoundError', 'model', 404));
}

export function overloaded(): AnswerError {
  const message =
    'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.';
  return new AnswerError(503, errorBody(message, 'Service Unavailable', null, 503));
}

/** What FastAPI says about a path that it does not have. */
export function noSuchRoute(): AnswerError {
  return new AnswerError(404, { detail: 'Not Found' });
}

export function wrongMethod(allowed: string): AnswerError {
  return new AnswerError(405, { detail: 'Method Not Allowed' }, { allow: allowed });
}

/** One thing that is wrong with the form of a body, as pydantic tells it. */
export interface FormIssue {
  readonly type: string;
  readonly loc: string;
  readonly msg: string;
  /** As Python would print it. */
  readonly input: string;
  readonly ctx?: string;
}

export function badForm(issues: readonly FormIssue[]): AnswerError {
  const lines = issues.map(({ type, loc, msg, input, ctx }) => {
    const more = ctx === undefined ? '' : `, 'ctx': {'error': '${ctx}'}`;
    return `  {'type': '${type}', 'loc': '${loc}', 'msg': '${msg}', 'input': ${input}${more}}`;
  });
  const message = `${issues.length} validation error${issues.length === 1 ? '' : 's'}:\n${lines.join('\n')}`;
  return new AnswerError(400, errorBody(message, 'Bad Request', issues[0]?.loc ?? null, 400));
}
