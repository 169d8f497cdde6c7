import { runDevelopment } from '@chorda/native-stack/start';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';

/** Signals are the start's own matter from here on. It gets the process's environment, not that of another start. */
export async function startDevelopment({ output }: CommandContext): Promise<ExitCode> {
  const code = await runDevelopment(process.env, (line) => void output.item({ line }, () => line));
  return code === 0 ? exitCodes.ok : exitCodes.failed;
}
