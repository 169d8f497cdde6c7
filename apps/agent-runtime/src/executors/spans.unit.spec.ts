import { agentId, executionId, jsonText, sessionId, toolCallId, type agentWork } from '@chorda/contracts';
import { defaultTenant, silentLogger } from '@chorda/kernel';
import { trace, type Span, type SpanOptions } from '@opentelemetry/api';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ModelOverloadedError } from '../model/model-errors.js';
import type { ModelPort } from '../model/model-port.js';
import { defineTool } from '../tools/tool.js';
import { ToolCatalogue } from '../tools/tool-catalogue.js';
import { executorMetrics } from './executor-metrics.js';
import { runTool } from './run-tool.js';
import { runTurn } from './run-turn.js';

interface Told {
  readonly name: string;
  readonly attributes: Record<string, unknown>;
  isEnded: boolean;
  hasFailed: boolean;
}

const told: Told[] = [];
const tracer = trace.getTracer('spec');

/** A tracer that keeps what it is told. */
vi.spyOn(trace, 'getTracer').mockReturnValue({
  startSpan: () => tracer.startSpan('none'),
  startActiveSpan(name: string, options: SpanOptions, run: (span: Span) => unknown) {
    const span: Told = { name, attributes: { ...options.attributes }, isEnded: false, hasFailed: false };
    told.push(span);
    const fake = {
      setAttributes: (more: object) => Object.assign(span.attributes, more) && fake,
      setAttribute: (key: string, value: unknown) => ((span.attributes[key] = value), fake),
      setStatus: () => ((span.hasFailed = true), fake),
      end: () => (span.isEnded = true),
    };
    return Reflect.apply(run, undefined, [fake]);
  },
} as never);
afterEach(() => told.splice(0));

const common = {
  agent_id: agentId('AGENT-1'),
  execution_id: executionId('exec-1'),
  turn: 1,
  attempt: 1,
  attempt_token: 'token-1',
  lease_ms: 1_000,
  deadline_at: 0,
  idempotency_key: 'key-1',
  user_id: null,
  session_id: sessionId('chat-7'),
};
const turn: agentWork.TurnRequested = {
  type: 'agent.turn_requested',
  data: {
    ...common,
    model: 'tiny',
    messages: jsonText([{ role: 'user', content: 'A secret of Ada' }]),
    tools: [],
    completion_tokens_max: null,
    config: null,
  },
};
const call: agentWork.ToolRequested = {
  type: 'agent.tool_requested',
  data: {
    ...common,
    call_id: toolCallId('call-1'),
    tool_name: 'weigh',
    queue: 'tools',
    idempotent: true,
    arguments: jsonText({ what: 'A secret of Ada' }),
  },
};
const assigned = {
  tenantId: defaultTenant,
  leftMs: 10_000,
  metadata: { id: 'record-1', subject: 'AGENT-1', correlationId: 'record-1' },
  signal: new AbortController().signal,
};
const usage = { promptTokens: 30, cachedPromptTokens: 10, completionTokens: 7 };
const answer = {
  id: 'chatcmpl-1',
  model: 'tiny-1',
  usage,
  isSimulated: false,
  content: 'A secret of Ada',
  toolCalls: [],
};

function partsWith(chat: () => ReturnType<ModelPort['chat']>) {
  const registry = new Registry();
  const unused = () => Promise.reject(new Error('not asked here'));
  const model: ModelPort = { chat, complete: unused, embed: unused, models: unused };
  const metrics = executorMetrics(registry);
  return { registry, parts: { model, prices: {}, completionTokensMax: undefined, metrics } };
}

describe('what tracing and metrics are told', () => {
  it('of a turn: the names of the conventions for generative AI, the tokens, and nothing that was said', async () => {
    const { registry, parts } = partsWith(() => Promise.resolve({ ...answer, finishReason: 'stop' }));
    await runTurn(parts, { work: turn, ...assigned });
    expect(told).toEqual([
      {
        name: 'chat tiny',
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.agent.id': 'AGENT-1',
          'gen_ai.request.model': 'tiny',
          'gen_ai.conversation.id': 'chat-7',
          'chorda.execution.id': 'exec-1',
          'gen_ai.response.id': 'chatcmpl-1',
          'gen_ai.response.model': 'tiny-1',
          'gen_ai.response.finish_reasons': ['stop'],
          'gen_ai.usage.input_tokens': 30,
          'gen_ai.usage.output_tokens': 7,
        },
        isEnded: true,
        hasFailed: false,
      },
    ]);
    expect(JSON.stringify(told)).not.toContain('Ada');
    const text = await registry.getSingleMetricAsString('chorda_agent_model_tokens_total');
    for (const [kind, count] of [
      ['prompt', 30],
      ['cached_prompt', 10],
      ['completion', 7],
    ]) {
      expect(text).toContain(`chorda_agent_model_tokens_total{model="tiny-1",kind="${kind}"} ${count}`);
    }
  });

  it('of a turn without an answer: why, and no tokens', async () => {
    const { parts } = partsWith(() => Promise.reject(new ModelOverloadedError(503, undefined)));
    await runTurn(parts, { work: turn, ...assigned });
    expect(told).toMatchObject([{ isEnded: true, hasFailed: true, attributes: { 'error.type': 'MODEL_OVERLOADED' } }]);
  });

  it('of a call of a tool', async () => {
    const weigh = defineTool({
      ...{ name: 'weigh', description: '', idempotent: true, timeoutMs: 1_000, resultBytesMax: 1_000 },
      args: z.strictObject({ what: z.string() }),
      run: () => Promise.resolve({ value: 7 }),
    });
    const parts = { catalogue: new ToolCatalogue([weigh]), logger: silentLogger };
    await runTool(parts, { work: call, ...assigned });
    await runTool(parts, { work: { ...call, data: { ...call.data, tool_name: 'gone' } }, ...assigned });
    expect(told).toMatchObject([
      {
        name: 'execute_tool weigh',
        attributes: {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'weigh',
          'gen_ai.tool.call.id': 'call-1',
          'gen_ai.agent.id': 'AGENT-1',
          'chorda.execution.id': 'exec-1',
        },
        isEnded: true,
        hasFailed: false,
      },
      { name: 'execute_tool gone', isEnded: true, hasFailed: true },
    ]);
    expect(JSON.stringify(told)).not.toContain('Ada');
  });
});
