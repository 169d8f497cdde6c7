import { Writable } from 'node:stream';
import { SpanKind } from '@opentelemetry/api';
import { newId } from '@chorda/kernel';
import { InMemorySpanExporter, startTracing, type Tracing } from '@chorda/platform';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBackbone, type Backbone } from './backbone.fixture.spec.js';

type Span = ReturnType<InMemorySpanExporter['getFinishedSpans']>[number];

const spans = new InMemorySpanExporter();
let tracing: Tracing;
let backbone: Backbone;
let database: pg.Client;

beforeAll(async () => {
  // First, as in a process of their own: what apps open at their start must be traced too.
  tracing = startTracing({ service: 'spec', inMemory: spans });
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  backbone = await startBackbone(inject('stack'), { logDestination: nowhere });
  database = new pg.Client({ connectionString: backbone.databaseUrl });
  await database.connect();
});

afterAll(async () => {
  await database?.end();
  await backbone?.stop();
  await tracing?.stop();
});

function executed(more: Readonly<Record<string, string>> = {}) {
  const data = {
    agent_id: newId(),
    execution_id: newId(),
    input_data: null,
    output_data: null,
    execution_time_ms: 1,
    status: 'completed',
  };
  return { specversion: '1.0', id: newId(), source: 'urn:spec', type: 'agent.executed', data, ...more };
}

async function post(body: unknown, headers: Readonly<Record<string, string>>): Promise<{ position: string }> {
  const type = `application/cloudevents${Array.isArray(body) ? '-batch' : ''}+json`;
  const response = await fetch(`${backbone.url}/v1/events?ack=projected&wait=30000`, {
    method: 'POST',
    headers: { authorization: `Bearer ${backbone.apiKey}`, 'content-type': type, ...headers },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  const answer = (await response.json()) as { position: string; complete: boolean };
  expect(answer.complete).toBe(true);
  return answer;
}

async function traceparentInRow(id: string): Promise<string> {
  const { rows } = await database.query('SELECT traceparent FROM journal_v1 WHERE event_id = $1', [id]);
  expect(rows).toHaveLength(1);
  return String(rows[0].traceparent);
}

/** The spans of a trace; the last of them ends just after the row can be read. */
async function spansOf(traceId: string, names: readonly string[]): Promise<ReadonlyMap<string, Span>> {
  const endMs = Date.now() + 50_000;
  for (;;) {
    const found = spans.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
    const byName = new Map(found.map((span) => [span.name, span]));
    if (names.every((name) => byName.has(name))) return byName;
    if (Date.now() > endMs) throw new Error(`Only ${[...byName.keys()].join(', ') || 'nothing'} in trace ${traceId}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const newTrace = () => newId().replaceAll('-', '');
const parentSpanId = 'b7ad6b7169203331';
const names = ['POST /v1/events', 'send agent.events', 'project agent.events'];

describe('one trace', { timeout: 180_000 }, () => {
  it('reaches from the HTTP request over the record on Kafka to the projected row', async () => {
    const traceId = newTrace();
    const event = executed();
    await post(event, { traceparent: `00-${traceId}-${parentSpanId}-01` });

    const trace = await spansOf(traceId, names);
    const [request, send, project] = names.map((name) => trace.get(name));
    expect(request?.kind).toBe(SpanKind.SERVER);
    expect(request?.parentSpanContext?.spanId).toBe(parentSpanId);
    expect(send?.kind).toBe(SpanKind.PRODUCER);
    expect(send?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(project?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId);

    // A batch of one record is a child of its sending; one of many is a child of none and points to each.
    const sent = send?.spanContext().spanId;
    const batch = spans
      .getFinishedSpans()
      .find(
        ({ name, links, parentSpanContext, attributes }) =>
          name === 'process agent.events' &&
          attributes['messaging.consumer.group.name'] === 'projector.read-models' &&
          (parentSpanContext?.spanId === sent || links.some(({ context }) => context.spanId === sent)),
      );
    expect(batch?.kind).toBe(SpanKind.CONSUMER);

    expect(await traceparentInRow(event.id)).toBe(`00-${traceId}-${send?.spanContext().spanId}-01`);
  });

  it('is each event’s own where the events of a batch bring one each', async () => {
    const traceIds = [newTrace(), newTrace()];
    const events = traceIds.map((traceId) => executed({ traceparent: `00-${traceId}-${parentSpanId}-01` }));
    await post(events, {});
    for (const [index, traceId] of traceIds.entries()) {
      const trace = await spansOf(traceId, ['send agent.events', 'project agent.events']);
      const send = trace.get('send agent.events');
      expect(send?.parentSpanContext?.spanId).toBe(parentSpanId);
      expect(await traceparentInRow(events[index]?.id ?? '')).toBe(`00-${traceId}-${send?.spanContext().spanId}-01`);
    }
  });

  it('is not made up for a sender that does not want to be sampled', async () => {
    const traceId = newTrace();
    const event = executed();
    await post(event, { traceparent: `00-${traceId}-${parentSpanId}-00` });
    expect(await traceparentInRow(event.id)).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(spans.getFinishedSpans().some((span) => span.spanContext().traceId === traceId)).toBe(false);
  });
});
