import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { decodePosition } from '@chorda/contracts';
import { defaultTenant } from '@chorda/kernel';
import type { DemoEvent } from './demo-event.js';

/**
 * A file of acknowledgements, one JSON object a line, written by the sender and not by the system: what a check of the
 * guarantees holds the log and the read models against.
 */
export class Acknowledgements {
  private constructor(private readonly stream: WriteStream) {}

  /** Appends, so that an interrupted run can be gone on with. */
  static async open(path: string): Promise<Acknowledgements> {
    const stream = createWriteStream(path, { flags: 'a' });
    await once(stream, 'open');
    return new Acknowledgements(stream);
  }

  add(event: DemoEvent, position: string): void {
    const place = decodePosition(position)[0];
    const line = {
      id: event.id,
      key: `${defaultTenant}/${event.subject}`,
      sequence: event.sequence,
      topic: place?.topic,
      partition: place?.partition,
      offset: place?.offset.toString(),
      position,
      acknowledged_at_ms: Date.now(),
    };
    this.stream.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    this.stream.end();
    await once(this.stream, 'finish');
  }
}
