import type { JsonValue } from '@chorda/kernel';
import type { ModelAsk } from '@chorda/work';

/** Where a model is asked. Whoever asks knows neither the server nor its protocol. */
export interface ModelPort {
  /** @throws ModelError */
  chat(request: ChatRequest, options: AskOptions): Promise<ChatAnswer>;
  /** @throws ModelError */
  complete(request: CompletionRequest, options: AskOptions): Promise<CompletionAnswer>;
  /** One vector a text, in their order. @throws ModelError */
  embed(request: EmbeddingRequest, options: AskOptions): Promise<EmbeddingAnswer>;
  /** Names of the models that can be asked. @throws ModelError */
  models(options: AskOptions): Promise<readonly string[]>;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  /** For the whole answer, its last byte included. */
  readonly timeoutMs: number;
  /** Sent as x-request-id, so that a request is found again in the server's own log. */
  readonly requestId?: string;
  /** Called with each piece of text as it comes; the answer is then streamed. */
  readonly onText?: (text: string) => void;
  /** Who is charged, and of which call a question over the log is a part. */
  readonly onBehalf?: OnBehalf;
}

/** Whose work asks a model. */
export interface OnBehalf extends Pick<ModelAsk, 'tenantId' | 'origin' | 'metadata'> {
  /** The same for a repeat of the same try. */
  readonly attemptToken: string;
}

/** A message of the chat API of OpenAI, as it is stored; the server checks what it holds. */
export type ChatMessage = { readonly [field: string]: JsonValue };

export interface OfferedTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters?: JsonValue;
}

export interface Sampling {
  /** Left out: the default of the deployment. */
  readonly model?: string;
  readonly completionTokensMax?: number;
  /** 0 to 2. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
}

export interface ChatRequest extends Sampling {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly OfferedTool[];
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  /** The answer is JSON of this schema. */
  readonly responseSchema?: { readonly name: string; readonly schema: JsonValue };
}

export interface CompletionRequest extends Sampling {
  readonly prompt: string;
}

export interface EmbeddingRequest {
  readonly model?: string;
  readonly texts: readonly string[];
  readonly dimensions?: number;
}

export interface ModelUsage {
  readonly promptTokens: number;
  /** Of `promptTokens`, those that came from a prefix cache; 0 where the server does not say. */
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
}

interface Answer {
  /** The server's own id of the answer. */
  readonly id: string;
  readonly model: string;
  readonly usage: ModelUsage;
  /** The answer comes from a stand-in, and no model has seen the question. */
  readonly isSimulated: boolean;
}

export interface RequestedCall {
  readonly id: string;
  readonly name: string;
  /** What the model wrote: meant to be JSON, and not always so. */
  readonly arguments: string;
}

export interface ChatAnswer extends Answer {
  readonly content: string | null;
  readonly toolCalls: readonly RequestedCall[];
  /** stop, length, tool_calls, content_filter, or a provider's own word. */
  readonly finishReason: string;
}

export interface CompletionAnswer extends Answer {
  readonly text: string;
  readonly finishReason: string;
}

export interface EmbeddingAnswer extends Answer {
  readonly vectors: readonly (readonly number[])[];
}
