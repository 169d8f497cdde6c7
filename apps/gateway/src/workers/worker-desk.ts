import type { OnModuleDestroy } from '@nestjs/common';
import { jsonText, type agentWork, type JsonText } from '@chorda/contracts';
import type { WorkOutcome } from '@chorda/domain';
import { sleep, type TenantId } from '@chorda/kernel';
import { JsonSchemaCheck } from '@chorda/platform';
import {
  workAnsweredChannel,
  type AgentToolRepository,
  type AgentWorkRepository,
  type ChannelListener,
  type LeasedWork,
  type RegisteredTool,
} from '@chorda/read-models';
import { Problem } from '../http/problem.js';
import type { PayloadDesk } from '../payloads/payload-desk.js';
import type { PollBody, ResultBody } from './worker-bodies.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** A call that a worker has the lease of. */
export interface GivenCall {
  readonly work_id: string;
  readonly lease_token: string;
  /** It is thought lost when nothing is heard of it for so long. */
  readonly lease_ms: number;
  /** What is left until the engine gives the call up. */
  readonly left_ms: number;
  readonly tool: string;
  readonly arguments: unknown;
  /** The same for every attempt at this call. */
  readonly idempotency_key: string;
  readonly attempt: number;
  readonly delivery: number;
  readonly agent_id: string;
  readonly execution_id: string;
  readonly call_id: string;
  readonly traceparent: string | null;
}

export interface WorkerLease {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly leaseToken: string;
}

const queue = 'workers';
const pollsMax = 2_000;
const pollsOfTenantMax = 500;
/** A notification may be lost with its connection. */
const lookEveryMs = 2_000;
/** Of JSON text: what the rules of executions take. */
export const resultBytesMax = 131_072;
const schemasKeptMax = 500;
const detailLengthMax = 2_000;

/** Hands calls to users' own processes, and takes what they came to. */
export class WorkerDesk implements OnModuleDestroy {
  /** Polls by tenant. */
  private readonly waiting = new Map<TenantId, number>();
  private readonly wakers = new Map<TenantId, Set<() => void>>();
  private readonly checks = new Map<string, JsonSchemaCheck>();
  private readonly stopping = new AbortController();
  private readonly unsubscribe: () => void;
  private polls = 0;

  constructor(
    private readonly works: AgentWorkRepository,
    private readonly tools: AgentToolRepository,
    ready: ChannelListener,
    private readonly metrics: WorkerMetrics,
    private readonly payloads: PayloadDesk,
  ) {
    this.unsubscribe = ready.subscribe((payload) => this.wake(payload as TenantId));
  }

  /** Polls end with no calls, so that a gateway that stops is not held up by them. */
  onModuleDestroy(): void {
    this.stopping.abort();
    this.unsubscribe();
  }

  /**
   * Leases calls of these tools; waits for one where there is none.
   *
   * @param signal The worker has gone: what was leased for it is given back.
   * @throws Problem `NOT_FOUND` naming tools that are not registered, `OVERLOADED` where too many wait.
   */
  async poll(tenantId: TenantId, body: PollBody, signal: AbortSignal): Promise<readonly GivenCall[]> {
    const registered = await this.tools.find(tenantId, body.tools);
    const missing = body.tools.filter((name) => !registered.some((tool) => tool.name === name));
    if (missing.length > 0) throw new Problem('NOT_FOUND', `There is no tool ${missing.join(', ')}: register it first`);
    await this.tools.polled(tenantId, body.tools);
    const leave = this.enter(tenantId);
    try {
      return await this.claimOrWait(tenantId, body, registered, AbortSignal.any([signal, this.stopping.signal]));
    } finally {
      leave();
    }
  }

  /** @throws Problem `LEASE_LOST` */
  async beat(lease: WorkerLease): Promise<void> {
    const alive = await this.works.beat([lease]);
    if (!alive.has(lease.leaseToken)) throw leaseLost();
  }

  /** Stores what a call came to, once; the same answer again is taken as such. @throws Problem `LEASE_LOST`, `PAYLOAD_TOO_LARGE` */
  async answer(lease: WorkerLease, body: ResultBody): Promise<void> {
    const given = outcomeOf(body);
    const { output_data: output } = given;
    const small = output === null ? null : await this.payloads.taken(lease.tenantId, 'output_data', output);
    const outcome = { ...given, output_data: small };
    const bytes = Buffer.byteLength(outcome.output_data ?? outcome.error ?? '');
    if (bytes > resultBytesMax) {
      throw new Problem('PAYLOAD_TOO_LARGE', `The result has ${bytes} bytes; at most ${resultBytesMax} may be`);
    }
    if (!(await this.store(lease, outcome))) {
      // The worker may not have heard the answer to its first try.
      if (await this.works.isAnswered(lease)) return;
      this.metrics.calls.inc({ result: 'late' });
      throw leaseLost();
    }
    this.metrics.calls.inc({ result: outcome.status });
  }

  private async store(lease: WorkerLease, outcome: WorkOutcome): Promise<boolean> {
    const kept = await this.works.answer([{ ...lease, outcome: JSON.stringify(outcome) }]);
    if (!kept.has(lease.leaseToken)) return false;
    // Executors send the command. They look by themselves too, where this is not heard.
    await this.works.notify(workAnsweredChannel, lease.tenantId).catch(() => undefined);
    return true;
  }

  private enter(tenantId: TenantId): () => void {
    const ofTenant = this.waiting.get(tenantId) ?? 0;
    if (this.polls >= pollsMax || ofTenant >= pollsOfTenantMax) {
      this.metrics.refused.inc();
      throw new Problem('OVERLOADED', 'As many workers wait as may', { headers: { 'retry-after': '5' } });
    }
    this.waiting.set(tenantId, ofTenant + 1);
    this.metrics.waiting.set(++this.polls);
    return () => {
      const left = (this.waiting.get(tenantId) ?? 1) - 1;
      if (left === 0) this.waiting.delete(tenantId);
      else this.waiting.set(tenantId, left);
      this.metrics.waiting.set(--this.polls);
    };
  }

  private async claimOrWait(
    tenantId: TenantId,
    body: PollBody,
    registered: readonly RegisteredTool[],
    signal: AbortSignal,
  ): Promise<readonly GivenCall[]> {
    const untilMs = performance.now() + body.wait_ms;
    for (;;) {
      // Before it looks, so that what comes while it looks is not slept through.
      const woken = this.listen(tenantId);
      try {
        const claimed = await this.works.claimCalls({ tenantId, queue, tools: body.tools }, body.worker, body.max);
        if (signal.aborted && claimed.length > 0) {
          await this.works.release(claimed);
          return [];
        }
        const calls = await this.lawful(claimed, registered);
        const leftMs = untilMs - performance.now();
        if (calls.length > 0 || leftMs <= 0 || signal.aborted) return calls;
        await waitFor(woken.promise, Math.min(leftMs, lookEveryMs), signal);
      } finally {
        woken.forget();
      }
    }
  }

  /** Arguments are what a model wrote: a tool never sees any that its schema does not allow. */
  private async lawful(
    claimed: readonly LeasedWork[],
    tools: readonly RegisteredTool[],
  ): Promise<readonly GivenCall[]> {
    const calls: GivenCall[] = [];
    for (const leased of claimed) {
      const work: agentWork.ToolRequested = JSON.parse(leased.work);
      const given: unknown = JSON.parse(work.data.arguments);
      const tool = tools.find(({ name }) => name === leased.toolName);
      const issues = tool === undefined ? [] : this.checkOf(tool).issuesOf(given);
      if (issues.length === 0) {
        calls.push(callOf(leased, work, given));
        this.metrics.calls.inc({ result: 'given' });
        continue;
      }
      const detail = issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ');
      const error = jsonText({ code: 'ARGUMENTS_NOT_VALID', message: detail.slice(0, detailLengthMax) });
      this.metrics.calls.inc({ result: 'invalid_arguments' });
      await this.store(leased, { kind: 'tool_result', status: 'refused', output_data: null, error, duration_ms: 0 });
    }
    return calls;
  }

  private checkOf({ parameters }: RegisteredTool): JsonSchemaCheck {
    const known = this.checks.get(parameters);
    if (known) return known;
    if (this.checks.size >= schemasKeptMax) this.checks.clear();
    const check = new JsonSchemaCheck(JSON.parse(parameters));
    this.checks.set(parameters, check);
    return check;
  }

  private wake(tenantId: TenantId): void {
    for (const wake of this.wakers.get(tenantId) ?? []) wake();
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

async function waitFor(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  await Promise.race([woken, sleep(ms, AbortSignal.any([signal, ending.signal]))]);
  ending.abort();
}

function callOf(leased: LeasedWork, { data }: agentWork.ToolRequested, given: unknown): GivenCall {
  const { traceparent }: { readonly traceparent?: string } = JSON.parse(leased.metadata);
  return {
    work_id: leased.workId,
    lease_token: leased.leaseToken,
    lease_ms: leased.leaseMs,
    left_ms: Math.max(0, Math.floor(leased.leftMs)),
    tool: data.tool_name,
    arguments: given,
    idempotency_key: data.idempotency_key,
    attempt: data.attempt,
    delivery: leased.deliveries,
    agent_id: data.agent_id,
    execution_id: data.execution_id,
    call_id: data.call_id,
    traceparent: traceparent ?? null,
  };
}

function outcomeOf({ output_data: output, error, duration_ms }: ResultBody) {
  const text = (value: ResultBody['output_data']): JsonText => jsonText(value ?? null);
  if (error === undefined) {
    return { kind: 'tool_result', status: 'completed', output_data: text(output), error: null, duration_ms } as const;
  }
  const { code, message, details } = error;
  const shown = jsonText({ code, message, ...(details !== undefined && { details }) });
  return { kind: 'tool_result', status: 'failed', output_data: null, error: shown, duration_ms } as const;
}

function leaseLost(): Problem {
  const detail =
    'Nothing was heard of the call for longer than its lease, or it is over: what it came to changes nothing';
  return new Problem('LEASE_LOST', detail);
}
