#!/usr/bin/env node
import { CommandLine } from './command-line/command-line.js';
import { exitCodes } from './command-line/exit-codes.js';
import { runChorda } from './program.js';

const interruption = new AbortController();
let interruptedMs = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // One Ctrl-C reaches us more than once: from the terminal, and from npm. A later one is from somebody who has
    // waited long enough; `dev` has servers to end then, and listens itself.
    const isAlone = process.listenerCount(signal) === 1;
    if (isAlone && interruptedMs > 0 && Date.now() - interruptedMs > 700) process.exit(exitCodes.failed);
    if (interruptedMs === 0) interruptedMs = Date.now();
    interruption.abort();
  });
}
// The script that started us was killed: nobody would stop us any more.
process.once('disconnect', () => interruption.abort());
process.channel?.unref();
// `chorda events tail | head` closes our stdout: that is the end of the work, not a fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

process.exitCode = await runChorda(
  process.argv.slice(2),
  new CommandLine({ stdout: process.stdout, stderr: process.stderr }, process.env, interruption.signal),
);
