import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import type { ChordaClient } from '@chorda/client';
import type { Output } from '../command-line/output.js';
import { Acknowledgements } from './acknowledgements.js';
import { dayMs, demoDay } from './day.js';
import { analyseDocuments, type Analysis } from './document-analysis.js';
import { GatewayDoor } from './gateway-door.js';
import { progressView } from './progress-bar.js';
import { DemoSender, type Progress } from './sender.js';
import { examplesText, runExamples, type ExampleRun } from './workflow-examples.js';

export interface DemoOptions {
  readonly events: number;
  readonly rate: number;
  readonly seed: number;
  readonly batch: number;
  readonly day?: string;
  readonly acks?: string;
  readonly documents?: string;
  readonly workflows?: string;
}

const requestsInFlightMax = 16;
const patienceMs = 120_000;

export async function runDemo(context: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const { output, signal } = context;
  const client = gatewayClient(context.environment, { retry: { attemptsMax: 1 }, timeoutMs: 30_000 });
  const startMs = options.day === undefined ? yesterdayMs(Date.now()) : midnightMs(options.day);
  const acknowledgements = options.acks === undefined ? undefined : await Acknowledgements.open(options.acks);
  const view = progressView(output, options.events);
  const sender = new DemoSender(demoDay({ ...options, startMs }), new GatewayDoor(client, signal), {
    ratePerSecond: options.rate,
    batchEventsMax: options.batch,
    requestsInFlightMax,
    patienceMs,
    signal,
    onAcknowledged: (event, position) => acknowledgements?.add(event, position),
    onProgress: (progress) => view.show(progress),
  });
  const begunMs = performance.now();
  let progress: Progress;
  try {
    progress = await sender.run();
  } finally {
    view.end();
    await acknowledgements?.close();
  }
  const seconds = (performance.now() - begunMs) / 1_000;
  const { documents, workflows: examples } = options;
  const isOver = progress.end !== 'done';
  const workflows =
    isOver || examples === undefined ? undefined : await runExamples(context, client, examples, documents);
  // With workflows it is one of them that reads the documents.
  const analysis =
    isOver || documents === undefined || examples !== undefined
      ? undefined
      : await analysed(context, client, documents);
  report(context, progress, seconds, { analysis, workflows });
  return workflows?.every(({ is_as_expected: isAsExpected }) => isAsExpected) === false
    ? exitCodes.failed
    : exitCodeOf(progress);
}

async function analysed(
  { output, signal }: CommandContext,
  client: ChordaClient,
  folder: string,
): Promise<Analysis | undefined> {
  output.note(`An agent reads the documents of ${folder} …`);
  const analysis = await analyseDocuments(client, folder, signal);
  if (analysis === undefined) output.note('Nobody runs agents here: no agent runtime has decided in time');
  return analysis;
}

/** The last day that is over: its events lie in the past, and it stays the same until midnight. */
function yesterdayMs(nowMs: number): number {
  return Math.floor(nowMs / dayMs) * dayMs - dayMs;
}

function midnightMs(day: string): number {
  const timeMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(timeMs)) throw new CommandFailure(exitCodes.usage, `${day} is no date such as 2026-11-21`);
  return timeMs;
}

interface More {
  readonly analysis: Analysis | undefined;
  readonly workflows: readonly ExampleRun[] | undefined;
}

function report({ output }: CommandContext, progress: Progress, seconds: number, { analysis, workflows }: More): void {
  const { sent, acknowledged, refused, repeated, refusals, end, lastUnknown } = progress;
  const perSecond = Math.round(acknowledged / Math.max(0.001, seconds));
  const result = {
    end,
    sent,
    acknowledged,
    refused,
    repeated,
    seconds: Number(seconds.toFixed(3)),
    per_second: perSecond,
  };
  const more = { ...(analysis === undefined ? {} : { analysis }), ...(workflows === undefined ? {} : { workflows }) };
  output.result({ ...result, refusals, ...more }, () =>
    [
      `${sent} sent, ${acknowledged} acknowledged, ${refused} refused, ${repeated} sent again; ` +
        `${seconds.toFixed(1)} s, ${perSecond} a second`,
      ...refusals.map((refusal) => `  refused: ${refusal}`),
      ...(analysis === undefined ? [] : analysisLines(output, analysis)),
      ...(workflows === undefined ? [] : ['', examplesText(output, workflows)]),
    ].join('\n'),
  );
  if (end === 'gave_up')
    output.note(`Nothing was acknowledged for ${patienceMs / 1_000} s: ${lastUnknown ?? 'no answer'}`);
  if (acknowledged === 0) return;
  output.note(
    [
      'Look at them:',
      '  npm run chorda -- events search --type workflow.failed',
      '  npm run chorda -- events search --type "agent.*" --limit 20',
      '  npm run chorda -- projections list',
      ...(analysis === undefined ? [] : [`  npm run chorda -- executions list --where agent_id=${analysis.agent_id}`]),
      ...(workflows?.slice(0, 1).map(({ run_id: id }) => `  npm run chorda -- runs report ${id}`) ?? []),
    ].join('\n'),
  );
}

function analysisLines(output: Output, { agent_id: agent, documents }: Analysis): readonly string[] {
  const rows = documents.map(({ document, status, tokens, execution_time_ms: timeMs }) => {
    return [document, status, String(tokens), timeMs === null ? '' : `${timeMs} ms`];
  });
  return [
    `Agent ${agent} read ${documents.length} documents:`,
    output.table(['DOCUMENT', 'STATUS', 'TOKENS', 'TIME'], rows),
  ];
}

function exitCodeOf({ end, refused }: Progress): ExitCode {
  if (end === 'gave_up') return exitCodes.unavailable;
  return end === 'done' && refused === 0 ? exitCodes.ok : exitCodes.failed;
}
