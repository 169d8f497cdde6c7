import { createAppHost, type AppHost, type RunningApp, type StartApp } from '@chorda/platform';

export interface NamedApp {
  readonly name: string;
  readonly start: StartApp;
}

export interface AppsOptions {
  /** With the simulated model, which the others ask. */
  readonly simulatesModel?: boolean;
}

/**
 * Every app of Chorda, in the order of starting: the gateway last, since it is the way in. They are stopped the other
 * way round.
 *
 * Imported when asked, so that the servers can start meanwhile and a broken app does not keep `chorda doctor` from
 * looking at the machine.
 */
export async function loadApps({ simulatesModel = false }: AppsOptions = {}): Promise<readonly NamedApp[]> {
  const simulators = simulatesModel ? [await loadSimulator()] : [];
  const [{ startProjector }, { startAgentRuntime }, { startInferenceWorker }, { startOrchestrator }, { startGateway }] =
    await Promise.all([
      import('@chorda/projector'),
      import('@chorda/agent-runtime'),
      import('@chorda/inference-worker'),
      import('@chorda/orchestrator'),
      import('@chorda/gateway'),
    ]);
  return [
    ...simulators,
    { name: 'projector', start: startProjector },
    { name: 'agent-runtime', start: startAgentRuntime },
    { name: 'inference-worker', start: startInferenceWorker },
    { name: 'orchestrator', start: startOrchestrator },
    { name: 'gateway', start: startGateway },
  ];
}

/** It asks nobody for a key, so it listens on loopback whatever the others do. */
async function loadSimulator(): Promise<NamedApp> {
  const { startSimulatorApp } = await import('@chorda/model-simulator');
  const start: StartApp = (env, host) => startSimulatorApp({ ...env, CHORDA_LISTEN_HOST: '127.0.0.1' }, host);
  return { name: 'model-simulator', start };
}

/** The apps that share this process. */
export class RunningApps {
  readonly hosts: readonly AppHost[];
  private readonly running: RunningApp[] = [];

  constructor(
    private readonly apps: readonly NamedApp[],
    logDestination: NodeJS.WritableStream,
  ) {
    this.hosts = apps.map(({ name }) => createAppHost({ name, sharesProcess: true, logDestination }));
  }

  /** One after the other. @throws what an app throws; those that run then are stopped by `stop`. */
  async start(env: NodeJS.ProcessEnv): Promise<void> {
    for (const [index, { start }] of this.apps.entries()) {
      const host = this.hosts[index];
      if (host !== undefined) this.running.push(await start(env, host));
    }
  }

  urlOf(name: string): string | undefined {
    return this.running.find((app) => app.name === name)?.url;
  }

  async notReady(): Promise<readonly string[]> {
    if (this.running.length < this.apps.length) return ['starting'];
    return (await Promise.all(this.running.map((app) => app.notReady()))).flat();
  }

  /** Each app drains before the next is asked to stop; a fault of one does not keep the others from it. */
  async stop(): Promise<readonly unknown[]> {
    const faults: unknown[] = [];
    for (const app of this.running.splice(0).reverse()) {
      await app.stop().catch((error: unknown) => faults.push(error));
    }
    return faults;
  }

  /** The process dies of this error: each app may say a last word. */
  async crashed(error: Error): Promise<void> {
    await Promise.allSettled(this.running.map(async (app) => app.crashed?.(error)));
  }
}
