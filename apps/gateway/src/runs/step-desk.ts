import type { OnModuleDestroy } from '@nestjs/common';
import { jsonText, jsonValue, type AnyCommand, type CommandCodec, type workflowWork } from '@chorda/contracts';
import { derivedId, newId, sleep, type JsonValue, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import type { AppHost } from '@chorda/platform';
import {
  AgentWorkRepository,
  ChannelListener,
  stepAnsweredChannel,
  stepReadyChannel,
  type LeasedWork,
} from '@chorda/read-models';
import type pg from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { GatewayEnv } from '../gateway.env.js';
import { Problem } from '../http/problem.js';
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

const pollsMax = 2_000;
const pollsOfTenantMax = 500;
/** A notification may be lost with its connection. */
const lookEveryMs = 2_000;
/** Of JSON text: what the rules of runs take. */
export const stepResultBytesMax = 256 * 1024;
const checkpointBytesMax = 64 * 1024;
const source = 'urn:chorda:service:gateway';

interface StepDeskParts {
  readonly works: AgentWorkRepository;
  readonly ready: ChannelListener;
  readonly codec: CommandCodec;
  readonly producer: Pick<Producer, 'send'>;
  readonly metrics: ReturnType<typeof stepDeskMetrics>;
}

/** Hands steps of runs to users' own processes, and takes how far they are and what they came to. */
export class StepDesk implements OnModuleDestroy {
  private readonly waiting = new Map<TenantId, number>();
  private readonly wakers = new Map<TenantId, Set<() => void>>();
  private readonly stopping = new AbortController();
  private readonly unsubscribe: () => void;
  private polls = 0;

  constructor(private readonly parts: StepDeskParts) {
    this.unsubscribe = parts.ready.subscribe((payload) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the channel carries tenants and nothing else
      for (const wake of this.wakers.get(payload as TenantId) ?? []) wake();
    });
  }

  /** Polls end with no steps, so that a gateway that stops is not held up by them. */
  onModuleDestroy(): void {
    this.stopping.abort();
    this.unsubscribe();
  }

  /** Leases steps for these tools; waits for one where there is none. @throws Problem `OVERLOADED` where too many wait. */
  async poll(tenantId: TenantId, body: StepPollBody, gone: AbortSignal): Promise<readonly GivenStep[]> {
    const leave = this.enter(tenantId);
    const signal = AbortSignal.any([gone, this.stopping.signal]);
    const untilMs = performance.now() + body.wait_ms;
    try {
      for (;;) {
        // Before it looks, so that what comes while it looks is not slept through.
        const woken = this.listen(tenantId);
        try {
          const steps = await this.claim(tenantId, body, signal);
          const leftMs = untilMs - performance.now();
          if (steps.length > 0 || leftMs <= 0 || signal.aborted) return steps;
          await waitFor(woken.promise, Math.min(leftMs, lookEveryMs), signal);
        } finally {
          woken.forget();
        }
      }
    } finally {
      leave();
    }
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
    const { metrics, works } = this.parts;
    const { error } = body;
    const isDone = error === undefined;
    const text = jsonText(isDone ? (body.output ?? null) : errorOf(error));
    const bytes = Buffer.byteLength(text);
    if (bytes > stepResultBytesMax) {
      throw new Problem('PAYLOAD_TOO_LARGE', `The result has ${bytes} bytes; at most ${stepResultBytesMax} may be`);
    }
    const outcome = {
      kind: 'result',
      status: isDone ? 'completed' : 'failed',
      output_data: isDone ? text : null,
      error: isDone ? null : text,
      duration_ms: body.duration_ms,
    };
    const kept = await works.answer([{ ...lease, outcome: JSON.stringify(outcome) }]);
    if (!kept.has(lease.leaseToken)) {
      // The worker may not have heard the answer to its first try.
      if (await works.isAnswered(lease)) return;
      metrics.steps.inc({ result: 'late' });
      throw leaseLost();
    }
    metrics.steps.inc({ result: outcome.status });
    // Executors send the command. They look by themselves too, where this is not heard.
    await works.notify(stepAnsweredChannel, lease.tenantId).catch(() => undefined);
  }

  private async claim(tenantId: TenantId, body: StepPollBody, signal: AbortSignal): Promise<readonly GivenStep[]> {
    const { works, metrics } = this.parts;
    const wanted = { tenantId, queue: `workers:${body.queue}`, tools: body.tools };
    const claimed = await works.claimCalls(wanted, body.worker, body.max);
    if (signal.aborted && claimed.length > 0) {
      await works.release(claimed);
      return [];
    }
    metrics.steps.inc({ result: 'given' }, claimed.length);
    const steps = claimed.map(stepOf);
    await Promise.all(steps.map((step) => this.begun(tenantId, step, body.worker)));
    return steps;
  }

  /** The engine is told, so that the step is shown as running and its time to be begun is over. */
  private async begun(tenantId: TenantId, step: GivenStep, worker: string): Promise<void> {
    const data = { workflow_id: step.run_id, step_id: step.step_id, attempt_token: step.work_id, worker };
    // The worker has it whether the brokers can be reached or not.
    const id = derivedId(tenantId, step.work_id, `begun ${step.delivery}`);
    await this.send(tenantId, { type: 'workflow.record_step_started', data } as AnyCommand, id).catch(() => undefined);
  }

  private async send(tenantId: TenantId, command: unknown, id = newId()): Promise<void> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ids are branded texts, which the codec checks
    const given = command as Extract<AnyCommand, { readonly type: 'workflow.record_step_progress' }>;
    const subject = given.data.workflow_id;
    const metadata = { id, source, subject, tenantId, timeMs: Date.now(), correlationId: id, actor: source };
    await this.parts.producer.send(this.parts.codec.encode({ command: given, metadata }));
  }

  private enter(tenantId: TenantId): () => void {
    const { metrics } = this.parts;
    const ofTenant = this.waiting.get(tenantId) ?? 0;
    if (this.polls >= pollsMax || ofTenant >= pollsOfTenantMax) {
      metrics.refused.inc();
      throw new Problem('OVERLOADED', 'As many workers wait as may', { headers: { 'retry-after': '5' } });
    }
    this.waiting.set(tenantId, ofTenant + 1);
    metrics.waiting.set(++this.polls);
    return () => {
      const left = (this.waiting.get(tenantId) ?? 1) - 1;
      if (left === 0) this.waiting.delete(tenantId);
      else this.waiting.set(tenantId, left);
      metrics.waiting.set(--this.polls);
    };
  }

  private listen(tenantId: TenantId): { readonly promise: Promise<void>; forget(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ofTenant = this.wakers.get(tenantId) ?? new Set();
    this.wakers.set(tenantId, ofTenant.add(resolve));
    return {
      promise,
      forget: () => {
        ofTenant.delete(resolve);
        if (ofTenant.size === 0) this.wakers.delete(tenantId);
      },
    };
  }
}

/** What a worker sends back of the step that it was given, so that nothing has to be looked up for a sign of life. */
export interface GivenBack {
  readonly run_id: string;
  readonly step_id: string;
  /** Whether the engine wants signs of life. */
  readonly idle: boolean;
}

async function waitFor(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  await Promise.race([woken, sleep(ms, AbortSignal.any([signal, ending.signal]))]);
  ending.abort();
}

function stepOf(leased: LeasedWork): GivenStep {
  const { data }: workflowWork.StepRequested = JSON.parse(leased.work);
  const { traceparent }: { readonly traceparent?: string } = JSON.parse(leased.metadata);
  const kept = data.checkpoint_value;
  const { idle_ms: idleMs }: { readonly idle_ms?: number | null } = JSON.parse(data.settings);
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
    input: jsonValue(data.input_data),
    idempotency_key: data.idempotency_key,
    attempt: data.attempt,
    delivery: leased.deliveries,
    checkpoint: kept === null ? null : { n: data.checkpoint, value: jsonValue(kept) },
    idle_ms: idleMs ?? null,
    traceparent: traceparent ?? null,
  };
}

function errorOf(error: NonNullable<StepResultBody['error']>): JsonValue {
  const { details, ...said } = error;
  return { ...said, details: details ?? null };
}

function leaseLost(): Problem {
  const detail =
    'Nothing was heard of the step for longer than its lease, or nobody waits for it any more: stop, what it came to changes nothing';
  return new Problem('LEASE_LOST', detail);
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
    readonly pool: pg.Pool;
    readonly host: AppHost;
    readonly commands: CommandCodec;
    readonly producer: Producer;
  },
  closing: (() => Promise<unknown> | void)[],
): StepDesk {
  const { env, pool, host, commands, producer } = needs;
  const ready = new ChannelListener(env.DATABASE_URL, stepReadyChannel, host.logger);
  closing.push(() => ready.close());
  const works = new AgentWorkRepository(pool, 'workflow_work');
  return new StepDesk({ works, ready, codec: commands, producer, metrics: stepDeskMetrics(host.metrics) });
}
