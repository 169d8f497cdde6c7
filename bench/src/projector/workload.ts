import { EventCodec, jsonText, type AgentId, type EventEnvelope, type ExecutionId } from '@chorda/contracts';
import { defaultTenant, newId, silentLogger } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import type { StackAddresses } from '@chorda/testing';
import avro from 'avsc';

/** `unique`: no two events of one agent, so nothing can be folded. `zipf`: 5,000 agents, exponent 1.1. */
export type KeyShape = 'unique' | 'zipf';

export const foldedKeys = 5_000;
const zipfExponent = 1.1;
const inFlightMax = 5_000;

/** Agents of the events, in their order. */
export function keysOf(shape: KeyShape): () => number {
  if (shape === 'unique') {
    let next = 0;
    return () => next++;
  }
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= foldedKeys; rank++) cumulative.push((total += 1 / rank ** zipfExponent));
  return () => {
    const drawn = Math.random() * total;
    let low = 0;
    let high = foldedKeys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? total) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** An `agent.executed` of about 300 bytes of Avro. */
export function executedBy(key: number): EventEnvelope {
  const agentId = agentIdOf(key);
  return {
    event: {
      type: 'agent.executed',
      data: { ...payloadOf(agentId), user_id: null, session_id: null, metadata: null, model: null, usage: null },
    },
    metadata: {
      id: newId(),
      source: 'urn:chorda:bench',
      subject: agentId,
      tenantId: defaultTenant,
      timeMs: Date.now(),
      correlationId: newId(),
    },
  };
}

function agentIdOf(key: number): AgentId {
  const [high, low] = [Math.floor(key / 65_536), key % 65_536];
  return `AGENT-20261121-${100_000 + high}-0001-${low.toString(16).padStart(4, '0').toUpperCase()}` as AgentId;
}

function payloadOf(agentId: AgentId) {
  return {
    agent_id: agentId,
    execution_id: newId() as ExecutionId,
    input_data: jsonText({ question: 'Which of the open invoices of this customer are overdue, and by how long?' }),
    output_data: jsonText({ answer: 'Two of five: 2026-0411 by 12 days and 2026-0398 by 31 days.', confidence: 0.93 }),
    execution_time_ms: 1_234,
    status: 'completed' as const,
  };
}

type Send = (record: Parameters<Awaited<ReturnType<typeof producerOf>>['send']>[0]) => Promise<unknown>;

/** Fills `agent.events` as our own services do. */
export async function fillOwnLog(
  stack: StackAddresses,
  topicPrefix: string,
  shape: KeyShape,
  events: number,
): Promise<void> {
  const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
  const nextKey = keysOf(shape);
  await filling(stack, topicPrefix, events, (send) => send(codec.encode(executedBy(nextKey()))));
  codec.close();
}

const flatSchema = {
  type: 'record',
  name: 'Executed',
  namespace: 'bench',
  fields: [
    { name: 'agent_id', type: 'string' },
    { name: 'execution_id', type: 'string' },
    { name: 'input_data', type: ['null', 'string'] },
    { name: 'output_data', type: ['null', 'string'] },
    { name: 'execution_time_ms', type: 'long' },
    { name: 'status', type: 'string' },
  ],
} as const;

/**
 * A log made for the rival: the same values and keys in an Avro record of just its columns, and no headers, of which
 * Kafka Connect makes objects one by one.
 */
export async function fillFlatLog(
  stack: StackAddresses,
  topic: string,
  shape: KeyShape,
  events: number,
): Promise<void> {
  await createTopic(stack, topic);
  const schemaId = await register(stack, `${topic}-value`);
  const type = avro.Type.forSchema(JSON.parse(JSON.stringify(flatSchema)) as avro.Schema, { wrapUnions: 'never' });
  const nextKey = keysOf(shape);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(schemaId, 1);
  await filling(stack, '', events, (send) => {
    const agentId = agentIdOf(nextKey());
    const value = Buffer.concat([frame, type.toBuffer(payloadOf(agentId))]);
    return send({ topic, key: Buffer.from(`${defaultTenant}/${agentId}`), value, headers: {} });
  });
}

/** As the catalogue has `agent.events`. */
async function createTopic(stack: StackAddresses, name: string): Promise<void> {
  const { driver } = await connect(stack, '');
  const admin = await driver.admin();
  await admin.createTopics([{ name, partitions: 12, replicationFactor: 1, config: { 'compression.type': 'zstd' } }]);
  await driver.close();
}

async function register(stack: StackAddresses, subject: string): Promise<number> {
  const answer = await fetch(`${stack.registryUrl}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: JSON.stringify(flatSchema) }),
  });
  const { id } = (await answer.json()) as { readonly id?: number };
  if (id === undefined) throw new Error(`The registry refused the schema of ${subject}: ${answer.status}`);
  return id;
}

async function filling(
  stack: StackAddresses,
  topicPrefix: string,
  events: number,
  sendOne: (send: Send) => Promise<unknown>,
): Promise<void> {
  const { driver, producer } = await connect(stack, topicPrefix);
  let inFlight: Promise<unknown>[] = [];
  for (let sent = 0; sent < events; sent++) {
    inFlight.push(sendOne((record) => producer.send(record)));
    if (inFlight.length < inFlightMax) continue;
    await Promise.all(inFlight);
    inFlight = [];
  }
  await Promise.all(inFlight);
  await producer.close();
  await driver.close();
}

async function connect(stack: StackAddresses, topicPrefix: string) {
  const brokers = stack.kafkaBrokers.split(',');
  const driver = createKafkaDriver({ brokers, topicPrefix, clientId: 'bench-fill' }, { logger: silentLogger });
  return { driver, producer: await producerOf(driver) };
}

function producerOf(driver: ReturnType<typeof createKafkaDriver>) {
  return driver.createProducer();
}
