import { BackboneError } from '@chorda/kernel';
import { Development } from './development.js';

/** Signals of one moment are one: in a terminal Ctrl-C reaches this process from the terminal, from npm and from the
 * script that started it. */
const sameMomentMs = 500;

/**
 * Runs until SIGINT, SIGTERM or SIGHUP: apps drain, servers stop, 0. A second signal ends the servers at once, 130. A
 * start that fails stops what it had started and says why in one message, 1.
 *
 * @returns the exit code, when nothing of it runs any more.
 */
export async function runDevelopment(
  env: NodeJS.ProcessEnv = process.env,
  say: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): Promise<number> {
  let development: Development;
  try {
    development = new Development({ env, say });
  } catch (error) {
    return explain(error, say);
  }
  const stop = watchSignals(development, say);
  watchFaults(development, say);
  try {
    await Promise.race([development.start(), stop]);
    await stop;
    say('Stopping: the apps drain, then the servers end …');
    await development.stop();
    say('Stopped.');
    return 0;
  } catch (error) {
    const code = explain(error, say);
    await development.stop();
    return code;
  }
}

function watchSignals(development: Development, say: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let firstMs = 0;
    const onSignal = () => {
      if (firstMs === 0) {
        firstMs = Date.now();
        return resolve();
      }
      if (Date.now() - firstMs < sameMomentMs) return;
      say('Ending the servers at once.');
      development.abandon();
      process.exit(130);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    // The script that started us is gone without a word: nobody is left who could stop us.
    if (process.connected) process.once('disconnect', () => resolve());
  });
}

function watchFaults(development: Development, say: (line: string) => void): void {
  let dying = false;
  const onFault = (error: unknown) => {
    if (dying) return;
    dying = true;
    const fault = error instanceof Error ? error : new Error(String(error));
    say(`Crashed: ${fault.stack ?? fault.message}`);
    void development.crashed(fault).finally(() => process.exit(1));
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}

/** Errors of ours are written for the person who reads them; of others the stack is the only help. */
function explain(error: unknown, say: (line: string) => void): number {
  if (error instanceof BackboneError) say(`\n${error.message}`);
  else say(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
