import type { Answers, InferenceAnswer } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';
import { conditionsOf, printListing, type ListCommandOptions } from '../read-models/list-items.js';

export interface AskOptions {
  /** Left out: the first that workers offer. */
  readonly model?: string;
  readonly data?: string;
  readonly operation?: Answers.NewInference['operation'];
  readonly priority?: Answers.NewInference['priority'];
  readonly deadline?: number;
  readonly session?: string;
  readonly stream?: boolean;
  /** Seconds; false: `--no-wait`. */
  readonly wait?: number | false;
}

export interface CancelOptions {
  readonly reason?: string;
}

const waitSMax = 60;
/** What one request of the gateway answers at most. */
const pageSizeMax = 500;

export async function ask(context: CommandContext, text: string | undefined, options: AskOptions): Promise<void> {
  const { operation = 'chat_completion', priority, deadline, session, stream, wait } = options;
  const input_data = inputOf(operation, text, options.data);
  const model = options.model ?? (await defaultModel(context, operation));
  const request: Answers.NewInference = {
    ...{ model, operation, input_data },
    ...(priority !== undefined && { priority }),
    ...(deadline !== undefined && { deadline_ms: deadline * 1_000 }),
    ...(session !== undefined && { session_id: session }),
    ...(stream === true && { stream }),
  };
  const { inference } = gatewayClient(context.environment);
  const { signal } = context;
  if (stream !== true || wait === false) {
    const waitMs = wait === false ? 0 : Math.min(wait ?? waitSMax, waitSMax) * 1_000;
    return show(context, await inference.ask(request, { signal, waitMs }));
  }
  const { request_id } = await inference.ask(request, { signal });
  await followRequest(context, request_id);
}

/** What runs of agents that name none are answered by, too. */
async function defaultModel(
  { environment, output, signal }: CommandContext,
  operation: AskOptions['operation'],
): Promise<string> {
  const { inference } = gatewayClient(environment);
  if (operation === 'embedding') {
    throw new CommandFailure(exitCodes.usage, 'No model is named, and only texts have a default', 'Add --model NAME.');
  }
  const [first] = await inference.models({ signal });
  if (first === undefined) {
    const help = 'Look whether an inference worker runs (chorda inference models), or add --model NAME.';
    throw new CommandFailure(exitCodes.notFound, 'No model is named, and no worker offers one', help);
  }
  output.note(`Asking ${first.id}, the first model that is offered.`);
  return first.id;
}

export async function showRequest(context: CommandContext, id: string, minPosition: string | undefined): Promise<void> {
  const options = { signal: context.signal, ...(minPosition === undefined ? {} : { minPosition }) };
  const request = await gatewayClient(context.environment).inference.get(id, options);
  context.output.result(request, () => toJson(request, 2));
}

export async function listRequests(context: CommandContext, options: ListCommandOptions): Promise<void> {
  const listing = gatewayClient(context.environment).inference.list({
    where: conditionsOf(options.where),
    limit: Math.min(pageSizeMax, options.limit),
    signal: context.signal,
    ...(options.sort === undefined ? {} : { sort: options.sort }),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
    ...(options.minPosition === undefined ? {} : { minPosition: options.minPosition }),
  });
  const columns = ['request_id', 'status', 'model', 'priority', 'requested_at', 'completion_tokens', 'billed_cost_usd'];
  await printListing(context, listing, columns, options.limit);
}

export async function cancelRequest(context: CommandContext, id: string, { reason }: CancelOptions): Promise<void> {
  const { inference } = gatewayClient(context.environment);
  show(context, await inference.cancel(id, { reason, signal: context.signal }));
}

/** Messages as JSON lines, or the text as it comes. */
export async function followRequest(context: CommandContext, id: string): Promise<void> {
  const { inference } = gatewayClient(context.environment);
  for await (const message of inference.follow(id, { signal: context.signal })) {
    if (!context.output.item(message, () => toJson(message))) await context.output.drained();
  }
}

export async function showModels(context: CommandContext, name: string | undefined): Promise<void> {
  const { inference } = gatewayClient(context.environment);
  const { signal } = context;
  const models = name === undefined ? await inference.models({ signal }) : [await inference.model(name, { signal })];
  context.output.result({ models }, () =>
    models.length === 0
      ? 'None: no inference worker has offered any.'
      : context.output.table(
          ['MODEL', 'SERVED BY', 'TOKENS'],
          models.map(({ id, owned_by, max_model_len }) => [id, owned_by, String(max_model_len ?? '')]),
        ),
  );
}

function show({ output }: CommandContext, answer: InferenceAnswer): void {
  output.result(answer, () => toJson(answer, 2));
}

function inputOf(
  operation: NonNullable<AskOptions['operation']>,
  text: string | undefined,
  data: string | undefined,
): Answers.NewInference['input_data'] {
  if ((text === undefined) === (data === undefined)) {
    throw new CommandFailure(exitCodes.usage, 'What to ask is missing, or given twice', 'Give a text or --data JSON.');
  }
  if (data !== undefined) return objectOf(data);
  if (operation === 'completion') return { prompt: text };
  return operation === 'embedding' ? { input: text } : { messages: [{ role: 'user', content: text }] };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below, as of any other value that is no object.
  }
  throw new CommandFailure(exitCodes.usage, '--data is no JSON object', 'Give the body of the OpenAI API.');
}
