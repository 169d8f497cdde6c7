import type { AppHost, RunningApp } from './app.js';
import { runAsProcess } from './run-as-process.js';

/** The process that `run-as-process.int.spec.ts` starts and ends. */
const behaviour = process.env['BEHAVIOUR'];

async function startExample(_env: NodeJS.ProcessEnv, { logger }: AppHost): Promise<RunningApp> {
  if (behaviour === 'fail') throw new Error('no brokers today');
  const keepAlive = setInterval(() => undefined, 1_000);
  if (behaviour === 'reject') setTimeout(() => void Promise.reject(new Error('nobody handles this')), 50);
  return {
    name: 'example',
    notReady: () => Promise.resolve([]),
    stop: async () => {
      if (behaviour === 'hang') await new Promise(() => {});
      clearInterval(keepAlive);
      logger.info('drained');
    },
    crashed: async () => logger.info('last word'),
  };
}

await runAsProcess('example', startExample);
