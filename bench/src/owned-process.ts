import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Reaper } from '@chorda/native-stack';

let reaper: Reaper | undefined;

export interface OwnedProcess {
  readonly child: ChildProcess;
  /** The signal that ended it, else its exit code. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
}

/** Runs a built entry as a process that ends with this one, whatever ends this one; its output goes to a file. */
export function startOwnedProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  outputFile: string,
  /** `program`: another one than Node. `input`: what it reads from its standard input. */
  more: { readonly program?: string; readonly input?: string } = {},
): OwnedProcess {
  reaper ??= new Reaper(mkdtempSync(join(tmpdir(), 'chorda-owned-')));
  const output = createWriteStream(outputFile, { flags: 'a' });
  // A group of its own: that is what the reaper ends.
  const child = spawn(more.program ?? process.execPath, args, { env, detached: true, stdio: 'pipe' });
  child.stdin.end(more.input ?? '');
  const { pid = 0 } = child;
  reaper.add(pid);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const ended = once(child, 'exit').then(([code, signal]: (NodeJS.Signals | number | null)[]) => {
    reaper?.remove(pid);
    output.end();
    return signal ?? code ?? null;
  });
  return { child, ended };
}
