import { Counter, Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { startMetricsServer, type MetricsServer } from './metrics-server.js';

let server: MetricsServer | undefined;

afterEach(async () => {
  await server?.close();
});

function registryOf(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  new Counter({ name: 'chorda_things_total', help: 'Things.', registers: [registry] }).inc(2);
  return registry;
}

async function start(reasons: readonly string[] = []): Promise<MetricsServer> {
  server = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    registries: [registryOf('one'), registryOf('two')],
    notReady: () => Promise.resolve(reasons),
  });
  return server;
}

it('puts the samples of all apps of a process together under one name', async () => {
  const { url } = await start();
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toBe(
    [
      '# HELP chorda_things_total Things.',
      '# TYPE chorda_things_total counter',
      'chorda_things_total{service="one"} 2',
      'chorda_things_total{service="two"} 2',
      '',
    ].join('\n'),
  );
});

it('is alive whether or not it is ready, and says why it is not', async () => {
  const { url } = await start(['kafka: joining']);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'not_ready', reasons: ['kafka: joining'] });
});

it('says that a port is taken', async () => {
  const { url } = await start();
  const port = Number(new URL(url).port);
  const second = startMetricsServer({ host: '127.0.0.1', port, registries: [], notReady: () => Promise.resolve([]) });
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
