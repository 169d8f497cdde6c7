import { isRetriableStatus, type StepRequest, type WorkflowRunner } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { workflowPorts } from '@chorda/workflows';
import type { HttpResponse, Reply, ScriptedCall, ScriptedError } from './replies.js';
import { askedOf, operationOf, settingsOf, type Asked, type Scripts } from './scripts.js';

/** One try of a step that somebody outside was asked for. */
export interface Call extends ScriptedCall {
  readonly asked: Asked;
  /** When it was given out. */
  readonly atMs: number;
  /** scripted: its reply came, or will; silent: nothing will come; open: nobody said what it answers. */
  readonly state: 'scripted' | 'silent' | 'open';
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  act(): void;
}

/** Time passes in steps; more than this, and something goes round without an end. */
const stepsMax = 1_000_000;
const { schemaIssues } = workflowPorts();

/** Everybody outside of the run: who does its steps, and the clock. Each instant is done whole before the next one. */
export class ScriptedWorld {
  readonly calls: Call[] = [];
  /** When the run came to its end. */
  endedMs: number | undefined;
  private due: Due[] = [];
  private askedSeen = 0;
  private count = 0;

  constructor(
    private readonly runner: WorkflowRunner,
    private readonly scripts: Scripts,
  ) {}

  /** All that happens at this instant. */
  settle(): void {
    for (let step = 0; step < stepsMax; step += 1) {
      const request = this.runner.asked[this.askedSeen];
      if (request === undefined) return this.noteEnd();
      this.askedSeen += 1;
      this.take(request);
    }
    throw new Error(`More than ${stepsMax} steps were asked for without time passing: a loop without an end`);
  }

  /** When something happens next; undefined: nothing will. */
  nextMs(): number | undefined {
    const times = [...this.runner.timers().map(({ timer }) => timer.dueMs), ...this.due.map(({ atMs }) => atMs)];
    return times.length === 0 ? undefined : times.reduce((one, other) => Math.min(one, other));
  }

  /** Lets time pass, with all that is due in between. */
  passUntil(untilMs: number): void {
    this.settle();
    for (let step = 0; step < stepsMax; step += 1) {
      const next = this.nextMs();
      if (next === undefined || next > untilMs) {
        this.runner.nowMs = Math.max(this.runner.nowMs, untilMs);
        return;
      }
      this.runner.nowMs = Math.max(this.runner.nowMs, next);
      this.actAt(next);
      this.settle();
    }
    throw new Error(`More than ${stepsMax} things were due: a loop without an end`);
  }

  /** What was said at an instant is heard before a timer of the same instant. */
  private actAt(timeMs: number): void {
    const [first] = this.due
      .filter(({ atMs }) => atMs <= timeMs)
      .toSorted((one, other) => one.atMs - other.atMs || one.order - other.order);
    if (first !== undefined) {
      this.due = this.due.filter((each) => each !== first);
      first.act();
      return;
    }
    const timer = this.runner.timers().find(({ timer: each }) => each.dueMs <= timeMs);
    if (timer !== undefined) this.runner.fire(timer);
  }

  private noteEnd(): void {
    const isOver = ['completed', 'failed', 'cancelled'].includes(this.runner.status);
    this.endedMs = isOver ? (this.endedMs ?? this.runner.nowMs) : undefined;
  }

  private take(request: StepRequest): void {
    const reply = this.scripts.next(request);
    const { checkpoint, checkpoint_value: kept } = request;
    const call: ScriptedCall = {
      stepId: request.step_id,
      attempt: request.attempt,
      idempotencyKey: request.idempotency_key,
      input: JSON.parse(request.input_data) as JsonValue,
      settings: settingsOf(request),
      checkpoint: checkpoint === 0 || kept === null ? null : { n: checkpoint, value: JSON.parse(kept) as JsonValue },
    };
    const state = reply === undefined ? 'open' : reply.what.kind === 'silence' ? 'silent' : 'scripted';
    this.calls.push({ ...call, asked: askedOf(request), atMs: this.runner.nowMs, state });
    if (reply !== undefined) this.begin(request, call, reply);
  }

  private begin(request: StepRequest, call: ScriptedCall, reply: Reply): void {
    if (reply.what.kind === 'silence' && !reply.what.begins) return;
    const { workflow_id, step_id, attempt_token } = request;
    const names = { workflow_id, step_id, attempt_token };
    this.runner.give({
      type: 'workflow.record_step_started',
      data: { ...names, worker: 'scripted', started_at: null },
    });
    if (reply.progressMs !== null) this.sayProgress(names, reply.progressMs, this.runner.nowMs + reply.afterMs);
    if (reply.what.kind === 'silence') return;
    if (reply.afterMs === 0) this.say(request, call, reply);
    else this.at(reply.afterMs, () => this.say(request, call, reply));
  }

  private sayProgress(
    names: Pick<StepRequest, 'workflow_id' | 'step_id' | 'attempt_token'>,
    everyMs: number,
    endMs: number,
  ): void {
    if (this.runner.nowMs + everyMs >= endMs) return;
    this.at(everyMs, () => {
      const value = 'null' as StepRequest['input_data'];
      const said = this.runner.give({
        type: 'workflow.record_step_progress',
        data: { ...names, checkpoint: 0, value },
      });
      if (said.events.length > 0) this.sayProgress(names, everyMs, endMs);
    });
  }

  private at(afterMs: number, act: () => void): void {
    this.due.push({ atMs: this.runner.nowMs + afterMs, order: this.count++, act });
  }

  private say(request: StepRequest, call: ScriptedCall, { what }: Reply): void {
    const { step_id: id, attempt_token: token } = request;
    switch (what.kind) {
      case 'answer': {
        const output = jsonOf(what.of(call), `What was scripted for ${id}`);
        lawful(call, output);
        this.runner.complete(id, output, token);
        return;
      }
      case 'response':
        return this.sayResponse(request, call, what.response);
      case 'failure':
        this.runner.fail(id, errorOf(request, what.error), token);
        return;
      case 'loss':
        this.runner.lose(id, token);
        return;
      case 'silence':
    }
  }

  private sayResponse(request: StepRequest, { settings }: ScriptedCall, response: HttpResponse): void {
    const { step_id: id, attempt_token: token } = request;
    const { status, headers = {} } = response;
    const body = jsonOf(response.body ?? null, `The response scripted for ${id}`);
    const expected = Array.isArray(settings['expect_status']) ? settings['expect_status'] : [];
    const isExpected = expected.some(
      (range) => Array.isArray(range) && status >= Number(range[0]) && status <= Number(range[1]),
    );
    if (!isExpected) {
      const retriable = isRetriableStatus(status);
      const error = { class: 'http', code: `HTTP_${status}`, message: `The server answered ${status}`, status };
      this.runner.fail(id, { ...error, details: { body }, retriable }, token);
      return;
    }
    this.runner.complete(id, answerAs(settings, { status, headers, body }), token);
  }
}

function answerAs(settings: ScriptedCall['settings'], answer: { readonly [name: string]: JsonValue }): JsonValue {
  const { body = null } = answer;
  const operation = operationOf(settings);
  if (settings['output_as'] === 'body') return body;
  if (settings['output_as'] === 'raw') return Buffer.from(bodyText(body)).toString('base64');
  return operation === undefined ? answer : { ...answer, request: { method: 'OPERATION', url: operation } };
}

function bodyText(body: JsonValue): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** @throws TypeError for what JSON cannot hold: a test would pass with what no worker can send. */
export function jsonOf(value: unknown, what: string): JsonValue {
  if (value === undefined) return null;
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${what} is nothing that JSON can hold`);
  return JSON.parse(text) as JsonValue;
}

function errorOf(request: StepRequest, { details, ...error }: ScriptedError) {
  const own = { tool: 'tool', agent: 'agent', llm: 'llm', webhook: 'http', sub_workflow: 'workflow' };
  const code = error.code ?? 'FAILED';
  return {
    class: own[request.step_type as keyof typeof own] ?? 'tool',
    retriable: false,
    ...error,
    code,
    message: error.message ?? `The script failed it with ${code}`,
    details: jsonOf(details ?? null, 'The details of the error'),
  };
}

/** What a model is scripted to say has to be what it could say. */
function lawful({ stepId, settings }: ScriptedCall, output: JsonValue): void {
  const schema = settings['answer_schema'];
  if (schema === undefined || schema === null) return;
  const issues = schemaIssues(schema, output);
  if (issues.length > 0)
    throw new TypeError(`What was scripted for ${stepId} breaks its answer_schema: ${issues.join('; ')}`);
}
