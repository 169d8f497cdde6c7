const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A line of a body, without its end; undefined in place of one that is longer than it may be. */
export type Line = Buffer | undefined;

export interface LineLimits {
  /** A longer line is passed over while it comes, and nothing of it is kept. */
  readonly lineBytesMax: number;
  /** A window is handed over at the latest when it has so many bytes or lines. */
  readonly windowBytesMax: number;
  readonly windowLinesMax: number;
}

/**
 * The lines of a stream in windows: what has come so far, at most a bound. The stream is read on when the next window is
 * asked for, so whoever is slow with one holds up the sender and no memory. Blank lines are no lines.
 *
 * @param waitingBytes What has arrived and was not read yet: while there is more, a window waits for its bound.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  waitingBytes: () => number,
  limits: LineLimits,
): AsyncGenerator<readonly Line[], void, undefined> {
  const splitter = new LineSplitter(limits.lineBytesMax);
  for await (const chunk of chunks) {
    splitter.take(chunk);
    while (splitter.has(limits.windowLinesMax, limits.windowBytesMax)) yield splitter.window(limits.windowLinesMax);
    if (waitingBytes() === 0 && splitter.has(1, 1)) yield splitter.window(limits.windowLinesMax);
  }
  splitter.end();
  while (splitter.has(1, 1)) yield splitter.window(limits.windowLinesMax);
}

class LineSplitter {
  private lines: Line[] = [];
  private lineBytes = 0;
  private pieces: Buffer[] = [];
  private pieceBytes = 0;

  constructor(private readonly lineBytesMax: number) {}

  take(chunk: Buffer): void {
    let start = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, start)) {
      this.add(chunk.subarray(start, at));
      this.endLine();
      start = at + 1;
    }
    this.add(chunk.subarray(start));
  }

  /** The last line needs no end. */
  end(): void {
    this.endLine();
  }

  has(lines: number, bytes: number): boolean {
    return this.lines.length > 0 && (this.lines.length >= lines || this.lineBytes >= bytes);
  }

  window(linesMax: number): readonly Line[] {
    const window = this.lines.splice(0, linesMax);
    for (const line of window) this.lineBytes -= line?.length ?? 0;
    return window;
  }

  private add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pieceBytes += piece.length;
    if (this.pieceBytes <= this.lineBytesMax) this.pieces.push(piece);
    else this.pieces.length = 0;
  }

  private endLine(): void {
    const { pieceBytes } = this;
    const line = pieceBytes > this.lineBytesMax ? undefined : withoutReturn(Buffer.concat(this.pieces, pieceBytes));
    this.pieces = [];
    this.pieceBytes = 0;
    if (line?.length === 0) return;
    this.lines.push(line);
    this.lineBytes += line?.length ?? 0;
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}
