import type { Delta } from '../../model/delta-cursor.js';
import { logprobsAt } from '../../model/logprobs.js';
import { decode } from '../../text/tokenizer.js';
import type { AnswerShape, Choice, TokenPlace, Usage } from '../generation.js';
import { streamUsageBody, usageBody } from '../usage.js';

export interface CompletionShapeOptions {
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
  readonly fingerprint: string;
  readonly showsDetails: boolean;
  readonly includesUsage: boolean;
  readonly repeatsUsage: boolean;
  /** Undefined: none; else how many of the likeliest tokens. */
  readonly logprobs: number | undefined;
  /** The prompt stands before the answer. */
  readonly echoes: boolean;
}

/** Bodies and chunks of `/v1/completions`, field for field as vLLM 0.32 sends them. */
export class CompletionShape implements AnswerShape {
  private readonly head: string;

  constructor(
    private readonly options: CompletionShapeOptions,
    private readonly choices: readonly Choice[],
  ) {
    const { id, createdSeconds: created, model } = options;
    this.head = JSON.stringify({ id, object: 'text_completion', created, model }).slice(0, -1);
  }

  /** A stream begins with its first token. */
  opening(): undefined {
    return undefined;
  }

  token(choice: Choice, delta: Delta | undefined, { position, isLast, usage }: TokenPlace): string {
    const { options } = this;
    const echoed = options.echoes && position === 0 ? decode([...choice.prompt]) : '';
    const text = JSON.stringify(echoed + (delta?.kind === 'text' ? delta.text : ''));
    const logprobs =
      options.logprobs === undefined ? 'null' : JSON.stringify(this.logprobs(choice, position, position + 1));
    const finish = isLast ? `"${choice.plan.finishReason}"` : 'null';
    const stop = isLast ? JSON.stringify(choice.plan.stopReason) : 'null';
    const end =
      (options.repeatsUsage ? `,"usage":${JSON.stringify(streamUsageBody(usage(), options.showsDetails))}` : '') +
      (isLast && !options.includesUsage ? `,"system_fingerprint":"${options.fingerprint}"` : '');
    return `${this.head},"choices":[{"index":${choice.index},"text":${text},"logprobs":${logprobs},"finish_reason":${finish},"stop_reason":${stop},"prompt_token_ids":null,"token_ids":null}]${end}}`;
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
      object: 'text_completion',
      created: createdSeconds,
      model,
      choices: this.choices.map((choice) => this.wholeChoice(choice)),
      service_tier: null,
      system_fingerprint: fingerprint,
      ...(usage !== undefined && { usage: usageBody(usage, showsDetails) }),
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    };
  }

  private wholeChoice(choice: Choice): object {
    const { plan, prompt, index } = choice;
    return {
      index,
      text: (this.options.echoes ? decode([...prompt]) : '') + plan.text,
      logprobs: this.options.logprobs === undefined ? null : this.logprobs(choice, 0, plan.tokens.length),
      finish_reason: plan.finishReason,
      stop_reason: plan.stopReason,
      token_ids: null,
      prompt_logprobs: null,
      prompt_token_ids: null,
      routed_experts: null,
    };
  }

  private logprobs({ plan }: Choice, from: number, to: number): object {
    const all = [...plan.tokens.subarray(from, to)].map((token, offset) =>
      logprobsAt(token, from + offset, Math.max(1, this.options.logprobs ?? 1)),
    );
    let offset = from;
    return {
      text_offset: all.map(([first]) => {
        offset += first?.token.length ?? 0;
        return offset - (first?.token.length ?? 0);
      }),
      token_logprobs: all.map(([first]) => first?.logprob ?? null),
      tokens: all.map(([first]) => first?.token ?? ''),
      top_logprobs: all.map((one) => Object.fromEntries(one.map(({ token, logprob }) => [token, logprob]))),
    };
  }
}
