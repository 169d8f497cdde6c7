import { tenantId } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import {
  agentId,
  allCommandTypes,
  allDeltaTypes,
  allEventTypes,
  allWorkTypes,
  catalogueTopic,
  CommandCodec,
  commandTypes,
  DeltaCodec,
  deltaTypes,
  EventCodec,
  executionId,
  jsonText,
  requestId,
  toolCallId,
  WorkCodec,
  workTypes,
  type CommandEnvelope,
  type DeltaEnvelope,
  type WorkEnvelope,
} from '../index.js';
import { asReceived } from '../testing/record.js';

const metadata = {
  id: '0199e0a2-0000-7000-8000-000000000001',
  source: 'urn:chorda:gateway',
  subject: 'agent-1',
  tenantId: tenantId('default'),
  timeMs: 1_795_262_400_000,
  correlationId: 'request-1',
};

const cancel: CommandEnvelope = {
  command: {
    type: 'agent.cancel_execution',
    data: { agent_id: agentId('agent-1'), execution_id: executionId('e-1'), reason: null },
  },
  metadata: { ...metadata, actor: 'key-7' },
};

const tokens: DeltaEnvelope = {
  delta: {
    type: 'inference.tokens_generated',
    data: {
      request_id: requestId('r-1'),
      attempt: 2,
      sequence: 0,
      voided_attempt: 1,
      chunks: [jsonText({ choices: [{ index: 0, delta: { content: 'Hel' } }] })],
      end: false,
    },
  },
  metadata: { ...metadata, subject: 'r-1' },
};

function toolRequested(queue: 'tools' | 'workers' | 'unknown'): WorkEnvelope {
  return {
    work: {
      type: 'agent.tool_requested',
      data: {
        agent_id: agentId('agent-1'),
        execution_id: executionId('e-1'),
        turn: 1,
        call_id: toolCallId('c-1'),
        attempt: 1,
        attempt_token: 't-1',
        lease_ms: 10_000,
        deadline_at: 1_795_262_430_000,
        idempotency_key: 'c-1',
        tool_name: 'http_get',
        queue,
        idempotent: true,
        arguments: jsonText({ url: 'https://example.org' }),
        user_id: null,
        session_id: null,
      },
    },
    metadata,
  };
}

const commands = CommandCodec.offline(7);
const work = WorkCodec.offline(7);
const deltas = DeltaCodec.offline(1);
const events = EventCodec.offline(7);

describe('a command', () => {
  it('comes back from its topic as it was given, with who gave it', () => {
    const record = commands.encode(cancel);
    expect(record.topic).toBe('agent.commands');
    expect(record.key.toString()).toBe('default/agent-1');
    expect(record.headers).toMatchObject({ ce_id: metadata.id, ce_type: 'agent.cancel_execution', ce_actor: 'key-7' });
    expect(commands.decode(asReceived(record))).toEqual(cancel);
  });

  it('of nobody in particular has no actor', () => {
    const envelope: CommandEnvelope = { ...cancel, metadata };
    expect(commands.decode(asReceived(commands.encode(envelope)))).toEqual(envelope);
  });

  it('is set aside where the header of its actor is broken', () => {
    const { headers, ...record } = asReceived(commands.encode(cancel));
    const forged = { ...record, headers: { ...headers, ce_actor: Buffer.from('a\nb') } };
    expect(() => commands.decode(forged)).toThrow(/actor must be 1 to 256 bytes/);
  });
});

describe('work', () => {
  it.each([
    ['tools', 'agent.work.tools'],
    ['workers', 'agent.work.workers'],
    // A queue of a later version: executors of this one take it.
    ['unknown', 'agent.work.tools'],
  ] as const)('for %s lies on %s and comes back', (queue, topic) => {
    const record = work.encode(toolRequested(queue));
    expect(record.topic).toBe(topic);
    expect(work.decode(asReceived(record))).toEqual(toolRequested(queue));
  });
});

describe('a delta', () => {
  it('lies on its topic and comes back', () => {
    const record = deltas.encode(tokens);
    expect(record.topic).toBe('inference.tokens');
    expect(deltas.decode(asReceived(record))).toEqual(tokens);
  });
});

describe('events, commands, work and deltas', () => {
  it('are taken for one another by no codec', () => {
    const command = asReceived(commands.encode(cancel));
    const requested = asReceived(work.encode(toolRequested('tools')));
    const delta = asReceived(deltas.encode(tokens));
    for (const codec of [events, work, deltas]) expect(() => codec.decode(command)).toThrow(/unknown_type/);
    for (const codec of [events, commands, deltas]) expect(() => codec.decode(requested)).toThrow(/unknown_type/);
    for (const codec of [events, commands, work]) expect(() => codec.decode(delta)).toThrow(/unknown_type/);
  });

  it('share no type, and lie on topics of the catalogue', () => {
    const types: readonly string[] = [...allEventTypes, ...allCommandTypes, ...allWorkTypes, ...allDeltaTypes];
    expect(new Set(types).size).toBe(types.length);
    for (const type of allCommandTypes) {
      expect(catalogueTopic(commandTypes[type].topic)?.name).toMatch(
        /^((agent|schedule|workflow)\.commands|inference\.control)$/,
      );
    }
    for (const type of allDeltaTypes) expect(catalogueTopic(deltaTypes[type].topic)?.name).toBe('inference.tokens');
    for (const type of allWorkTypes) expect(workTypes[type].topic).toMatch(/^(agent|workflow)\.work\./);
  });
});

it('keeps the stream that a version counts', () => {
  const event = {
    type: 'agent.slot_taken',
    data: { agent_id: agentId('agent-1'), execution_id: executionId('e-1'), running: 1 },
  } as const;
  const envelope = { event, metadata: { ...metadata, decision: { streamVersion: 3n, stream: 'agent-agent-1' } } };
  const record = events.encode(envelope);
  expect(record.headers['ce_stream']).toBe('agent-agent-1');
  expect(events.decode(asReceived(record))).toEqual(envelope);
  const long = { ...metadata, decision: { streamVersion: 3n, stream: 'x'.repeat(577) } };
  expect(() => events.encode({ event, metadata: long })).toThrow(/decision\/stream must be 1 to 576 bytes/);
});
