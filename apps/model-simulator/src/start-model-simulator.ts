import type { Logger } from '@chorda/kernel';
import type { EngineSettings } from './engine/engine-settings.js';
import { SimulatorServer } from './http/simulator-server.js';
import { simulatorDefaults, type SimulatorSettings } from './simulator-settings.js';

/** All of the settings may be left out; the port is then a free one. */
export type ModelSimulatorOptions = Partial<Omit<SimulatorSettings, 'engine'>> & {
  readonly engine?: Partial<EngineSettings>;
  readonly logger?: Logger;
};

export interface ModelSimulator {
  /** `http://127.0.0.1:PORT`; a client of OpenAI's takes this with `/v1`. */
  readonly url: string;
  /** The first that writes, and the first that embeds. */
  readonly model: string;
  readonly embeddingModel: string | undefined;
  /** Requests in hand have so many milliseconds. Default 0: they are cut off. */
  stop(drainMs?: number): Promise<void>;
}

/**
 * Runs a simulated vLLM in this process. It says in every answer that it is simulated.
 *
 * In tests, where faults and live changes are wanted, `allowsControl` is on unless it is switched off.
 */
export async function startModelSimulator(options: ModelSimulatorOptions = {}): Promise<ModelSimulator> {
  const { engine, logger, ...given } = options;
  const settings: SimulatorSettings = {
    ...simulatorDefaults,
    ...{ port: 0, allowsControl: true, allowsLoraUpdates: true },
    ...given,
    engine: { ...simulatorDefaults.engine, ...engine },
  };
  const server = new SimulatorServer(settings, logger);
  const url = await server.listen();
  return {
    url,
    model: settings.models[0] ?? '',
    embeddingModel: settings.embeddingModels[0],
    stop: (drainMs = 0) => server.stop(drainMs),
  };
}
