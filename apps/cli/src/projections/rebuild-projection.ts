import type { Rebuild, RebuildAction, RebuildState } from '@chorda/client';
import { sleep } from '@chorda/kernel';
import cliProgress from 'cli-progress';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { gatewayClient } from '../command-line/gateway.js';
import type { Output } from '../command-line/output.js';
import { givingWay, rebuildText } from './rebuild-text.js';

export interface RebuildCommandOptions {
  readonly manual?: boolean;
  readonly rate?: number;
  readonly connections?: number;
  readonly detach?: boolean;
}

const lookEveryMs = 500;
const lineEveryMs = 5_000;
/** Where nothing more happens without a person. */
const restingStates: ReadonlySet<RebuildState> = new Set<RebuildState>([
  'mismatch',
  'swapped',
  'swapped_back',
  'done',
  'cancelled',
  'failed',
]);

/** Asks for a rebuild and follows it until readers see the new tables, or until a person has to decide. */
export async function rebuildProjection(
  context: CommandContext,
  projection: string,
  { manual, rate, connections, detach }: RebuildCommandOptions,
): Promise<ExitCode> {
  const started = await gatewayClient(context.environment).rebuilds.start(projection, {
    swap: manual === true ? 'manual' : 'when_equal',
    ...(rate === undefined ? {} : { eventsPerSecondMax: rate }),
    ...(connections === undefined ? {} : { connectionsMax: connections }),
  });
  return detach === true ? tell(context.output, started) : watchRebuild(context, projection);
}

/** Follows an open rebuild. Ctrl-C ends the watching, and not the rebuild. */
export async function watchRebuild(context: CommandContext, projection: string): Promise<ExitCode> {
  const { output, environment, signal } = context;
  const { rebuilds } = gatewayClient(environment);
  const view = progressView(output);
  let rebuild = await rebuilds.get(projection);
  try {
    while (!isResting(rebuild) && !signal.aborted) {
      view.show(rebuild);
      await sleep(lookEveryMs, signal);
      rebuild = await rebuilds.get(projection);
    }
  } finally {
    view.end();
  }
  if (signal.aborted) output.note(`It goes on: chorda projections status ${projection}`);
  return tell(output, rebuild);
}

export async function showRebuild({ output, environment }: CommandContext, projection: string): Promise<ExitCode> {
  return tell(output, await gatewayClient(environment).rebuilds.get(projection));
}

export async function actOnRebuild(
  { output, environment }: CommandContext,
  projection: string,
  action: RebuildAction,
): Promise<ExitCode> {
  return tell(output, await gatewayClient(environment).rebuilds.act(projection, action));
}

function isResting({ state, swap, wanted }: Rebuild): boolean {
  return wanted === null && (restingStates.has(state) || (state === 'ready' && swap === 'manual'));
}

function tell(output: Output, rebuild: Rebuild): ExitCode {
  output.result(rebuild, () => rebuildText(output, rebuild));
  return rebuild.state === 'failed' || rebuild.state === 'mismatch' ? exitCodes.failed : exitCodes.ok;
}

/** A bar for a person at a terminal; for a log file, a line every few seconds. */
function progressView(output: Output): { show(rebuild: Rebuild): void; end(): void } {
  if (!output.interactive) {
    let nextMs = 0;
    return {
      show(rebuild) {
        if (performance.now() < nextMs) return;
        nextMs = performance.now() + lineEveryMs;
        output.note(`${rebuild.state}: ${rebuild.events_done} of ${rebuild.events_total} events, ${leftOf(rebuild)}`);
      },
      end: () => undefined,
    };
  }
  const format = ' {bar} {percentage}%  {value}/{total} events  {left}  {state}';
  const bar = new cliProgress.SingleBar({ format, hideCursor: true, stream: process.stderr, fps: 5 });
  bar.start(1, 0, { left: '', state: 'requested' });
  return {
    show(rebuild) {
      bar.setTotal(Math.max(1, Number(rebuild.events_total)));
      bar.update(Number(rebuild.events_done), { left: leftOf(rebuild), state: rebuild.state });
    },
    end: () => bar.stop(),
  };
}

export function leftOf({ events_per_second, seconds_left, time_share }: Rebuild): string {
  const parts = [`${events_per_second}/s`];
  if (seconds_left !== null) parts.push(`${seconds_left} s left`);
  if (time_share !== null && time_share < 1) parts.push(givingWay(time_share));
  return parts.join(', ');
}
