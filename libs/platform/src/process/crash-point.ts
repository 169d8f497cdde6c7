import { appendFileSync } from 'node:fs';

let hits = 0;

/**
 * A named place where a test may kill this process. Does nothing unless `NODE_ENV` is `test` and `CHORDA_CRASH_AT`
 * names it (`after-commit`, or `after-commit:3` for the third time it is reached). What was hit is written to the file
 * `CHORDA_CRASH_LOG` first, so that a test counts kills by what they hit and not by what it hoped for.
 */
export function crashPoint(name: string): void {
  const wanted = process.env['CHORDA_CRASH_AT'];
  if (wanted === undefined || process.env['NODE_ENV'] !== 'test') return;
  const [wantedName, wantedHit = '1'] = wanted.split(':');
  if (wantedName !== name || ++hits !== Number(wantedHit)) return;
  const log = process.env['CHORDA_CRASH_LOG'];
  if (log) appendFileSync(log, `${name}\n`);
  process.kill(process.pid, 'SIGKILL');
}
