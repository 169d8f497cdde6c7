import { appendFileSync } from 'node:fs';

/** Read once: the hot path passes crash points, and asking the environment costs a call into the runtime each time. */
const [wantedName, wantedHit = '1'] =
  process.env['NODE_ENV'] === 'test' ? (process.env['CHORDA_CRASH_AT'] ?? '').split(':') : [];
let hits = 0;

/**
 * A named place where a test may kill this process. Does nothing unless `NODE_ENV` is `test` and `CHORDA_CRASH_AT`
 * names it (`after-commit`, or `after-commit:3` for the third time it is reached) when the process starts. What was hit
 * is written to the file `CHORDA_CRASH_LOG` first, so that a test counts kills by what they hit and not by what it
 * hoped for.
 */
export function crashPoint(name: string): void {
  if (wantedName !== name || ++hits !== Number(wantedHit)) return;
  const log = process.env['CHORDA_CRASH_LOG'];
  if (log) appendFileSync(log, `${name}\n`);
  process.kill(process.pid, 'SIGKILL');
}
