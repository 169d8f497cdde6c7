import { StringDecoder } from 'node:string_decoder';

/** Takes a stream of Server-Sent Events apart, however it was cut on its way, and gives what stands behind `data:`. */
export class EventLines {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  private data: string | undefined;

  constructor(private readonly take: (data: string) => void) {}

  /** Characters that wait for the end of their line or event. */
  get waiting(): number {
    return this.rest.length + (this.data?.length ?? 0);
  }

  push(bytes: Buffer): void {
    const text = this.rest + this.decoder.write(bytes);
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.line(text.slice(from, text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end));
      from = end + 1;
    }
    this.rest = from === 0 ? text : text.slice(from);
  }

  private line(line: string): void {
    if (line === '') this.finishEvent();
    // Names of events, their ids and comments say nothing that a model's answer needs.
    else if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === space ? 6 : 5);
      this.data = this.data === undefined ? value : `${this.data}\n${value}`;
    }
  }

  private finishEvent(): void {
    const { data } = this;
    this.data = undefined;
    if (data !== undefined) this.take(data);
  }
}

const carriageReturn = 13;
const space = 32;
