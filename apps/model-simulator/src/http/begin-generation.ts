import type { LoggedRequest } from '../control/request-log.js';
import type { ServedModel } from '../engine/served-models.js';
import { epochMs } from '../control/request-log.js';
import type { Fault } from '../faults/fault.js';
import { AnswerError, errorBody } from './answer-error.js';
import type { Exchange } from './exchange.js';
import { Generation, type AnswerShape, type Choice } from './generation.js';
import type { Sampling } from './sampling.js';

/** A request that hangs is let go at last, so that a client without any time-out does not hold it for ever. */
const hangMsMax = 600_000;

export interface GenerationPlan {
  readonly id: string;
  readonly model: ServedModel;
  readonly sampling: Sampling;
  readonly choices: readonly Choice[];
  readonly shape: AnswerShape;
  readonly promptText: () => string;
}

/** From a request that is understood to the engine, through whatever fault it shall meet before. */
export async function beginGeneration(exchange: Exchange, plan: GenerationPlan): Promise<void> {
  const { simulator, response, headers } = exchange;
  const { model, sampling, choices } = plan;
  const prompts = new Set(choices.map(({ prompt }) => prompt));
  const entry = exchange.entry({
    id: plan.id,
    model: model.engine.metrics.model,
    lora: model.lora?.name ?? null,
    priority: sampling.priority,
    is_streamed: sampling.isStreamed,
    sequences: choices.length,
    prompt_tokens: [...prompts].reduce((sum, { length }) => sum + length, 0),
  });
  const fault = exchange.fault(model.name, plan.promptText);
  if (fault !== undefined) simulator.counters.onFault(fault.kind);
  const hasPassed = fault === undefined || (await passedFault(exchange, fault, entry));
  if (!hasPassed) return;
  try {
    const { engine, lora } = model;
    const { log, counters, settings: bounds } = simulator;
    const { shape } = plan;
    const context = {
      engine,
      log,
      counters,
      bounds,
      entry,
      response,
      headers,
      fault,
      lora: lora?.name,
      sampling,
      choices,
      shape,
    };
    new Generation(context).start();
  } catch (error) {
    if (error instanceof AnswerError) close(exchange, entry, error.status, 'refused');
    throw error;
  }
}

/** False: the request never reaches the engine. */
async function passedFault(exchange: Exchange, fault: Fault, entry: LoggedRequest): Promise<boolean> {
  const { response } = exchange;
  entry.fault = fault.kind;
  switch (fault.kind) {
    case 'status': {
      close(exchange, entry, fault.status, 'fault');
      const headers = fault.retry_after === undefined ? {} : { 'retry-after': String(fault.retry_after) };
      const message = fault.message ?? `A fault that was asked for: ${fault.status} (simulated)`;
      throw new AnswerError(fault.status, errorBody(message, 'SimulatedFault', null, fault.status), headers);
    }
    case 'hang':
      await hang(exchange);
      close(exchange, entry, 0, 'fault');
      return false;
    case 'slow':
      await pause(exchange, fault.delay_ms);
      if (!response.destroyed) return true;
      close(exchange, entry, 0, 'abort');
      return false;
    default:
      return true;
  }
}

async function hang(exchange: Exchange): Promise<void> {
  await pause(exchange, hangMsMax);
  if (!exchange.response.destroyed) exchange.simulator.counters.onBound('hang');
  exchange.response.destroy();
}

function pause({ response }: Exchange, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function close(exchange: Exchange, entry: LoggedRequest, status: number, outcome: LoggedRequest['outcome']): void {
  entry.status = status;
  entry.outcome = outcome;
  entry.finished_ms = epochMs();
  exchange.simulator.log.add(entry);
}
