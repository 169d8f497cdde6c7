import type { agentWork } from '@chorda/contracts';
import type { WorkOutcome } from '@chorda/domain';
import { BackboneError, sleep } from '@chorda/kernel';
import { timeForWorkMs, type ModelAsk, type ModelAsks } from '@chorda/work';
import { notAsked } from '../model/inference-model.js';
import { ModelError, ModelUnavailableError } from '../model/model-errors.js';
import { chatInput } from '../model/openai-model.js';
import { priorityOf, requestOf, turnFailed, type TurnLimits } from './run-turn.js';
import { originOf, type Assignment } from './work-runner.js';

export interface AskTurnParts extends TurnLimits {
  readonly asks: ModelAsks;
}

const retryMsMin = 100;
const retryMsMax = 2_000;

/**
 * Asks for the next step of an execution over the log. Whoever answers gives the engine its command, so that no slot is
 * held meanwhile and nothing here has to live until then. The request has the id of the try: asked again after a crash it
 * is the same one.
 */
export async function askTurn(
  parts: AskTurnParts,
  assignment: Assignment<agentWork.TurnRequested>,
): Promise<WorkOutcome> {
  const { work, tenantId, metadata, leftMs } = assignment;
  const { data } = work;
  const startedMs = performance.now();
  const durationMs = () => Math.round(performance.now() - startedMs);
  const request = requestOf(parts, work);
  const { agent_id, execution_id, turn, attempt, attempt_token } = data;
  const timeMs = timeForWorkMs(leftMs);
  try {
    await askUntilTaken(parts.asks, assignment.signal, timeMs, {
      ...{ tenantId, metadata, requestId: attempt_token, operation: 'chat_completion', model: data.model },
      ...{ priority: priorityOf(work), completionTokensMax: request.completionTokensMax ?? null },
      input: JSON.parse(JSON.stringify(chatInput(request))),
      deadlineAtMs: Date.now() + timeMs,
      origin: originOf(data),
      replyTo: {
        ...{ commandType: 'agent.record_turn', subject: agent_id },
        context: { agent_id, execution_id, turn, attempt, attempt_token },
      },
    });
    return { kind: 'begun' };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return turnFailed(error, durationMs());
  }
}

/** Brokers that are away come back, within the time that the try has. @throws ModelError */
async function askUntilTaken(asks: ModelAsks, signal: AbortSignal, timeMs: number, ask: ModelAsk): Promise<void> {
  const untilMs = performance.now() + timeMs;
  for (let failures = 0; ; failures++) {
    try {
      return await asks.ask(ask);
    } catch (error) {
      const cause = notAsked(error);
      const isForGood = cause instanceof ModelError || !(cause instanceof BackboneError && cause.retriable);
      if (isForGood) throw cause;
      if (signal.aborted || performance.now() > untilMs) {
        throw new ModelUnavailableError('is behind brokers that do not answer', { cause });
      }
      await sleep(Math.min(retryMsMin * 2 ** Math.min(failures, 8), retryMsMax), signal);
    }
  }
}
