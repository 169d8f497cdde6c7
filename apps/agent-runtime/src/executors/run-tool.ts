import { jsonText, jsonValue, type agentWork } from '@chorda/contracts';
import type { WorkOutcome } from '@chorda/domain';
import type { Logger } from '@chorda/kernel';
import { timeForWorkMs } from '@chorda/work';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ToolCatalogue } from '../tools/tool-catalogue.js';
import { ToolError, ToolRefusedError } from '../tools/tool-errors.js';
import { originOf, type Assignment } from './work-runner.js';

export interface ToolParts {
  readonly catalogue: ToolCatalogue;
  readonly logger: Logger;
}

type ToolOutcome = Extract<WorkOutcome, { kind: 'tool_result' }>;

/** Calls a built-in tool, once, with the key of the call. */
export async function runTool(parts: ToolParts, assignment: Assignment<agentWork.ToolRequested>): Promise<ToolOutcome> {
  const { data } = assignment.work;
  const startedMs = performance.now();
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': data.tool_name,
    'gen_ai.tool.call.id': data.call_id,
    'gen_ai.agent.id': data.agent_id,
    'chorda.execution.id': data.execution_id,
  };
  const name = `execute_tool ${data.tool_name}`;
  return trace.getTracer('chorda').startActiveSpan(name, { kind: SpanKind.INTERNAL, attributes }, async (span) => {
    try {
      const outcome = await outcomeOf(parts, assignment);
      if (outcome.status !== 'completed') span.setStatus({ code: SpanStatusCode.ERROR });
      return { ...outcome, duration_ms: Math.round(performance.now() - startedMs) };
    } finally {
      span.end();
    }
  });
}

async function outcomeOf(
  { catalogue, logger }: ToolParts,
  { work: { data }, tenantId, metadata, signal, leftMs }: Assignment<agentWork.ToolRequested>,
): Promise<Omit<ToolOutcome, 'duration_ms'>> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeForWorkMs(leftMs))]);
  try {
    const onBehalf = { tenantId, metadata, origin: originOf(data), attemptToken: data.attempt_token };
    const call = { tenantId, key: data.idempotency_key, signal: inTime, onBehalf };
    const { value } = await catalogue.run(data.tool_name, jsonValue(data.arguments), call);
    return { kind: 'tool_result', status: 'completed', output_data: jsonText(value), error: null };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    if (error.code === 'TOOL_FAULT')
      logger.error('A tool failed by a fault of its own', { tool: data.tool_name, error });
    return { kind: 'tool_result', status: statusOf(error), output_data: null, error: described(error) };
  }
}

/** Lost: the engine calls an idempotent tool again, and of another it asks a person. */
function statusOf(error: ToolError): ToolOutcome['status'] {
  if (error.effect === 'unknown') return 'lost';
  return error instanceof ToolRefusedError ? 'refused' : 'failed';
}

function described({ code, message, effect, retriable }: ToolError): ReturnType<typeof jsonText> {
  return jsonText({ code, message, effect, retriable });
}
