import { checkMachine, readSettings } from '@chorda/native-stack';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import type { Output } from '../command-line/output.js';
import type { Check } from './check.js';

export interface ExamineOptions {
  readonly machine?: boolean;
}

/** Machine, servers, then a probe end to end; later parts rest where earlier ones are broken. */
export async function examine(context: CommandContext, options: ExamineOptions): Promise<ExitCode> {
  const { output, environment } = context;
  const checks: Check[] = [];
  const add = (found: readonly Check[]) => {
    for (const check of found) {
      checks.push(check);
      if (!output.json) output.item(check, () => line(output, check));
    }
  };
  const runs = environment['CHORDA_URL'] !== undefined;
  // A running Chorda holds its own ports and has all it needs: its machine is not in question.
  if (options.machine === true || !runs) add(await checkMachine(readSettings(process.env), process.env));
  if (options.machine !== true && runs) {
    const { serverChecks } = await import('./server-checks.js');
    add(await serverChecks(environment));
    if (checks.every(({ state }) => state !== 'broken')) {
      const { probe } = await import('./probe.js');
      add(await probe(context));
    }
  }
  const healthy = checks.every(({ state }) => state !== 'broken');
  if (output.json) output.result({ healthy, checks }, () => '');
  if (options.machine !== true && !runs) {
    output.note('No Chorda runs from this folder: start it with `npm start` and ask again, or set CHORDA_URL.');
  }
  return healthy ? exitCodes.ok : exitCodes.failed;
}

const signs = { ok: ['good', 'ok  '], warning: ['warn', 'warn'], broken: ['bad', 'FAIL'] } as const;

function line(output: Output, check: Check): string {
  const [tone, sign] = signs[check.state];
  const time = check.ms === undefined ? '' : output.paint('dim', `  ${check.ms.toFixed(1)} ms`);
  const fix = check.fix === undefined ? '' : `\n      ${check.fix}`;
  return `${output.paint(tone, sign)}  ${check.name.padEnd(32)}  ${check.detail}${time}${fix}`;
}
