import { BackboneError, type Issue } from '@chorda/kernel';
import { exitCodes, type ExitCode } from './exit-codes.js';

/** A command that ends badly, said in words for the person at the terminal: what failed, and what to do next. */
export class CommandFailure extends BackboneError {
  readonly code = 'COMMAND_FAILED';
  readonly retriable: boolean;

  constructor(
    readonly exitCode: Exclude<ExitCode, 0>,
    message: string,
    /** The next step, as a sentence or a command to copy. */
    readonly next?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retriable = exitCode === exitCodes.unavailable;
  }
}

/** What is printed of an error: with `--json` as `{"error": …}` on stdout, else as lines on stderr. */
export interface Explanation {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly next?: string;
  readonly issues?: readonly Issue[];
}

/** Turns whatever was thrown into words and an exit code. It never throws itself. */
export function explain(error: unknown): Explanation {
  if (error instanceof CommandFailure) {
    const { exitCode, code, message, next } = error;
    return { exitCode, code, message, ...(next === undefined ? {} : { next }) };
  }
  if (isCoded(error)) return explainCoded(error);
  const unreachable = unreachableAddress(error);
  if (unreachable !== undefined) {
    return {
      exitCode: exitCodes.unavailable,
      code: 'UNREACHABLE',
      message: `Nothing answers at ${unreachable}`,
      next: 'Start Chorda with `npm start`, or check the address with `npm run chorda -- doctor`.',
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: exitCodes.failed, code: 'UNEXPECTED', message, next: 'Set CHORDA_DEBUG=1 to see where it broke.' };
}

/** What errors of our libraries and of the client have in common; they share no class, since a browser runs the client. */
interface CodedError extends Error {
  readonly code: string;
  readonly retriable: boolean;
}

function isCoded(error: unknown): error is CodedError {
  const coded = error instanceof Error && 'code' in error && 'retriable' in error;
  return coded && typeof error.code === 'string' && typeof error.retriable === 'boolean';
}

const usageCodes: ReadonlySet<string> = new Set(['INVALID_INPUT', 'INVALID_ENVIRONMENT', 'INVALID_CALL']);

/** The next step, where a code says enough to know it. */
const nextSteps: Readonly<Record<string, string>> = {
  INVALID_ENVIRONMENT:
    'Start Chorda here with `npm start` and these are known, or set them: docs/configuration.md lists every key.',
  GATEWAY_UNREACHABLE: 'Start Chorda with `npm start`, or set CHORDA_URL to a gateway that runs.',
  UNAUTHENTICATED: 'Set CHORDA_API_KEY, or make a key with `chorda keys create NAME`.',
  FORBIDDEN: 'Use a key with the scope that is named; `chorda keys create NAME --scope …` makes one.',
  DECISION_NOT_ACCEPTED: 'Send the command instead: deciding is what may refuse it.',
  INVALID_WORKFLOW: '`chorda workflows validate FILE` tells the same with line and column, and needs no server.',
  RUN_NOT_FOUND: '`chorda runs list` shows the newest; runs that other systems only reported are not run here.',
  RUN_EXISTS: 'Give another run id, or a --key: the same key is answered with the same run.',
  NOT_IN_THIS_STATE: '`chorda runs plan RUN` shows what it does now.',
  INCIDENT_OPEN: '`chorda runs report RUN` says what failed; `chorda runs retry RUN` tries it again.',
  TASK_NOT_OPEN: '`chorda tasks list --where status=open` shows those that wait.',
  TASK_FORBIDDEN: '`chorda tasks show TASK` says who may; decide as one of them with --user, or --group.',
  TASK_CLAIMED: 'Who has it can give it back: `chorda tasks claim TASK --user WHO --release`.',
  UNKNOWN_EVENT_TYPE: '`chorda schemas list` prints every type; docs/how-to/add-an-event-type.md adds one.',
};

function explainCoded(error: CodedError): Explanation {
  const issues = issuesOf(error);
  const next = nextSteps[error.code];
  return {
    exitCode: exitCodeOf(error),
    code: error.code,
    message: error.message,
    ...(next === undefined ? {} : { next }),
    ...(issues === undefined ? {} : { issues }),
  };
}

function exitCodeOf(error: CodedError): ExitCode {
  const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined;
  if (status === 404) return exitCodes.notFound;
  if (status === 409) return exitCodes.conflict;
  if (status === 429 || (status !== undefined && status >= 500)) return exitCodes.unavailable;
  if (status !== undefined) return exitCodes.failed;
  if (usageCodes.has(error.code)) return exitCodes.usage;
  if (error.code.endsWith('NOT_FOUND')) return exitCodes.notFound;
  if (error.code.includes('CONFLICT')) return exitCodes.conflict;
  return error.retriable ? exitCodes.unavailable : exitCodes.failed;
}

function issuesOf(error: CodedError): readonly Issue[] | undefined {
  const issues = 'issues' in error && Array.isArray(error.issues) ? (error.issues as readonly Issue[]) : [];
  return issues.length === 0 ? undefined : issues;
}

const unreachableCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The address that did not answer, looked for down the chain of causes: fetch and pg both hide it in there. */
function unreachableAddress(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined;
  const { code, address, hostname, port } = error as Error & Record<string, unknown>;
  if (typeof code === 'string' && unreachableCodes.has(code)) {
    const host = address ?? hostname;
    return host === undefined ? code : port === undefined ? String(host) : `${String(host)}:${String(port)}`;
  }
  const inner = error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause];
  return inner.map((cause) => unreachableAddress(cause, depth + 1)).find((found) => found !== undefined);
}
