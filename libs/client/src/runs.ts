import type { CallOptions } from './access.js';
import { command, type CommandOptions, type HistoryOptions } from './agents.js';
import type {
  CommandTaken,
  GivenStep,
  GivenSteps,
  NewRun,
  PollSteps,
  Reason,
  RunCancel,
  RunDecided,
  RunFork,
  RunPlan,
  RunReport,
  RunRetry,
  Signal,
  StepResult,
  StepResults,
  StepsAnswered,
  StreamHistory,
  TaskAnswer,
  TaskClaim,
} from './generated/answers.js';
import type { Http } from './http.js';

/** What a command about a run was answered: what it came to, or that it is in the log and not decided yet. */
export type RunAnswer = RunDecided | CommandTaken;

/** `client.runs`: runs of workflows. Needs the scope `workflows:write`; what only reads, `events:read`. */
export class RunsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Starts a run; with `start_key` once. Its end is in `client.get('runs', id)` and on the tail. */
  start(workflow: string, run: NewRun = {}, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `/v1/workflows/${encodeURIComponent(workflow)}/runs`, run, options);
  }

  /** Tells it of something that it waits for, or will wait for. */
  signal(runId: string, signal: Signal, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${runPath(runId)}/signal`, signal, options);
  }

  pause(runId: string, reason: Reason = {}, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${runPath(runId)}/pause`, reason, options);
  }

  resume(runId: string, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${runPath(runId)}/resume`, {}, options);
  }

  /** Asks what is under way to stop; with `hard`, waits for nothing. */
  cancel(runId: string, how: RunCancel = {}, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${runPath(runId)}/cancel`, how, options);
  }

  /** Goes on from the steps that failed, or says what became of them. */
  retry(runId: string, how: RunRetry = {}, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${runPath(runId)}/retry`, how, options);
  }

  /** Begins another run where this one stood. */
  fork(runId: string, edits: RunFork = {}, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${runPath(runId)}/fork`, edits, options);
  }

  /** Every decision about it, or about one flow nested in it, in order. */
  async history(
    runId: string,
    { after, limit, branch, signal }: HistoryOptions & { readonly branch?: string | undefined } = {},
  ): Promise<StreamHistory> {
    const query = { after, limit, branch };
    return (await this.#http.json({ method: 'GET', path: `${runPath(runId)}/events`, query, signal })) as StreamHistory;
  }

  /** What it does, in phases, and how far each step has come. */
  async plan(runId: string, { signal }: CallOptions = {}): Promise<RunPlan> {
    return (await this.#http.json({ method: 'GET', path: `${runPath(runId)}/plan`, signal })) as RunPlan;
  }

  /** What it came to: results, how many steps succeeded, and what went wrong. */
  async report(runId: string, { signal }: CallOptions = {}): Promise<RunReport> {
    return (await this.#http.json({ method: 'GET', path: `${runPath(runId)}/report`, signal })) as RunReport;
  }
}

/** `client.tasks`: what runs ask people. Needs the scope `workflows:write`. */
export class TasksApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Takes it upon somebody, or with `release` gives it back. */
  claim(taskId: string, claim: TaskClaim = {}, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${taskPath(taskId)}/claim`, claim, options);
  }

  decide(taskId: string, answer: TaskAnswer, options: CommandOptions = {}): Promise<RunAnswer> {
    return command(this.#http, 'POST', `${taskPath(taskId)}/decide`, answer, options);
  }
}

/** A step that is leased, as far as heartbeats and results need it. */
export type StepLease = Pick<GivenStep, 'work_id' | 'lease_token' | 'run_id' | 'step_id'>;

/** `client.steps`: steps of runs, for the process that does them. Needs the scope `agents:work`. */
export class StepsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Leases steps; waits up to `wait_ms` for one. */
  async poll(wanted: PollSteps, { signal }: CallOptions = {}): Promise<readonly GivenStep[]> {
    const answer = await this.#post('/v1/steps/poll', wanted, signal, wanted.wait_ms ?? 0);
    return (answer as GivenSteps).steps;
  }

  /** @throws ProblemError `LEASE_LOST`: stop, nobody waits for the step any more. */
  async beat(
    { work_id, lease_token, run_id, step_id }: StepLease,
    told: { readonly progress?: boolean; readonly checkpoint?: { readonly n: number; readonly value: unknown } } = {},
    { signal }: CallOptions = {},
  ): Promise<void> {
    await this.#post(`${stepPath(work_id)}/heartbeat`, { lease_token, run_id, step_id, ...told }, signal);
  }

  /** @throws ProblemError `LEASE_LOST`: it changes nothing any more. */
  async answer(
    { work_id, lease_token }: Pick<StepLease, 'work_id' | 'lease_token'>,
    result: Omit<StepResult, 'lease_token'>,
    { signal }: CallOptions = {},
  ): Promise<void> {
    await this.#post(`${stepPath(work_id)}/result`, { lease_token, ...result }, signal);
  }

  /**
   * What up to 100 steps came to, in one request. One that is not taken is answered as such and keeps no other back.
   *
   * @returns In the order of `results`.
   */
  async answerAll(
    results: readonly StepResults['results'][number][],
    { signal }: CallOptions = {},
  ): Promise<StepsAnswered['results']> {
    const sent = results.map(({ work_id, lease_token, output, error, duration_ms }) => ({
      ...{ work_id, lease_token, output, error, duration_ms },
    }));
    return ((await this.#post('/v1/steps/results', { results: sent }, signal)) as StepsAnswered).results;
  }

  #post(path: string, body: object, signal: AbortSignal | undefined, waitMs = 0): Promise<unknown> {
    return this.#http.json({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      waitMs,
      signal,
    });
  }
}

const runPath = (id: string) => `/v1/runs/${encodeURIComponent(id)}`;
const taskPath = (id: string) => `/v1/tasks/${encodeURIComponent(id)}`;
const stepPath = (id: string) => `/v1/steps/${encodeURIComponent(id)}`;
