import type { Registry } from 'prom-client';

/**
 * The metrics of several registries as one exposition. Apps that share a process have the same metric names with
 * different `service` labels, and the format wants all samples of a name together under one HELP and TYPE, which
 * prom-client's own merge refuses.
 */
export async function renderMetrics(registries: readonly Registry[]): Promise<string> {
  const families = new Map<string, { readonly head: string[]; readonly samples: string[] }>();
  for (const text of await Promise.all(registries.map((registry) => registry.metrics()))) {
    let family: { readonly head: string[]; readonly samples: string[] } | undefined;
    let fresh = false;
    for (const line of text.split('\n')) {
      const name = /^# HELP (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        fresh = !families.has(name);
        family = families.get(name) ?? { head: [], samples: [] };
        families.set(name, family);
      }
      if (line === '' || family === undefined) continue;
      if (!line.startsWith('#')) family.samples.push(line);
      else if (fresh) family.head.push(line);
    }
  }
  return [...families.values()].map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`).join('\n');
}
