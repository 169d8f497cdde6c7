import OpenAI from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParams, ChatCompletionMessageParam } from 'openai/resources';
import { ChatAssembly } from './chat-assembly.js';
import { ModelAnswerUnusableError, ModelStreamCutError } from './model-errors.js';
import type {
  AskOptions,
  ChatAnswer,
  ChatMessage,
  ChatRequest,
  CompletionAnswer,
  CompletionRequest,
  EmbeddingAnswer,
  EmbeddingRequest,
  ModelPort,
  ModelUsage,
  OfferedTool,
  Sampling,
} from './model-port.js';
import { toModelError } from './to-model-error.js';

export interface OpenAiModelOptions {
  /** With its `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Asked where a request names none; left out: the first that the server lists. */
  readonly defaultModel: string | undefined;
  readonly defaultEmbeddingModel: string | undefined;
}

/** A stand-in says so in this header of every answer. */
const simulatedHeader = 'x-chorda-simulated';

interface Reply<Data> {
  readonly data: Data;
  readonly response: Response;
}

/** Any server that speaks the HTTP API of OpenAI: OpenAI itself, vLLM, or the simulator. It asks once; who asks, retries. */
export class OpenAiModel implements ModelPort {
  private readonly client: OpenAI;
  private firstModel: string | undefined;

  constructor(private readonly options: OpenAiModelOptions) {
    this.client = new OpenAI({
      baseURL: options.baseUrl,
      // Servers without keys take any; an empty one makes the library look into the environment.
      apiKey: options.apiKey ?? 'none',
      organization: null,
      project: null,
      maxRetries: 0,
      // Its log would hold prompts.
      logLevel: 'off',
    });
  }

  async chat(request: ChatRequest, options: AskOptions): Promise<ChatAnswer> {
    const model = await this.modelOf(request.model, this.options.defaultModel, options);
    const body = { ...chatInput(request), model };
    const { onText } = options;
    if (onText) return this.streamChat(body, model, { ...options, onText });
    return this.ask(model, options, async (init) => {
      const { data, response } = await this.client.chat.completions
        .create({ ...body, stream: false }, init)
        .withResponse();
      const choice = data.choices?.[0];
      if (!choice?.message) throw new ModelAnswerUnusableError('it has no choice');
      return {
        ...answerOf({ data, response }, data.usage),
        content: choice.message.content ?? null,
        toolCalls: (choice.message.tool_calls ?? []).flatMap((call) =>
          call.type === 'function' ? [{ id: call.id, ...call.function }] : [],
        ),
        finishReason: String(choice.finish_reason ?? 'stop'),
      };
    });
  }

  async complete(request: CompletionRequest, options: AskOptions): Promise<CompletionAnswer> {
    const model = await this.modelOf(request.model, this.options.defaultModel, options);
    return this.ask(model, options, async (init) => {
      const body = { ...completionInput(request), model, stream: false } as const;
      const { data, response } = await this.client.completions.create(body, init).withResponse();
      const choice = data.choices?.[0];
      if (choice === undefined) throw new ModelAnswerUnusableError('it has no choice');
      const finishReason = String(choice.finish_reason ?? 'stop');
      return { ...answerOf({ data, response }, data.usage), text: choice.text, finishReason };
    });
  }

  async embed(request: EmbeddingRequest, options: AskOptions): Promise<EmbeddingAnswer> {
    const model = await this.modelOf(request.model, this.options.defaultEmbeddingModel, options);
    return this.ask(model, options, async (init) => {
      const { texts } = request;
      const body = { ...embeddingInput(request), model };
      const { data, response } = await this.client.embeddings.create(body, init).withResponse();
      const vectors =
        data.data?.toSorted((one, other) => one.index - other.index).map(({ embedding }) => embedding) ?? [];
      if (vectors.length !== texts.length) {
        throw new ModelAnswerUnusableError(`it has ${vectors.length} vectors for ${texts.length} texts`);
      }
      const usage = { ...data.usage, completion_tokens: 0 };
      return { ...answerOf({ data: { id: '', model: data.model }, response }, usage), vectors };
    });
  }

  models(options: AskOptions): Promise<readonly string[]> {
    return this.ask('', options, async (init) => (await this.client.models.list(init)).data.map(({ id }) => id));
  }

  private async modelOf(named: string | undefined, usual: string | undefined, options: AskOptions): Promise<string> {
    const known = named ?? usual ?? this.firstModel;
    if (known !== undefined) return known;
    const [first] = await this.models(options);
    if (first === undefined) throw new ModelAnswerUnusableError('the server lists no model');
    this.firstModel = first;
    return first;
  }

  private streamChat(
    body: Omit<ChatCompletionCreateParams, 'stream'>,
    model: string,
    options: AskOptions & { readonly onText: (text: string) => void },
  ): Promise<ChatAnswer> {
    return this.ask(model, options, async (init, begun) => {
      const streamed = { ...body, stream: true, stream_options: { include_usage: true } } as const;
      const { data: chunks, response } = await this.client.chat.completions.create(streamed, init).withResponse();
      begun();
      const assembly = new ChatAssembly();
      let last: ChatCompletionChunk | undefined;
      for await (const chunk of chunks) {
        last = chunk;
        const text = assembly.add(chunk);
        if (text !== '') options.onText(text);
      }
      // A connection that closes without a word ends the iteration like a whole answer does.
      if (last === undefined || !assembly.isWhole) throw new ModelStreamCutError();
      return { ...answerOf({ data: last, response }, assembly.usage), ...assembly.answer() };
    });
  }

  private async ask<Answer>(
    model: string,
    { signal, timeoutMs, requestId }: AskOptions,
    send: (init: OpenAI.RequestOptions, begun: () => void) => Promise<Answer>,
  ): Promise<Answer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    let hasBegun = false;
    try {
      return await send(
        {
          signal: AbortSignal.any([signal, timeout]),
          // The signal ends the body too; the library's own ends with the headers.
          timeout: timeoutMs + 1_000,
          ...(requestId !== undefined && { headers: { 'x-request-id': requestId } }),
        },
        () => (hasBegun = true),
      );
    } catch (error) {
      throw toModelError(error, { model, timeoutMs, timeout, signal, hasBegun });
    }
  }
}

/** Of a request for a chat all but the model, as the API takes it. */
export function chatInput(request: ChatRequest): Omit<ChatCompletionCreateParams, 'stream' | 'model'> {
  const { tools = [], toolChoice, responseSchema } = request;
  return {
    ...samplingBody(request),
    messages: request.messages.map(asMessage),
    ...(tools.length > 0 && { tools: tools.map(asTool) }),
    ...(toolChoice !== undefined && {
      tool_choice:
        typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: { name: toolChoice.name } },
    }),
    ...(responseSchema && {
      response_format: {
        type: 'json_schema',
        json_schema: { name: responseSchema.name, schema: Object(responseSchema.schema), strict: true },
      },
    }),
  };
}

/** Of a request to go on with a text all but the model. */
export function completionInput(request: CompletionRequest) {
  return { ...samplingBody(request), prompt: request.prompt };
}

/** Of a request for vectors all but the model. */
export function embeddingInput({ texts, dimensions }: EmbeddingRequest) {
  return { input: [...texts], encoding_format: 'float' as const, ...(dimensions && { dimensions }) };
}

/** What a conversation holds was written by this API, or is checked by the server that reads it. */
function asMessage(message: ChatMessage): ChatCompletionMessageParam {
  const untyped: object = message;
  return untyped as ChatCompletionMessageParam;
}

function asTool({ name, description, parameters }: OfferedTool) {
  return {
    type: 'function' as const,
    function: {
      name,
      ...(description && { description }),
      ...(parameters !== undefined && parameters !== null && { parameters: Object(parameters) }),
    },
  };
}

function samplingBody({ completionTokensMax, temperature, topP, seed, stop }: Sampling) {
  return {
    ...(completionTokensMax !== undefined && { max_tokens: completionTokensMax }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(seed !== undefined && { seed }),
    ...(stop !== undefined && { stop: [...stop] }),
  };
}

interface UsageGiven {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
}

function answerOf(
  { data, response }: Reply<{ readonly id: string; readonly model: string }>,
  usage: UsageGiven | null | undefined,
) {
  return {
    id: data.id,
    model: data.model,
    usage: usageOf(usage),
    isSimulated: response.headers.get(simulatedHeader) === 'true',
  };
}

export function usageOf(usage: UsageGiven | null | undefined): ModelUsage {
  return {
    promptTokens: usage?.prompt_tokens ?? 0,
    cachedPromptTokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: usage?.completion_tokens ?? 0,
  };
}
