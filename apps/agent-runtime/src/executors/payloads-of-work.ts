import { jsonText, jsonValue, type agentWork, type JsonText } from '@chorda/contracts';
import type { WorkOutcome } from '@chorda/domain';
import {
  asPayloadRef,
  BackboneError,
  inlineBytesMax,
  type JsonValue,
  type Logger,
  type TenantId,
} from '@chorda/kernel';
import type { PayloadStore } from '@chorda/platform';
import type { WorkRunner } from './work-runner.js';

/** Values that travel by reference, for those who do work: whole when they come, small when they go. */
export class PayloadsOfWork {
  /** @param store Undefined: nothing is kept by reference here. */
  constructor(
    private readonly store: PayloadStore | undefined,
    private readonly logger: Logger,
  ) {}

  /**
   * The same work with its messages whole, as a model is told them; or what to say where they cannot be had.
   *
   * @throws where the store is away, which another try may find back.
   */
  async whole(
    tenant: TenantId,
    work: agentWork.TurnRequested,
  ): Promise<{ readonly work: agentWork.TurnRequested } | { readonly failure: WorkOutcome }> {
    try {
      const messages = jsonValue(work.data.messages);
      if (!Array.isArray(messages)) return { work };
      const list: readonly JsonValue[] = messages;
      const told = await Promise.all(list.map((message) => this.wholeMessage(tenant, message)));
      return { work: { ...work, data: { ...work.data, messages: jsonText(told) } } };
    } catch (error) {
      if (!(error instanceof BackboneError) || error.retriable) throw error;
      const { code: error_code, message: reason } = error;
      const failure = { kind: 'turn_failure', error_code, reason, is_retriable: false, retry_after_ms: null } as const;
      return { failure: { ...failure, duration_ms: 0 } };
    }
  }

  /**
   * The same outcome with a reference where it is large. A store that is away takes nothing from it: what came of a call
   * is not lost for that, and the engine says whether it is too large to be taken as it is.
   */
  async small(tenant: TenantId, outcome: WorkOutcome): Promise<WorkOutcome> {
    const { store } = this;
    const isLarge = 'output_data' in outcome && Buffer.byteLength(outcome.output_data ?? '') > inlineBytesMax;
    if (store === undefined || !isLarge) return outcome;
    try {
      if (outcome.kind === 'turn')
        return { ...outcome, output_data: await smallAnswer(store, tenant, outcome.output_data) };
      if (outcome.kind !== 'tool_result' || outcome.output_data === null) return outcome;
      return { ...outcome, output_data: (await store.small(tenant, outcome.output_data)) as JsonText };
    } catch (error) {
      this.logger.error('A result could not be kept by reference', { kind: outcome.kind, error });
      return outcome;
    }
  }

  private async wholeMessage(tenant: TenantId, message: JsonValue): Promise<JsonValue> {
    if (typeof message !== 'object' || message === null || !('content' in message)) return message;
    const ref = asPayloadRef(message['content']);
    if (ref === undefined) return message;
    if (this.store === undefined) throw new PayloadsNotHereError();
    const text = (await this.store.read(tenant, ref.sha256)).toString('utf8');
    const value: JsonValue = JSON.parse(text);
    // As it would have been said without the detour: a text as it is, anything else as JSON.
    return { ...message, content: typeof value === 'string' ? value : text };
  }
}

/** Whoever does the work sees values alone, and never a reference. */
export function withPayloads(runner: WorkRunner, payloads: PayloadsOfWork): WorkRunner {
  return {
    async run({ work, ...assignment }) {
      if (work.type !== 'agent.turn_requested') {
        return payloads.small(assignment.tenantId, await runner.run({ work, ...assignment }));
      }
      const told = await payloads.whole(assignment.tenantId, work);
      if ('failure' in told) return told.failure;
      return payloads.small(assignment.tenantId, await runner.run({ work: told.work, ...assignment }));
    },
    ...(runner.revoked && { revoked: (works) => runner.revoked?.(works) ?? Promise.resolve() }),
    ...(runner.close && { close: () => runner.close?.() ?? Promise.resolve() }),
  };
}

class PayloadsNotHereError extends BackboneError {
  readonly code = 'PAYLOAD_NOT_FOUND';
  readonly retriable = false;

  constructor() {
    super('The conversation refers to a payload, and this executor has no store of them: set CHORDA_PAYLOADS');
  }
}

async function smallAnswer(store: PayloadStore, tenant: TenantId, output: JsonText): Promise<JsonText> {
  const answer = jsonValue(output);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || !('content' in answer)) return output;
  const content = jsonText(answer['content'] ?? null);
  if (Buffer.byteLength(content) <= inlineBytesMax) return output;
  return jsonText({ ...answer, content: { ...(await store.keep(tenant, content)) } });
}
