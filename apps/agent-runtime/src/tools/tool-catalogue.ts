import { InvalidInputError, type JsonValue } from '@chorda/kernel';
import { JsonSchemaCheck } from '@chorda/platform';
import { ToolAbortedError, ToolError, ToolFailedError, ToolRefusedError, ToolTimedOutError } from './tool-errors.js';
import { toolNamePattern, type Tool, type ToolAnswer, type ToolCall } from './tool.js';

interface Listed {
  readonly tool: Tool;
  readonly check: JsonSchemaCheck;
}

/** How long a tool may take to notice that it was stopped. After that its outcome is unknown. */
const graceMs = 2_000;
const issuesShownMax = 10;

/** The tools of an executor. What holds for every call of every tool is held here: arguments, time, size of the answer. */
export class ToolCatalogue {
  private readonly byName = new Map<string, Listed>();

  /** @throws InvalidInputError for a name that models do not take, one that is there twice, or a bad schema. */
  constructor(tools: readonly Tool[]) {
    for (const tool of tools) {
      if (!toolNamePattern.test(tool.name) || this.byName.has(tool.name)) {
        const detail = `${tool.name} is there twice, or is not of 1 to 64 letters, digits, "_" and "-"`;
        throw new InvalidInputError('Tool', [{ pointer: '/name', detail }]);
      }
      this.byName.set(tool.name, { tool, check: new JsonSchemaCheck(tool.parameters) });
    }
  }

  get(name: string): Tool | undefined {
    return this.byName.get(name)?.tool;
  }

  all(): readonly Tool[] {
    return [...this.byName.values()].map(({ tool }) => tool);
  }

  /**
   * Runs a call to its end.
   *
   * @throws ToolError; `ARGUMENTS_NOT_VALID` names every argument and the rule that it breaks.
   */
  async run(name: string, args: JsonValue, call: ToolCall): Promise<ToolAnswer> {
    const listed = this.byName.get(name);
    if (listed === undefined)
      throw new ToolRefusedError('TOOL_UNKNOWN', `there is no tool named ${name.slice(0, 100)}`);
    checkArguments(listed, args);
    const answer = await runInTime(listed.tool, args, call);
    const bytes = Buffer.byteLength(JSON.stringify(answer.value));
    const { resultBytesMax } = listed.tool;
    if (bytes > resultBytesMax) {
      const message = `the result of ${name} has ${bytes} bytes, more than the ${resultBytesMax} that it may have`;
      throw new ToolFailedError('RESULT_TOO_LARGE', message, 'done', false);
    }
    return answer;
  }
}

function checkArguments({ tool, check }: Listed, args: JsonValue): void {
  const issues = check.issuesOf(args).slice(0, issuesShownMax);
  if (issues.length === 0) return;
  const detail = issues.map(({ pointer, detail: rule }) => `${pointer || '/'} ${rule}`).join('; ');
  throw new ToolRefusedError('ARGUMENTS_NOT_VALID', `arguments of ${tool.name}: ${detail}`);
}

/** A tool is asked to stop first, so that it can say what became of its effect; one that does not hear is left behind. */
async function runInTime(tool: Tool, args: JsonValue, call: ToolCall): Promise<ToolAnswer> {
  if (call.signal.aborted) throw new ToolAbortedError(tool.name, 'none');
  const timeout = AbortSignal.timeout(tool.timeoutMs);
  const signal = AbortSignal.any([call.signal, timeout]);
  const left = Promise.withResolvers<never>();
  const leaveSoon = () => {
    setTimeout(() => left.reject(new ToolAbortedError(tool.name, 'unknown')), graceMs).unref();
  };
  signal.addEventListener('abort', leaveSoon, { once: true });
  try {
    return await Promise.race([tool.run(args, { ...call, signal }), left.promise]);
  } catch (error) {
    throw named(tool, error, { isTimeout: timeout.aborted && !call.signal.aborted, isAborted: signal.aborted });
  } finally {
    signal.removeEventListener('abort', leaveSoon);
  }
}

function named(
  tool: Tool,
  error: unknown,
  end: { readonly isTimeout: boolean; readonly isAborted: boolean },
): ToolError {
  const effect = error instanceof ToolError ? error.effect : 'unknown';
  if (end.isTimeout) return new ToolTimedOutError(tool.name, tool.timeoutMs, effect);
  if (error instanceof ToolError) return error;
  if (end.isAborted) return new ToolAbortedError(tool.name, effect);
  // The text of a foreign error may hold anything, a secret included: it goes to the log by `cause` and no further.
  return new ToolFailedError('TOOL_FAULT', `${tool.name} failed by a fault of its own`, 'unknown', false, {
    cause: error,
  });
}
