import type { ServerResponse } from 'node:http';
import { epochMs, type LoggedRequest, type RequestLog, type RequestOutcome } from '../control/request-log.js';
import type { Engine } from '../engine/engine.js';
import type { Sequence } from '../engine/sequence.js';
import type { Fault } from '../faults/fault.js';
import type { AnswerPlan } from '../model/answer-plan.js';
import { DeltaCursor, type Delta } from '../model/delta-cursor.js';
import type { OwnCounters } from '../metrics/own-counters.js';
import { joined } from '../text/chat-template.js';
import { overloaded } from './answer-error.js';
import { EventStream, type UnreadBounds } from './event-stream.js';
import { sendAnswer } from './plain-answer.js';
import type { Sampling } from './sampling.js';

export interface Choice {
  readonly index: number;
  readonly prompt: Uint16Array;
  readonly plan: AnswerPlan;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  readonly createdCacheTokens: number;
}

export interface TokenPlace {
  readonly position: number;
  readonly isLast: boolean;
  /** Of the request so far. */
  readonly usage: () => Usage;
}

/** How the answers of one endpoint look. Chunks are JSON texts. */
export interface AnswerShape {
  /** What a stream says of a choice before its first token. */
  opening(choice: Choice): string | undefined;
  token(choice: Choice, delta: Delta | undefined, place: TokenPlace): string | undefined;
  usage(usage: Usage): string;
  /** Without usage where a fault takes it away. */
  whole(usage: Usage | undefined): object;
}

export interface GenerationContext {
  readonly engine: Engine;
  readonly log: RequestLog;
  readonly counters: OwnCounters;
  readonly bounds: UnreadBounds;
  readonly entry: LoggedRequest;
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  readonly fault: Fault | undefined;
  readonly lora: string | undefined;
  readonly sampling: Sampling;
  /** Those of one prompt share it, and count it once. */
  readonly choices: readonly Choice[];
  readonly shape: AnswerShape;
}

/**
 * Takes the choices of one request through the engine and answers as they come.
 *
 * It is over in one way: answered, or the client has left or was cut off, and then what still runs is aborted.
 */
export class Generation {
  private readonly sequences = new Set<Sequence>();
  private readonly events: EventStream | undefined;
  private readonly prompts: ReadonlySet<Uint16Array>;
  private readonly promptTokens: number;
  private unfinished: number;
  private isOver = false;

  constructor(private readonly context: GenerationContext) {
    const { response, headers, fault, choices, sampling, bounds } = context;
    this.unfinished = choices.length;
    this.prompts = new Set(choices.map(({ prompt }) => prompt));
    this.promptTokens = [...this.prompts].reduce((sum, prompt) => sum + prompt.length, 0);
    if (sampling.isStreamed)
      this.events = new EventStream(response, headers, fault, bounds, (isUnread) => this.cut(isUnread));
  }

  /** @throws the 503 of a full engine; then nothing was begun. */
  start(): void {
    const { engine, response, choices } = this.context;
    const promptTokens = choices.reduce((sum, { prompt }) => sum + prompt.length, 0);
    if (engine.admission(choices.length, promptTokens) !== 'admitted') throw overloaded();
    // Told also after the answer is out, when there is nothing left to abort.
    response.on('close', () => this.abort());
    this.events?.begin();
    for (const choice of choices) {
      if (this.isOver) return;
      this.submit(choice);
    }
  }

  private submit(choice: Choice): void {
    const { engine, entry, lora, sampling } = this.context;
    const { prompt, plan } = choice;
    const cursor = new DeltaCursor(plan);
    const sequence = engine.submit({
      id: entry.id,
      tokens: joined([prompt, plan.tokens]),
      promptTokens: prompt.length,
      priority: sampling.priority,
      finishReason: plan.finishReason,
      ...(lora !== undefined && { lora }),
      ...(sampling.cacheSalt !== undefined && { cacheSalt: sampling.cacheSalt }),
      isStreamed: sampling.isStreamed,
      onTokens: (running) => {
        this.sequences.add(running);
        if (this.events !== undefined) this.stream(this.events, choice, cursor, running.generated);
      },
      onFinished: (finished) => {
        this.sequences.add(finished);
        this.unfinished -= 1;
        if (this.unfinished === 0) this.finish(plan.finishReason);
      },
    });
    this.sequences.add(sequence);
  }

  private stream(events: EventStream, choice: Choice, cursor: DeltaCursor, generated: number): void {
    const { shape } = this.context;
    if (cursor.position === 0) {
      const opening = shape.opening(choice);
      if (opening !== undefined) events.chunk(opening);
    }
    const usage = () => this.usage();
    while (cursor.position < generated) {
      const { position } = cursor;
      const delta = cursor.next();
      const isLast = cursor.position === choice.plan.tokens.length;
      events.token(shape.token(choice, delta, { position, isLast, usage }));
    }
    events.flush();
  }

  private finish(outcome: RequestOutcome): void {
    if (this.isOver) return;
    const { fault, shape, response, headers, engine, sampling, choices } = this.context;
    const hasUsage = fault?.kind !== 'no_usage';
    const longest = Math.max(...choices.map(({ plan }) => plan.tokens.length));
    engine.metrics.onRequestDone(sampling, longest);
    if (this.events !== undefined) {
      if (sampling.includesUsage && hasUsage) this.events.chunk(shape.usage(this.usage()));
      this.events.end();
      if (fault?.kind === 'hang_stream') return; // Over when the client leaves.
    } else if (!sendAnswer(response, shape.whole(hasUsage ? this.usage() : undefined), headers, fault)) {
      return;
    }
    this.note(outcome);
  }

  private cut(isUnread: boolean): void {
    if (isUnread) this.context.counters.onBound('unread_bytes');
    this.abort();
  }

  private abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    // A fault cuts in the middle of a step of the engine, which cannot take an abort there.
    queueMicrotask(() => {
      for (const sequence of this.sequences) this.context.engine.abort(sequence);
      this.note('abort');
    });
  }

  private note(outcome: RequestOutcome): void {
    this.isOver = true;
    const { entry, log, fault } = this.context;
    const { completionTokens, cachedTokens } = this.usage();
    const all = [...this.sequences];
    entry.started_ms = earliest(all.map(({ startedMs }) => startedMs));
    entry.first_token_ms = earliest(all.map(({ firstTokenMs }) => firstTokenMs));
    entry.finished_ms = epochMs();
    entry.cached_tokens = cachedTokens;
    entry.generated_tokens = completionTokens;
    entry.preemptions = all.reduce((sum, { preemptions }) => sum + preemptions, 0);
    entry.outcome = outcome;
    entry.fault = fault?.kind ?? null;
    log.add(entry);
  }

  private usage(): Usage {
    let completionTokens = 0;
    let cachedTokens = 0;
    let createdCacheTokens = 0;
    for (const sequence of this.sequences) {
      completionTokens += sequence.generated;
      createdCacheTokens += sequence.createdCacheTokens;
    }
    // Of several answers to one prompt the first pays for it; the others find it in the cache.
    const [first] = this.sequences;
    if (this.prompts.size === 1) cachedTokens = first?.cachedTokens ?? 0;
    else for (const sequence of this.sequences) cachedTokens += sequence.cachedTokens;
    return { promptTokens: this.promptTokens, completionTokens, cachedTokens, createdCacheTokens };
  }
}

function earliest(times: readonly (number | undefined)[]): number | null {
  let first: number | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first === undefined ? null : epochMs(first);
}
