import type { OnModuleDestroy } from '@nestjs/common';
import {
  jsonText,
  jsonValue,
  type AnyCommand,
  type CommandCodec,
  type JsonText,
  type workflowWork,
} from '@chorda/contracts';
import type { CommandDoor } from '@chorda/decisions';
import { derivedId, GroupedCalls, inlineBytesMax, newId, type JsonValue, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import { crashPoint, type AppHost } from '@chorda/platform';
import {
  AgentWorkRepository,
  ChannelListener,
  stepReadyChannel,
  type AnsweredWork,
  type LeasedWork,
  type WorkAnswer,
} from '@chorda/read-models';
import { OutcomeSender, startedOf, stepAnswers } from '@chorda/work';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { GatewayEnv } from '../gateway.env.js';
import { gatewayPool } from '../gateway-pool.js';
import { Problem } from '../http/problem.js';
import type { PayloadDesk } from '../payloads/payload-desk.js';
import { ParkedPolls } from '../workers/parked-polls.js';
import { openedBytesMax, openedInput } from './step-inputs.js';
import type { StepPollBody, StepResultBody } from './step-bodies.js';

/** A step that a worker has the lease of. */
export interface GivenStep {
  readonly work_id: string;
  readonly lease_token: string;
  /** It is thought lost when nothing is heard of it for so long. */
  readonly lease_ms: number;
  /** What is left until the engine gives the try up. */
  readonly left_ms: number;
  readonly run_id: string;
  readonly workflow: string;
  readonly step_id: string;
  readonly queue: string;
  readonly tool: string;
  readonly input: JsonValue;
  /** The same for every attempt at this step. */
  readonly idempotency_key: string;
  readonly attempt: number;
  readonly delivery: number;
  /** How far an earlier try came: what it kept last; null: nothing. */
  readonly checkpoint: { readonly n: number; readonly value: JsonValue } | null;
  /** The engine gives the step up where it hears nothing of it for so long; null: it does not mind. */
  readonly idle_ms: number | null;
  readonly traceparent: string | null;
}

export interface StepLease {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly leaseToken: string;
}

/** Of JSON text: what the rules of runs take. */
export const stepResultBytesMax = 256 * 1024;
const checkpointBytesMax = 64 * 1024;
const source = 'urn:chorda:service:gateway';
/** Of outcomes that are sent: a statement for each group of them would cost as much as it took to store them. */
const markEveryMs = 100;
/** Outcomes that are on their way to the engine at a time; past it they are left to executors, which look every second. */
const sendingMax = 2_000;
/** How long the engine may take to say that a step has begun that must not be repeated and has a time to begin in. */
const decisionWaitMs = 5_000;

const connectionsMax = 4;
const replanMsMax = 60_000;

interface StepDeskParts {
  readonly works: AgentWorkRepository;
  readonly polls: ParkedPolls;
  readonly sender: Pick<OutcomeSender<workflowWork.StepRequested, never>, 'sendOnce' | 'settled'>;
  readonly door: Pick<CommandDoor, 'give'>;
  readonly payloads: PayloadDesk;
  readonly codec: CommandCodec;
  readonly producer: Pick<Producer, 'send'>;
  readonly metrics: ReturnType<typeof stepDeskMetrics>;
}

/** What became of one of many results. */
export type ResultState = 'stored' | 'lease_lost' | 'too_large';

/**
 * Hands steps of runs to users' own processes, and takes how far they are and what they came to.
 *
 * That a step was begun is in the inbox, with its lease, before its worker hears of it; the engine is told with the
 * outcome, or by executors where that is long in coming, and at once where it counts the time. What a step came to is
 * stored under the lease before the worker is answered; the command that tells the engine is sent from here, and by
 * executors where this process could not.
 */
export class StepDesk implements OnModuleDestroy {
  private readonly answers;
  private readonly sending = new Set<Promise<void>>();

  constructor(private readonly parts: StepDeskParts) {
    this.answers = new GroupedCalls((answers: readonly WorkAnswer[]) => this.store(answers), {
      itemsMax: 200,
      callsMax: 2,
      gathersTurn: true,
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.parts.polls.stop();
    await Promise.all(this.sending);
    await this.parts.sender.settled();
  }

  /** Leases steps for these tools; waits for one where there is none. @throws Problem `OVERLOADED` where too many wait. */
  async poll(tenantId: TenantId, body: StepPollBody, gone: AbortSignal): Promise<readonly GivenStep[]> {
    const { polls, metrics } = this.parts;
    const { tools, worker: owner, max } = body;
    const claimed = await polls.claim(
      { tenantId, queue: `workers:${body.queue}`, tools, owner, max },
      body.wait_ms,
      gone,
    );
    const opened = await this.open(claimed);
    const given = await Promise.all(opened.map((each) => this.handOut(each, owner)));
    const steps = given.filter((step) => step !== undefined);
    metrics.steps.inc({ result: 'given' }, steps.length);
    return steps;
  }

  /** Lengthens the lease, and keeps a checkpoint. @throws Problem `LEASE_LOST`: nobody waits for the step any more. */
  async beat(
    lease: StepLease,
    told: { readonly work: GivenBack; readonly checkpoint: { n: number; value: JsonValue } | undefined },
  ): Promise<void> {
    const { checkpoint, work } = told;
    if (checkpoint !== undefined && Buffer.byteLength(JSON.stringify(checkpoint.value)) > checkpointBytesMax) {
      throw new Problem('PAYLOAD_TOO_LARGE', `A checkpoint may have at most ${checkpointBytesMax} bytes as JSON`);
    }
    const alive = await this.parts.works.beat([lease]);
    if (!alive.has(lease.leaseToken)) throw leaseLost();
    if (checkpoint === undefined && !work.idle) return;
    const { n, value } = checkpoint ?? { n: 0, value: null };
    if (checkpoint !== undefined) await this.parts.works.keepCheckpoint(lease, { n, value: jsonText(value) });
    await this.send(lease.tenantId, {
      type: 'workflow.record_step_progress',
      data: {
        workflow_id: work.run_id,
        step_id: work.step_id,
        attempt_token: lease.workId,
        checkpoint: n,
        value: jsonText(value),
      },
    });
  }

  /** Stores what a step came to, once; the same answer again is taken as such. @throws Problem `LEASE_LOST`, `PAYLOAD_TOO_LARGE` */
  async answer(lease: StepLease, body: StepResultBody): Promise<void> {
    const outcome = await this.small(lease.tenantId, outcomeOf(body));
    if (outcome.bytes > stepResultBytesMax) {
      throw new Problem('PAYLOAD_TOO_LARGE', `The result ${tooLarge(outcome.bytes)}`);
    }
    if ((await this.keep(lease, outcome)) !== 'stored') throw leaseLost();
  }

  /** Of many steps at once; one that is not taken keeps no other back. */
  answerAll(tenantId: TenantId, results: readonly StepAnswer[]): Promise<readonly StepAnswered[]> {
    return Promise.all(
      results.map(async ({ work_id, ...body }) => {
        const outcome = await this.small(tenantId, outcomeOf(body));
        if (outcome.bytes > stepResultBytesMax) {
          return { work_id, status: 'too_large' as const, detail: `The result ${tooLarge(outcome.bytes)}` };
        }
        const lease = { tenantId, workId: work_id, leaseToken: body.lease_token };
        const status = await this.keep(lease, outcome);
        return { work_id, status, detail: status === 'stored' ? null : leaseLostDetail };
      }),
    );
  }

  /** With a reference in the place of an output that is too large to travel with the events of the run. */
  private async small(tenantId: TenantId, outcome: Outcome): Promise<Outcome> {
    const { output } = outcome;
    if (output === null || outcome.bytes <= inlineBytesMax) return outcome;
    try {
      return completedOf(await this.parts.payloads.taken(tenantId, 'output', output), outcome.durationMs);
    } catch (error) {
      // A store that is away takes nothing from what was done, where the events of the run can hold it.
      if (outcome.bytes <= stepResultBytesMax) return outcome;
      const headers = { 'retry-after': '5' };
      throw new Problem('UNAVAILABLE', 'The result cannot be kept at the moment', { headers, cause: error });
    }
  }

  private async keep(lease: StepLease, { text, status }: Outcome): Promise<'stored' | 'lease_lost'> {
    const { metrics, works } = this.parts;
    const kept = await this.answers.call({ ...lease, outcome: text });
    if (kept !== undefined) {
      metrics.steps.inc({ result: status });
      this.tell(kept);
      return 'stored';
    }
    // The worker may not have heard the answer to its first try.
    if (await works.isAnswered(lease)) return 'stored';
    metrics.steps.inc({ result: 'late' });
    return 'lease_lost';
  }

  private async store(answers: readonly WorkAnswer[]): Promise<readonly (AnsweredWork | undefined)[]> {
    const kept = new Map(await this.parts.works.answerAll(answers));
    crashPoint('gateway-step-after-answer');
    return answers.map(({ leaseToken }) => {
      const one = kept.get(leaseToken);
      // The same answer twice among these is kept, told and counted once.
      kept.delete(leaseToken);
      return one;
    });
  }

  /** Whoever answered does not wait for it: it is stored, and executors find what is left. */
  private tell(answered: AnsweredWork): void {
    const { sender, metrics } = this.parts;
    if (this.sending.size >= sendingMax) return metrics.leftUnsent.inc();
    const sending: Promise<void> = sender
      .sendOnce(answered)
      .catch(() => metrics.leftUnsent.inc())
      .finally(() => this.sending.delete(sending));
    this.sending.add(sending);
  }

  /** With inputs whole, as far as one answer may hold; what is left over is given back for the next poll. */
  private async open(claimed: readonly LeasedWork[]): Promise<readonly OpenedStep[]> {
    const { works, payloads } = this.parts;
    const opened: OpenedStep[] = [];
    let bytes = 0;
    let away: unknown;
    for (const [at, leased] of claimed.entries()) {
      if (bytes > openedBytesMax) {
        await works.release(claimed.slice(at));
        break;
      }
      const work: workflowWork.StepRequested = JSON.parse(leased.work);
      try {
        const input = await openedInput(payloads, leased.tenantId, work.data.input_data);
        if ('failure' in input) {
          const error = { class: 'workflow', ...input.failure, status: null, retriable: false };
          await this.keep(leased, outcomeOf({ error, duration_ms: 0 }));
          continue;
        }
        bytes += input.bytes;
        opened.push({ leased, work, input: input.input });
      } catch (error) {
        // What needs it waits for the store, and nothing else does.
        await works.release([leased]);
        away = error;
      }
    }
    if (away !== undefined && opened.length === 0) {
      const detail = 'Inputs of steps are kept by reference, and cannot be read at the moment';
      throw new Problem('UNAVAILABLE', detail, { headers: { 'retry-after': '5' }, cause: away });
    }
    return opened;
  }

  /** Undefined: the engine has given the step up meanwhile. */
  private async handOut({ leased, work, input }: OpenedStep, worker: string): Promise<GivenStep | undefined> {
    const watch: Watch = JSON.parse(work.data.settings);
    if (isWatched(watch) && !(await this.begun(leased, work, { worker, watch }))) return undefined;
    return stepOf(leased, work, { watch, input });
  }

  /**
   * The engine counts the time until a step is begun, or hears of its life: it is told at once. Where the step must not be
   * repeated, it has to agree: it may just then have found that nobody began it in time, and give it out anew.
   */
  private async begun(
    leased: LeasedWork,
    work: workflowWork.StepRequested,
    { worker, watch }: { readonly worker: string; readonly watch: Watch },
  ): Promise<boolean> {
    const { codec, door, works } = this.parts;
    const { tenantId, workId, repeatable } = leased;
    const commandId = derivedId(tenantId, workId, 'begun');
    const command = startedOf(work, { worker, begunMs: null });
    const record = codec.encode({ command, metadata: metadataOf(tenantId, work.data.workflow_id, commandId) });
    const mustAgree = !repeatable && (watch.start_ms ?? null) !== null;
    try {
      const answer = await door.give(record, { tenantId, commandId, waitMs: mustAgree ? decisionWaitMs : 0 });
      if (!mustAgree) return true;
      if (answer.kind === 'decided' && isTaken(answer)) return true;
      // Nobody waits for it: whoever asked was answered, or will be when it is asked again.
      if (answer.kind === 'decided') await works.revoke([leased]);
      else await works.release([leased]);
    } catch (error) {
      // The worker has what may be repeated whether the brokers can be reached or not.
      if (!mustAgree) return true;
      await works.release([leased]);
      throw error;
    }
    return false;
  }

  private async send(tenantId: TenantId, command: unknown): Promise<void> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ids are branded texts, which the codec checks
    const given = command as Extract<AnyCommand, { readonly type: 'workflow.record_step_progress' }>;
    const metadata = metadataOf(tenantId, given.data.workflow_id, newId());
    await this.parts.producer.send(this.parts.codec.encode({ command: given, metadata }));
  }
}

function metadataOf(tenantId: TenantId, subject: string, id: string) {
  return { id, source, subject, tenantId, timeMs: Date.now(), correlationId: id, actor: source };
}

/** What a worker sends back of the step that it was given, so that nothing has to be looked up for a sign of life. */
export interface GivenBack {
  readonly run_id: string;
  readonly step_id: string;
  /** Whether the engine wants signs of life. */
  readonly idle: boolean;
}

/** What of a step's settings concerns whoever hands it out. */
interface Watch {
  readonly idle_ms?: number | null;
  readonly start_ms?: number | null;
}

function isWatched({ idle_ms: idleMs = null, start_ms: startMs = null }: Watch): boolean {
  return idleMs !== null || startMs !== null;
}

function isTaken({ outcome }: { readonly outcome: unknown }): boolean {
  const { answer }: { readonly answer?: { readonly taken?: boolean } | null } = { ...Object(outcome) };
  return answer?.taken === true;
}

/** One of many results: as of one step, with the step. */
export type StepAnswer = StepResultBody & { readonly work_id: string };

export interface StepAnswered {
  readonly work_id: string;
  readonly status: ResultState;
  /** Why it was not stored. */
  readonly detail: string | null;
}

/** A step that a worker is about to be given. */
interface OpenedStep {
  readonly leased: LeasedWork;
  readonly work: workflowWork.StepRequested;
  readonly input: JsonValue;
}

interface Outcome {
  readonly text: string;
  readonly status: 'completed' | 'failed';
  /** Null: it failed. */
  readonly output: JsonText | null;
  readonly durationMs: number;
  readonly bytes: number;
}

function outcomeOf({ output, error, duration_ms }: Omit<StepResultBody, 'lease_token'>): Outcome {
  if (error === undefined) return completedOf(jsonText(output ?? null), duration_ms);
  const text = jsonText(errorOf(error));
  const outcome = { kind: 'result', status: 'failed', output_data: null, error: text, duration_ms };
  const bytes = Buffer.byteLength(text);
  return { text: JSON.stringify(outcome), status: 'failed', output: null, durationMs: duration_ms, bytes };
}

function completedOf(output: JsonText, durationMs: number): Outcome {
  const outcome = { kind: 'result', status: 'completed', output_data: output, error: null, duration_ms: durationMs };
  const bytes = Buffer.byteLength(output);
  return { text: JSON.stringify(outcome), status: 'completed', output, durationMs, bytes };
}

const tooLarge = (bytes: number) => `has ${bytes} bytes; at most ${stepResultBytesMax} may be`;

function stepOf(
  leased: LeasedWork,
  { data }: workflowWork.StepRequested,
  { watch: { idle_ms: idleMs = null }, input }: { readonly watch: Watch; readonly input: JsonValue },
): GivenStep {
  const { traceparent }: { readonly traceparent?: string } = JSON.parse(leased.metadata);
  const kept = data.checkpoint_value;
  return {
    work_id: leased.workId,
    lease_token: leased.leaseToken,
    lease_ms: leased.leaseMs,
    left_ms: Math.max(0, Math.floor(leased.leftMs)),
    run_id: data.workflow_id,
    workflow: data.workflow_name,
    step_id: data.step_id,
    queue: data.worker_queue ?? 'default',
    tool: data.tool_name ?? '',
    input,
    idempotency_key: data.idempotency_key,
    attempt: data.attempt,
    delivery: leased.deliveries,
    checkpoint: kept === null ? null : { n: data.checkpoint, value: jsonValue(kept) },
    idle_ms: idleMs,
    traceparent: traceparent ?? null,
  };
}

function errorOf(error: NonNullable<StepResultBody['error']>): JsonValue {
  const { details, ...said } = error;
  return { ...said, details: details ?? null };
}

const leaseLostDetail =
  'Nothing was heard of the step for longer than its lease, or nobody waits for it any more: stop, what it came to changes nothing';

function leaseLost(): Problem {
  return new Problem('LEASE_LOST', leaseLostDetail);
}

function stepDeskMetrics(registry: Registry) {
  const registers = [registry];
  return {
    steps: new Counter({
      name: 'chorda_workflow_worker_steps_total',
      help: 'Steps of workers, by result (given, completed, failed, late)',
      labelNames: ['result'],
      registers,
    }),
    leftUnsent: new Counter({
      name: 'chorda_workflow_worker_results_left_total',
      help: 'Stored results whose command the gateway could not send: executors send it some seconds later',
      registers,
    }),
    waiting: new Gauge({ name: 'chorda_workflow_worker_polls', help: 'Polls for steps that wait', registers }),
    refused: new Counter({
      name: 'chorda_workflow_worker_polls_refused_total',
      help: 'Polls for steps that were refused because too many waited',
      registers,
    }),
  };
}

export function openStepDesk(
  needs: {
    readonly env: GatewayEnv;
    readonly host: AppHost;
    readonly commands: CommandCodec;
    readonly producer: Producer;
    readonly door: CommandDoor;
    readonly payloads: PayloadDesk;
  },
  closing: (() => Promise<unknown> | void)[],
): StepDesk {
  const { env, host, commands, producer, door, payloads } = needs;
  const { logger } = host;
  const ready = new ChannelListener(env.DATABASE_URL, stepReadyChannel, logger);
  closing.push(() => ready.close());
  const pool = gatewayPool(env, 'steps', { connectionsMax, keyLookupsOnly: true, replanMsMax });
  closing.push(() => pool.end());
  const works = new AgentWorkRepository(pool, 'workflow_work');
  const metrics = stepDeskMetrics(host.metrics);
  const kind = { ...stepAnswers, crashPrefix: 'gateway-step' };
  return new StepDesk({
    polls: new ParkedPolls({ works, ready, metrics, logger }),
    sender: new OutcomeSender({ kind, works, codec: commands, producer, logger, markEveryMs }),
    ...{ works, door, producer, metrics, payloads, codec: commands },
  });
}
