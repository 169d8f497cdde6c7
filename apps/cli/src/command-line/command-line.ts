import type { Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { explain } from './failure.js';
import { Output } from './output.js';
import { knownEnvironment } from './where.js';

/** What every command is given. */
export interface CommandContext {
  readonly output: Output;
  /** The process's environment; what it leaves open is filled in from a running `npm start`. */
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted by the first Ctrl-C or SIGTERM: stop taking up work, close what is open, return. */
  readonly signal: AbortSignal;
}

interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/**
 * The conventions that all commands share: output, errors, exit codes, interruption. A command file declares names,
 * options and help; its action imports the work when it is called, so that `chorda --help` loads none of it.
 */
export class CommandLine {
  exitCode: ExitCode = exitCodes.ok;

  constructor(
    readonly streams: Streams,
    private readonly processEnvironment: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal,
  ) {}

  /** Wraps `work` as the action of a command: (context, ...arguments, options). Returning nothing means 0. */
  action<Arguments extends readonly unknown[]>(
    work: (context: CommandContext, ...given: Arguments) => Promise<ExitCode | void>,
  ): (...given: [...Arguments, Command]) => Promise<void> {
    return async (...given) => {
      const command = given[given.length - 1] as Command;
      const output = this.outputFor(command.optsWithGlobals<GlobalOptions>());
      try {
        const context = { output, environment: knownEnvironment(this.processEnvironment), signal: this.signal };
        this.exitCode = (await work(context, ...(given.slice(0, -1) as unknown[] as [...Arguments]))) ?? exitCodes.ok;
      } catch (error) {
        this.fail(error, output);
      }
    };
  }

  fail(error: unknown, output = this.outputFor({})): void {
    const explanation = explain(error);
    this.exitCode = explanation.exitCode;
    output.error(explanation);
    if (this.processEnvironment['CHORDA_DEBUG'] && error instanceof Error) {
      this.streams.stderr.write(`${error.stack ?? error.message}\n`);
    }
  }

  private outputFor(options: GlobalOptions): Output {
    const { stdout, stderr } = this.streams;
    const plain = options.color === false || !!this.processEnvironment['NO_COLOR'] || options.json === true;
    const terminal = 'isTTY' in stdout && stdout.isTTY === true;
    return new Output({
      json: options.json === true,
      quiet: options.quiet === true,
      colour: terminal && !plain,
      stdout,
      stderr,
    });
  }
}

/** Help text after the options: a blank line, a heading, one example a line with what it does above it. */
export function examples(...lines: readonly (readonly [command: string, what: string])[]): string {
  return ['', 'Examples:', ...lines.map(([command, what]) => `  # ${what}\n  ${command}`)].join('\n');
}
