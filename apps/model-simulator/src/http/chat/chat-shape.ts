import type { Delta } from '../../model/delta-cursor.js';
import { logprobsAt, type TokenLogprob } from '../../model/logprobs.js';
import type { AnswerShape, Choice, TokenPlace, Usage } from '../generation.js';
import { hexId } from '../ids.js';
import { streamUsageBody, usageBody } from '../usage.js';

export interface ChatShapeOptions {
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
  readonly fingerprint: string;
  readonly showsDetails: boolean;
  readonly includesUsage: boolean;
  readonly repeatsUsage: boolean;
  /** Undefined: no logprobs; else how many beside the one that was taken. */
  readonly topLogprobs: number | undefined;
  /** vLLM ends a call that was forced by name with `stop`, any other with `tool_calls`. */
  readonly isCallForced: boolean;
  /** Beside a call that was the model's own choice an empty text is `null`; beside one it had to make it is empty. */
  readonly isCallChosen: boolean;
}

/** Bodies and chunks of `/v1/chat/completions`, field for field as vLLM 0.32 sends them. */
export class ChatShape implements AnswerShape {
  private readonly callIds = new Map<string, string>();
  private readonly head: string;

  constructor(
    private readonly options: ChatShapeOptions,
    private readonly choices: readonly Choice[],
  ) {
    const { id, createdSeconds: created, model } = options;
    // The same for every chunk: written once.
    this.head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1);
  }

  opening({ index }: Choice): string {
    const choice = { index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null };
    return `${this.head},"choices":[${JSON.stringify(choice)}],"prompt_token_ids":null,"prompt_text":null}`;
  }

  token(choice: Choice, delta: Delta | undefined, { position, isLast, usage }: TokenPlace): string | undefined {
    // A token of a call's syntax says nothing, unless it is the last.
    if (delta === undefined && !isLast) return undefined;
    const { options } = this;
    const body = JSON.stringify(this.deltaBody(choice, delta));
    const logprobs =
      options.topLogprobs === undefined ? 'null' : JSON.stringify(this.logprobs(choice, position, position + 1));
    const finish = isLast
      ? `"${this.finishReason(choice)}","stop_reason":${JSON.stringify(choice.plan.stopReason)}`
      : 'null';
    const end =
      (options.repeatsUsage ? `,"usage":${JSON.stringify(streamUsageBody(usage(), options.showsDetails))}` : '') +
      (isLast && !options.includesUsage ? `,"system_fingerprint":"${options.fingerprint}"` : '');
    return `${this.head},"choices":[{"index":${choice.index},"delta":${body},"logprobs":${logprobs},"finish_reason":${finish},"token_ids":null}]${end}}`;
  }

  usage(usage: Usage): string {
    const { showsDetails, fingerprint } = this.options;
    const body = JSON.stringify(streamUsageBody(usage, showsDetails));
    return `${this.head},"choices":[],"usage":${body},"system_fingerprint":"${fingerprint}"}`;
  }

  whole(usage: Usage | undefined): object {
    const { id, createdSeconds, model, fingerprint, showsDetails } = this.options;
    return {
      id,
      object: 'chat.completion',
      created: createdSeconds,
      model,
      choices: this.choices.map((choice) => this.wholeChoice(choice)),
      service_tier: null,
      system_fingerprint: fingerprint,
      ...(usage !== undefined && { usage: usageBody(usage, showsDetails) }),
      prompt_logprobs: null,
      prompt_token_ids: null,
      prompt_text: null,
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    };
  }

  private wholeChoice(choice: Choice): object {
    const { plan, index } = choice;
    const calls = plan.calls.map(({ name, arguments: text }, call) => ({
      id: this.callId(index, call),
      type: 'function',
      function: { name, arguments: text },
    }));
    return {
      index,
      message: {
        role: 'assistant',
        content: plan.text === '' && calls.length > 0 && this.options.isCallChosen ? null : plan.text,
        refusal: null,
        annotations: null,
        audio: null,
        function_call: null,
        ...(calls.length > 0 && { tool_calls: calls }),
        reasoning: null,
      },
      logprobs: this.options.topLogprobs === undefined ? null : this.logprobs(choice, 0, plan.tokens.length),
      finish_reason: this.finishReason(choice),
      stop_reason: plan.stopReason,
      token_ids: null,
      routed_experts: null,
    };
  }

  private deltaBody({ index }: Choice, delta: Delta | undefined): object {
    switch (delta?.kind) {
      case 'text':
        return { content: delta.text };
      case 'call': {
        const call = {
          id: this.callId(index, delta.call),
          type: 'function',
          index: delta.call,
          function: { name: delta.name },
        };
        return { content: null, tool_calls: [call] };
      }
      case 'arguments':
        return { content: null, tool_calls: [{ index: delta.call, function: { arguments: delta.text } }] };
      default:
        return {};
    }
  }

  private finishReason({ plan }: Choice): string {
    return plan.calls.length > 0 && plan.finishReason === 'stop' && !this.options.isCallForced
      ? 'tool_calls'
      : plan.finishReason;
  }

  private callId(index: number, call: number): string {
    const place = `${index}/${call}`;
    const id = this.callIds.get(place) ?? `chatcmpl-tool-${hexId()}`;
    this.callIds.set(place, id);
    return id;
  }

  private logprobs({ plan }: Choice, from: number, to: number): object {
    const others = this.options.topLogprobs ?? 0;
    const shown = ({ token, logprob, bytes }: TokenLogprob) => ({ token, logprob, bytes });
    const content = [...plan.tokens.subarray(from, to)].map((token, offset) => {
      const all = logprobsAt(token, from + offset, Math.max(1, others)).map(shown);
      return { ...all[0], top_logprobs: all.slice(0, others) };
    });
    return { content };
  }
}
