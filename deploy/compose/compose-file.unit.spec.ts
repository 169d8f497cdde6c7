import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCompose, readText, root, schemaFaults, type ComposeFile, type ComposeService } from './compose-file.js';

const text = readText('docker-compose.kafka.yml');
const file = parseCompose(text) as ComposeFile;
const services = Object.entries(file.services);
const named = (name: string): ComposeService => {
  const service = file.services[name];
  if (service === undefined) throw new Error(`No service ${name}`);
  return service;
};
const variables = [...new Set([...text.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1]!))];

describe('docker-compose.kafka.yml', () => {
  it('keeps to the published Compose schema', () => {
    expect(schemaFaults(file)).toEqual([]);
  });

  // A schema check that never refuses anything proves nothing.
  it.each([
    ['an unknown key of a service', 'restart: unless-stopped', 'restrat: unless-stopped'],
    ['a condition that does not exist', 'condition: service_healthy', 'condition: service_ready'],
    ['a wrong type', 'read_only: true', 'read_only: [1]'],
  ])('would not keep to it with %s', (_, from, to) => {
    expect(text).toContain(from);
    expect(schemaFaults(parseCompose(text.replace(from, to)))).not.toEqual([]);
  });

  it('has three brokers, of which one may be away', () => {
    const brokers = services.filter(([, service]) => service.image?.startsWith('apache/kafka:'));
    expect(brokers).toHaveLength(3);
    for (const [, { environment }] of brokers) {
      expect(environment).toMatchObject({ KAFKA_DEFAULT_REPLICATION_FACTOR: 3, KAFKA_MIN_INSYNC_REPLICAS: 2 });
    }
    expect(new Set(brokers.map(([, broker]) => broker.environment?.['KAFKA_NODE_ID'])).size).toBe(3);
  });

  it('runs each app that has a main.ts as a service of its own', () => {
    const apps = readdirSync(join(root, 'apps')).filter(
      (app) => app !== 'cli' && existsSync(join(root, 'apps', app, 'src', 'main.ts')),
    );
    for (const app of apps) expect(named(app).command, app).toEqual([`apps/${app}/dist/main.js`]);
  });

  it('runs no entry that is not there', () => {
    for (const [name, { command }] of services) {
      for (const entry of command?.filter((part) => part.startsWith('apps/')) ?? []) {
        expect(existsSync(join(root, entry.replace('/dist/', '/src/').replace('.js', '.ts'))), name).toBe(true);
      }
    }
  });

  it('publishes on loopback alone, and no port twice', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    const published = ports.map((port) => port.split(':')[1]);
    expect(new Set(published).size).toBe(published.length);
  });

  it('pins every image', () => {
    for (const [name, { image }] of services) expect(image, name).toMatch(/:v?\d[\w.-]*$/);
  });

  it('has no default for a secret, and .env.example names every variable', () => {
    const example = readText('.env.example');
    for (const name of variables) {
      expect(example, name).toMatch(new RegExp(`^${name}=`, 'm'));
      if (/PASSWORD|KEY|CLUSTER_ID/.test(name)) {
        expect(example, name).toMatch(new RegExp(`^${name}=$`, 'm'));
        expect(text).not.toMatch(new RegExp(`\\$\\{${name}(?!:\\?)`));
      }
    }
  });

  it('waits for health, or for a task to end, wherever it waits', () => {
    for (const [name, service] of services) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = named(other);
        if (condition === 'service_completed_successfully') continue;
        expect(condition, `${name} waits for ${other}`).toBe('service_healthy');
        // Our own image brings its health check; a foreign one needs it here.
        expect(target.healthcheck !== undefined || target.build !== undefined, other).toBe(true);
      }
    }
  });

  it('mounts only what is there, and declares every volume', () => {
    for (const volume of services.flatMap(([, service]) => service.volumes ?? [])) {
      const source = volume.split(':')[0]!;
      if (source.startsWith('.')) expect(existsSync(join(root, source)), source).toBe(true);
      else expect(Object.keys(file.volumes ?? {})).toContain(source);
    }
  });
});
