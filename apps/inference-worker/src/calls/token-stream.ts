import type { DeltaCodec, JsonText } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import type { RequestContext, RequestOrigin } from '../outcomes/outcome-events.js';
import { workerSource } from '../outcomes/outcome-events.js';
import type { WorkerMetrics } from '../worker-metrics.js';

export interface TokenStreamParts {
  readonly producer: Producer;
  readonly codec: DeltaCodec;
  readonly metrics: WorkerMetrics;
}

const chunksMax = 16;
const waitMsMax = 40;

/**
 * Sends parts of an answer on as they come: the first at once, the others together, at most 16 and at most 40 ms late.
 * What cannot be sent on is left out and counted: the outcome has the whole answer.
 */
export class TokenStream {
  private waiting: JsonText[] = [];
  private timer: NodeJS.Timeout | undefined;
  private sequence = 0;

  constructor(
    private readonly parts: TokenStreamParts,
    private readonly context: RequestContext,
    private readonly requestId: RequestOrigin['request_id'],
    private readonly attempt: number,
  ) {}

  add(chunk: JsonText): void {
    this.waiting.push(chunk);
    if (this.sequence === 0 || this.waiting.length >= chunksMax) this.flush(false);
    else this.timer ??= setTimeout(() => this.flush(false), waitMsMax);
  }

  /** The attempt has ended: well, or so that nothing more will come of it. */
  end(isWhole: boolean): void {
    if (isWhole || this.waiting.length > 0) this.flush(isWhole);
    clearTimeout(this.timer);
  }

  private flush(end: boolean): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const chunks = this.waiting;
    this.waiting = [];
    const { codec, producer, metrics } = this.parts;
    const sequence = this.sequence++;
    // The first record of a later attempt says that what came before it is void.
    const voided = sequence === 0 && this.attempt > 1 ? this.attempt - 1 : null;
    const { attempt, requestId: request_id } = this;
    try {
      const { topic, key, value, headers } = codec.encode({
        delta: {
          type: 'inference.tokens_generated',
          data: { request_id, attempt, sequence, voided_attempt: voided, chunks, end },
        },
        metadata: { ...this.context, id: newId(), source: workerSource, subject: request_id, timeMs: Date.now() },
      });
      metrics.tokenRecords.inc();
      producer.send({ topic, key, value, headers }).catch(() => metrics.tokensDropped.inc());
    } catch {
      metrics.tokensDropped.inc();
    }
  }
}
