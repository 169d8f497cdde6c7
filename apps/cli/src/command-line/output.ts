import { styleText } from 'node:util';
import type { Explanation } from './failure.js';

export interface OutputOptions {
  /** Machines read stdout: one JSON document, or one a line (NDJSON) from commands that stream. */
  readonly json: boolean;
  /** No notes on stderr; results and errors only. */
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong';

const tones = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const;

/**
 * The two streams of every command. Results go to stdout and nothing else does, so that a pipe never has to be
 * cleaned; whatever is said about the work goes to stderr.
 */
export class Output {
  constructor(private readonly options: OutputOptions) {}

  get json(): boolean {
    return this.options.json;
  }

  /** Whether a person watches stderr, so that a bar may be drawn on it. */
  get interactive(): boolean {
    return !this.options.quiet && !this.options.json && 'isTTY' in this.options.stderr && !!this.options.stderr.isTTY;
  }

  /** The one result of a command: `value` for machines, `text` for people. */
  result(value: unknown, text: () => string): void {
    if (this.json) this.options.stdout.write(`${toJson(value, 2)}\n`);
    else this.options.stdout.write(`${text()}\n`);
  }

  /** One result of many: a line of NDJSON, or a line of text. False: the reader is slower, wait for `drained`. */
  item(value: unknown, text: () => string): boolean {
    return this.options.stdout.write(this.json ? `${toJson(value)}\n` : `${text()}\n`);
  }

  /** Resolves when stdout takes more. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.options.stdout.once('drain', () => resolve()));
  }

  /** What happens meanwhile, for a person. */
  note(message: string): void {
    if (!this.options.quiet) this.options.stderr.write(`${message}\n`);
  }

  error(explanation: Explanation): void {
    const { exitCode, ...error } = explanation;
    if (this.json) {
      this.options.stdout.write(`${toJson({ error: { ...error, exit_code: exitCode } }, 2)}\n`);
      return;
    }
    const lines = [`${this.paint('bad', 'Error:')} ${error.message}`];
    for (const issue of error.issues ?? []) lines.push(`  ${issue.pointer || '/'}: ${issue.detail}`);
    if (error.next !== undefined) lines.push(`${this.paint('strong', 'Next:')} ${error.next}`);
    this.options.stderr.write(`${lines.join('\n')}\n`);
  }

  paint(tone: Tone, text: string): string {
    return this.options.colour ? styleText(tones[tone], text, { validateStream: false }) : text;
  }

  /** Columns as wide as their widest cell, first row the headings. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
    const widths = headings.map((heading, column) =>
      Math.max(heading.length, ...rows.map((row) => width(row[column]))),
    );
    const line = (cells: readonly string[]) =>
      cells
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
        .join('  ')
        .trimEnd();
    return [this.paint('strong', line(headings)), ...rows.map(line)].join('\n');
  }
}

/** Printed width: colour codes take none. */
function width(cell: string | undefined): number {
  // eslint-disable-next-line no-control-regex
  return (cell ?? '').replaceAll(/\u001b\[[0-9;]*m/g, '').length;
}

/** JSON as the HTTP surface writes it: a bigint is a decimal string. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner),
    indent,
  );
}
