import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Ends servers whose owner was killed: a shell that waits for the end of its input, which the system closes whatever
 * way this process goes. For servers that nobody is to adopt, those of tests.
 */
export class Reaper {
  private readonly shell: ChildProcess;

  /** @param folder removed with the servers. */
  constructor(folder: string) {
    this.shell = spawn('/bin/sh', ['-c', script, 'chorda-reaper', folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.shell.unref();
    const input = this.shell.stdin;
    // Without these the pipe would keep this process alive, and a shell that is gone would end it.
    input?.on('error', () => undefined);
    if (input !== null && 'unref' in input && typeof input.unref === 'function') input.unref();
  }

  add(pid: number): void {
    this.shell.stdin?.write(`add ${pid}\n`);
  }

  remove(pid: number): void {
    this.shell.stdin?.write(`remove ${pid}\n`);
  }

  /** Ends what is left and removes the folder. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.shell.exitCode !== null || this.shell.signalCode !== null) return resolve();
      this.shell.ref();
      this.shell.once('exit', () => resolve());
      this.shell.stdin?.end();
    });
  }
}

// Groups and not single processes: every server leads a session of its own. Pids are not compared with start times
// here; between the end of a server and its `remove` lie milliseconds. Without `--`: the kill of dash takes none there.
const script = `
pids=
while read -r op pid; do
  case $op in
    add) pids="$pids $pid" ;;
    remove) left=; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left ;;
  esac
done
for p in $pids; do kill -CONT "-$p"; kill -KILL "-$p"; done
sleep 0.2
rm -rf -- "$1"
`;
