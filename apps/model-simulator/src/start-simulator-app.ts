import { EnvironmentError, type AppHost, type RunningApp } from '@chorda/platform';
import { SimulatorServer } from './http/simulator-server.js';
import type { SimulatorSettings } from './simulator-settings.js';
import { readSimulatorSettings } from './simulator.env.js';

/** How long answers that are under way may take when it is stopped. */
const drainMs = 5_000;

/** The simulator as an app: of a process of its own, or beside the others of `npm start`. */
export async function startSimulatorApp(env: NodeJS.ProcessEnv, host: AppHost): Promise<RunningApp> {
  const settings = readSimulatorSettings(env);
  const server = serverOf(settings, host);
  const url = await server.listen().catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      const detail = `is ${settings.port}, where something else listens already`;
      throw new EnvironmentError([{ pointer: 'CHORDA_SIMULATOR_PORT', detail }]);
    }
    throw error;
  });
  let isDraining = false;
  host.logger.info('A simulated model answers, no real one', { url, models: settings.models.join(', ') });
  return {
    name: 'model-simulator',
    url,
    notReady: () => Promise.resolve(isDraining ? ['draining'] : []),
    stop: async () => {
      isDraining = true;
      await server.stop(drainMs);
    },
  };
}

function serverOf(settings: SimulatorSettings, host: AppHost): SimulatorServer {
  try {
    return new SimulatorServer(settings, host.logger);
  } catch (error) {
    if (settings.logFile === undefined || !(error instanceof Error) || !('code' in error)) throw error;
    const detail = `names a file that cannot be written (${String(error.code)})`;
    throw new EnvironmentError([{ pointer: 'CHORDA_SIMULATOR_LOG_FILE', detail }]);
  }
}
