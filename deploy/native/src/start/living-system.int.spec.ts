import { Writable } from 'node:stream';
import { ChordaClient, type ServiceInstance } from '@chorda/client';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBackbone, type Backbone } from './backbone.fixture.spec.js';

let backbone: Backbone;
let client: ChordaClient;

beforeAll(async () => {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const env = { CHORDA_SELF_REPORT_INTERVAL_MS: '200' };
  backbone = await startBackbone(inject('stack'), { logDestination: nowhere, env });
  client = new ChordaClient({ url: backbone.url, apiKey: backbone.apiKey, source: 'urn:spec' });
});

afterAll(async () => {
  await backbone?.stop();
});

async function untilServices(
  are: (services: readonly ServiceInstance[]) => boolean,
): Promise<readonly ServiceInstance[]> {
  const endMs = Date.now() + 50_000;
  for (;;) {
    const { services } = await client.system();
    if (are(services)) return services;
    if (Date.now() > endMs) throw new Error(`Still ${JSON.stringify(services)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a fresh start', { timeout: 180_000 }, () => {
  it('shows every app as it is, from what each says of itself', async () => {
    const apps = ['gateway', 'projector', 'agent-runtime', 'inference-worker', 'orchestrator'];
    const services = await untilServices((all) =>
      apps.every((name) =>
        all.some(({ service, status, uptime_ms: uptimeMs }) => service === name && status === 'healthy' && uptimeMs),
      ),
    );
    expect(services).toHaveLength(apps.length);
    for (const service of services) {
      expect(service).toMatchObject({ pid: process.pid, shares_process: true, interval_ms: 200, alerts: [] });
      const { memory_rss_bytes: rss, cpu_usage: cpu, event_loop_delay_p99_ms: delayMs } = service;
      // True figures: of this very process, which the spec can ask itself.
      expect(Math.abs((rss ?? 0) / process.memoryUsage.rss() - 1)).toBeLessThan(0.5);
      expect(cpu).toBeGreaterThan(0);
      expect(cpu).toBeLessThanOrEqual(1);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(Date.now() - Date.parse(service.last_seen)).toBeLessThan(30_000);
    }
    expect(services.find(({ service }) => service === 'gateway')?.address).toBe(backbone.url);
  });

  it('counts the requests of the gateway in what it says of its performance', async () => {
    await client.system();
    const stop = AbortSignal.timeout(20_000);
    let requests = 0;
    for await (const message of client.tail({ types: ['system.performance'], subject: 'gateway', signal: stop })) {
      if (message.kind !== 'event' || message.event.type !== 'system.performance') continue;
      requests += message.event.data.operations.find(({ name }) => name === 'http.request')?.count ?? 0;
      if (requests > 0) break;
      await client.system();
    }
    expect(requests).toBeGreaterThan(0);
  });

  it('lets a sender read its own writes as soon as it wants to', async () => {
    const agentId = newId();
    const data = { execution_id: newId(), input_data: 1, output_data: 2, execution_time_ms: 3 };
    const { id, position } = await client.events.send({
      type: 'agent.executed',
      data: { agent_id: agentId, status: 'completed', ...data },
    });
    const search = client.events.search({ subject: agentId }, { minPosition: position, waitMs: 20_000 });
    for await (const page of search.pages()) {
      expect(page).toMatchObject({ complete: true, events: [{ id, data: { agent_id: agentId, ...data } }] });
    }
  });
});
