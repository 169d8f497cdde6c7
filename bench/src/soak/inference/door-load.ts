import { newId, sleep } from '@chorda/kernel';

export interface DoorResult {
  readonly ids: readonly string[];
  /** Requests that were sent again, since nobody answered. */
  readonly repeats: number;
  readonly anomalies: readonly string[];
}

const atOnce = 4;
const pauseMs = 50;
const triesMax = 600;
const tryAgainMs = 200;
const timeoutMs = 10_000;

/** Asks through a gateway that may die with requests in flight: each with a key of its own, until it is taken. */
export class DoorLoad {
  private repeats = 0;
  private readonly ids: string[] = [];
  private readonly anomalies: string[] = [];

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** Until the signal, and what is begun then to its end. */
  async ask(until: AbortSignal): Promise<DoorResult> {
    const caller = async () => {
      while (!until.aborted) {
        await this.askOne(newId());
        await sleep(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, caller));
    return { ids: this.ids, repeats: this.repeats, anomalies: this.anomalies };
  }

  private async askOne(idempotencyKey: string): Promise<void> {
    for (let tries = 0; tries < triesMax; tries++) {
      if (tries > 0) {
        this.repeats += 1;
        await sleep(tryAgainMs);
      }
      const id = await this.take(idempotencyKey).catch(() => undefined);
      if (id === undefined) continue;
      this.ids.push(id);
      // Whoever asks once more with the key is told of the same request, at whichever life of the gateway.
      const again = await this.take(idempotencyKey).catch(() => id);
      if (again !== undefined && again !== id)
        this.anomalies.push(`${idempotencyKey}: the requests ${id} and ${again}`);
      return;
    }
    this.anomalies.push(`${idempotencyKey}: was never taken`);
  }

  /** Undefined: not now. */
  private async take(idempotencyKey: string): Promise<string | undefined> {
    const body = {
      model: 'simulated',
      input_data: { messages: [{ role: 'user', content: `Hello ${idempotencyKey}` }], max_tokens: 10 },
    };
    const headers = {
      authorization: `Bearer ${this.key}`,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    };
    const answer = await fetch(`${this.url}/v1/inference`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const said: { readonly request_id?: unknown } = Object(await answer.json());
    return answer.ok && typeof said.request_id === 'string' ? said.request_id : undefined;
  }
}
