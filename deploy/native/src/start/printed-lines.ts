import { shortPath } from '../settings.js';
import type { FirstKey } from './prepare-data.js';

export interface Addresses {
  readonly gatewayUrl: string;
  readonly metricsUrl: string;
  /** `HOST:PORT`, several separated by commas. */
  readonly kafkaBrokers: string;
  readonly registryUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Of the simulated model, where no other is given. */
  readonly simulatedModelUrl?: string;
}

/** What a person and a script read off a start that is ready. Servers of the user's own are shown without passwords. */
export function addressLines(addresses: Addresses, embedded: readonly string[], key: FirstKey): readonly string[] {
  const shown = (name: string, url: string) => (embedded.includes(name) ? url : withoutPassword(url));
  return [
    `gateway ${addresses.gatewayUrl}`,
    `metrics ${addresses.metricsUrl}/metrics`,
    `kafka ${addresses.kafkaBrokers}`,
    `registry ${shown('registry', addresses.registryUrl)}`,
    `postgres ${shown('postgres', addresses.databaseUrl)}`,
    `redis ${shown('redis', addresses.redisUrl)}`,
    ...(addresses.simulatedModelUrl === undefined
      ? []
      : [`model ${addresses.simulatedModelUrl}   (simulated, no real one: set VLLM_URLS or OPENAI_API_KEY for one)`]),
    `key ${key.text}   (kept in ${shortPath(key.path)})`,
  ];
}

/** Three commands that work as they stand, in any shell: send an event, read it back, follow the live tail. */
export function commandLines(gatewayUrl: string, key: FirstKey): readonly string[] {
  const auth = `-H 'Authorization: Bearer ${key.text}'`;
  const id = `hello-${Date.now().toString(36)}`;
  const event = {
    specversion: '1.0',
    id,
    type: 'agent.executed',
    source: 'urn:example:readme',
    subject: 'AGENT-20260101-090000-0001-A1B2',
    data: {
      agent_id: 'AGENT-20260101-090000-0001-A1B2',
      execution_id: 'execution-1',
      input_data: { question: 'What is an event?' },
      output_data: { answer: 'Something that has happened.' },
      execution_time_ms: 1250,
      status: 'completed',
    },
  };
  return [
    '1. Send an event:',
    `   curl -sS '${gatewayUrl}/v1/events?ack=projected' ${auth} -H 'content-type: application/cloudevents+json' -d '${JSON.stringify(event)}'`,
    '2. Read it back from the read model:',
    `   curl -sS ${gatewayUrl}/v1/events/${id} ${auth}`,
    '3. Follow everything that happens (Ctrl-C ends it):',
    `   curl -sSN ${gatewayUrl}/v1/stream ${auth}`,
  ];
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  return parsed.toString();
}
