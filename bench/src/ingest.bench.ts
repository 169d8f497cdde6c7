import { Agent, request } from 'node:http';
import { eventDataToJson } from '@chorda/contracts';
import { inTurns, type Measure } from './samples.js';
import { rateOf } from './produce.bench.js';
import { sampleEvent } from './sample-event.js';

export interface IngestSettings {
  /** Of a running gateway. */
  readonly url: string;
  readonly apiKey: string;
  readonly rounds: number;
  readonly singleEvents: number;
  readonly batchedEvents: number;
}

const batchEvents = 100;
const singleConnections = 64;
const batchConnections = 16;

/** Events a second through the HTTP door, each answered after the brokers' acknowledgement. */
export async function benchIngest(settings: IngestSettings, progress: (line: string) => void): Promise<Measure> {
  const agent = new Agent({ keepAlive: true, maxSockets: Math.max(singleConnections, batchConnections) });
  const post = (contentType: string, body: string) => postOnce(agent, settings, contentType, body);
  try {
    return await inTurns(
      { name: 'HTTP ingest', unit: 'events/s', settings: { singleConnections, batchConnections, batchEvents } },
      [
        {
          name: `one event a request, ${singleConnections} connections`,
          run: () => {
            const bodies = Array.from({ length: settings.singleEvents }, (_, index) =>
              JSON.stringify(cloudEvent(index)),
            );
            return rateOf(bodies.length, singleConnections, (index) =>
              post('application/cloudevents+json', bodies[index] ?? ''),
            );
          },
        },
        {
          name: `${batchEvents} events a request, ${batchConnections} connections`,
          run: async () => {
            const batches = Array.from({ length: settings.batchedEvents / batchEvents }, (_, batch) =>
              JSON.stringify(
                Array.from({ length: batchEvents }, (_, index) => cloudEvent(batch * batchEvents + index)),
              ),
            );
            const rate = await rateOf(batches.length, batchConnections, (index) =>
              post('application/cloudevents-batch+json', batches[index] ?? ''),
            );
            return rate * batchEvents;
          },
        },
      ],
      settings.rounds,
      progress,
    );
  } finally {
    agent.destroy();
  }
}

function cloudEvent(index: number): Record<string, unknown> {
  const { event, metadata } = sampleEvent(index);
  const { id, source, subject } = metadata;
  return { specversion: '1.0', id, source, subject, type: event.type, data: eventDataToJson(event) };
}

/** @throws for any answer but a 2xx: a refused event is no throughput. */
function postOnce(agent: Agent, settings: IngestSettings, contentType: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${settings.apiKey}`,
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(`${settings.url}/v1/events`, { agent, method: 'POST', headers }, (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      response.once('end', () => {
        if (status >= 200 && status < 300 && status !== 207) resolve();
        else reject(new Error(`The gateway answered ${status}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
