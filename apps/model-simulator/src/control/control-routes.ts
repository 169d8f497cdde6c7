import { z } from 'zod';
import type { LiveEngineSettings } from '../engine/engine-settings.js';
import { faultRuleSchema } from '../faults/fault.js';
import { faultRulesMax } from '../faults/fault-rules.js';
import { AnswerError, errorBody, noSuchRoute } from '../http/answer-error.js';
import { controlOff, type Exchange } from '../http/exchange.js';
import { sendJson, sendText } from '../http/reply.js';
import { scriptsSchema } from '../model/script.js';

const durationMs = z.number().min(0).max(600_000);

/** What may be changed of a running engine, of one model or of all. */
const liveSchema = z.strictObject({
  model: z.string().optional(),
  slots: z.int().min(1).max(100_000).optional(),
  queued_requests_max: z.int().min(0).max(10_000_000).optional(),
  queued_tokens_max: z.int().min(0).max(10_000_000_000).optional(),
  prefill_ms: durationMs.optional(),
  prefill_token_ms: durationMs.optional(),
  token_ms: durationMs.optional(),
  full_load_factor: z.number().min(1).max(1_000).optional(),
});

type Route = (exchange: Exchange) => void | Promise<void>;

/** `/simulator/…`: what no vLLM has. Reading is free; whatever changes something must be allowed by a setting. */
export const controlRoutes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/simulator': { GET: showState },
  '/simulator/occupancy': { GET: showOccupancy, DELETE: allowed(resetOccupancy) },
  '/simulator/requests': { GET: showRequests, DELETE: allowed(forgetRequests) },
  '/simulator/settings': { PATCH: allowed(changeSettings) },
  '/simulator/faults': { GET: showFaults, POST: allowed(addFault), DELETE: allowed(clearFaults) },
  '/simulator/scripts': { GET: showScripts, PUT: allowed(putScripts) },
};

function allowed(route: Route): Route {
  return (exchange) => {
    if (!exchange.simulator.settings.allowsControl) throw controlOff();
    return route(exchange);
  };
}

function showState({ simulator, response }: Exchange): void {
  const { settings, models, log } = simulator;
  sendJson(response, 200, {
    simulated: true,
    allows_control: settings.allowsControl,
    engines: models.engines.map((engine) => {
      const { running, waiting, deferred, kvUsage } = engine.figures();
      const { preemptions, aborted, refused } = engine.metrics;
      return {
        model: engine.metrics.model,
        settings: engine.settings,
        ...{ running, waiting, deferred, kv_usage: kvUsage, preemptions, aborted, refused },
      };
    }),
    requests_forgotten: log.droppedCount,
  });
}

function showOccupancy({ simulator, response }: Exchange): void {
  const engines = simulator.models.engines.map((engine) => {
    const report = engine.occupancy();
    return {
      model: engine.metrics.model,
      span_ms: report.spanMs,
      mean_running: report.meanRunning,
      mean_waiting: report.meanWaiting,
      mean_slots: report.meanSlots,
      running_share: report.runningShare,
      waiting_share: report.waitingShare,
      running_max: report.runningMax,
      waiting_max: report.waitingMax,
    };
  });
  sendJson(response, 200, { engines });
}

function resetOccupancy({ simulator, response }: Exchange): void {
  for (const engine of simulator.models.engines) engine.resetOccupancy();
  sendText(response, 204, '', undefined);
}

/** NDJSON, so that a long log is read line by line. */
function showRequests({ simulator, response }: Exchange): void {
  const lines = simulator.log.list().map((entry) => `${JSON.stringify(entry)}\n`);
  sendText(response, 200, lines.join(''), 'application/x-ndjson');
}

function forgetRequests({ simulator, response }: Exchange): void {
  simulator.log.clear();
  sendText(response, 204, '', undefined);
}

async function changeSettings(exchange: Exchange): Promise<void> {
  const { model, ...given } = read(liveSchema, await exchange.body());
  const engines = exchange.simulator.models.engines.filter(
    ({ metrics }) => model === undefined || metrics.model === model,
  );
  if (engines.length === 0) throw invalid(`There is no model ${model ?? ''}.`, 'model');
  const changed: Partial<LiveEngineSettings> = {
    ...(given.slots !== undefined && { slots: given.slots }),
    ...(given.queued_requests_max !== undefined && { queuedRequestsMax: given.queued_requests_max }),
    ...(given.queued_tokens_max !== undefined && { queuedTokensMax: given.queued_tokens_max }),
    ...(given.prefill_ms !== undefined && { prefillMs: given.prefill_ms }),
    ...(given.prefill_token_ms !== undefined && { prefillTokenMs: given.prefill_token_ms }),
    ...(given.token_ms !== undefined && { tokenMs: given.token_ms }),
    ...(given.full_load_factor !== undefined && { fullLoadFactor: given.full_load_factor }),
  };
  for (const engine of engines) engine.change(changed);
  showState(exchange);
}

function showFaults({ simulator, response }: Exchange): void {
  sendJson(response, 200, { faults: simulator.faults.list() });
}

async function addFault(exchange: Exchange): Promise<void> {
  const id = exchange.simulator.faults.add(read(faultRuleSchema, await exchange.body()));
  if (id === undefined) throw invalid(`There are ${faultRulesMax} faults already.`, null);
  sendJson(exchange.response, 201, { id });
}

/** All of them, or the one that `?id=` names. */
function clearFaults({ simulator, request, response }: Exchange): void {
  const id = new URL(request.url ?? '/', 'http://simulator').searchParams.get('id');
  const cleared = simulator.faults.clear(id ?? undefined);
  if (id !== null && cleared === 0) throw noSuchRoute();
  sendText(response, 204, '', undefined);
}

function showScripts({ simulator, response }: Exchange): void {
  sendJson(response, 200, { scripts: simulator.scripts });
}

async function putScripts(exchange: Exchange): Promise<void> {
  const body = await exchange.body();
  exchange.simulator.scripts = read(z.strictObject({ scripts: scriptsSchema }), body).scripts;
  sendJson(exchange.response, 200, { scripts: exchange.simulator.scripts });
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const given = schema.safeParse(body);
  if (given.success) return given.data;
  const [first] = given.error.issues;
  throw invalid(z.prettifyError(given.error), first?.path.join('.') ?? null);
}

function invalid(message: string, param: string | null): AnswerError {
  return new AnswerError(400, errorBody(message, 'BadRequestError', param, 400));
}
