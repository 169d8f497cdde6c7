import type { OutgoingEvent } from './cloud-event.js';

/** The gateway takes at most so many in one request, and ten million bytes. */
const batchEventsMax = 1_000;
const batchCharactersMax = 3_000_000;

export interface Prepared {
  readonly id: string;
  readonly text: string;
}

export function* batches(events: readonly Prepared[]): Generator<readonly Prepared[]> {
  const filling = new Filling();
  for (const event of events) {
    const full = filling.add(event);
    if (full !== undefined) yield full;
  }
  if (filling.batch.length > 0) yield filling.batch;
}

/** Of events that come one after another. */
export async function* chunks(
  events: AsyncIterable<OutgoingEvent> | Iterable<OutgoingEvent>,
  prepare: (event: OutgoingEvent) => Prepared,
): AsyncGenerator<readonly Prepared[]> {
  const filling = new Filling();
  for await (const event of events) {
    const full = filling.add(prepare(event));
    if (full !== undefined) yield full;
  }
  if (filling.batch.length > 0) yield filling.batch;
}

/** A batch that is filled up to what a request may hold. */
class Filling {
  batch: Prepared[] = [];
  private characters = 0;

  /** @returns The batch before, where the event did not fit into it any more. */
  add(event: Prepared): readonly Prepared[] | undefined {
    const { batch } = this;
    const isFull =
      batch.length >= batchEventsMax || (batch.length > 0 && this.characters + event.text.length > batchCharactersMax);
    if (isFull) {
      this.batch = [];
      this.characters = 0;
    }
    this.batch.push(event);
    this.characters += event.text.length;
    return isFull ? batch : undefined;
  }
}
