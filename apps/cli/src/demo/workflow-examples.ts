import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Answers, ChordaClient } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import type { Output } from '../command-line/output.js';
import { followRun } from '../runs/follow-run.js';
import { spanText, statusText, stepsOf } from '../runs/run-text.js';
import { definitionIn } from '../workflows/definition-file.js';
import { documentsIn, untilReady } from './document-analysis.js';

type RunPlan = Answers.RunPlan;

export interface ExampleRun {
  readonly example: string;
  readonly run_id: string;
  readonly status: string;
  readonly is_as_expected: boolean;
  readonly steps_completed: number;
  readonly execution_time_ms: number;
  readonly output: unknown;
  readonly error: string | null;
}

interface Example {
  readonly title: string;
  readonly file: string;
  readonly input: unknown;
  /** Of the one whose last step is made to fail. */
  readonly ends?: 'completed' | 'failed';
}

const files = [
  'order.yaml',
  'credit-approval.yaml',
  'nightly-report.yaml',
  'document-analysis.workflow.ts',
  'crew.workflow.ts',
];
const patienceMs = 120_000;
const documentsMax = 12;
/** Of one document; all of them are the input of one run, which has a bound. */
const documentCharactersMax = 4_000;

/**
 * Runs the examples for real, all at once: their worker in this process, agents that are made for it, and somebody who
 * answers the task.
 *
 * @returns Undefined where nobody runs workflows: a gateway without an orchestrator.
 */
export async function runExamples(
  context: CommandContext,
  client: ChordaClient,
  folder: string,
  documents = folder,
): Promise<readonly ExampleRun[] | undefined> {
  const { output, signal } = context;
  output.note(`Workflows of ${folder}: they are stored, and run at once with a worker, agents and a person …`);
  const names = await storedNames(client, folder, signal);
  const agents = await createdAgents(client, signal);
  if (agents === undefined) {
    output.note('Nobody runs agents and workflows here: no engine has decided in time');
    return undefined;
  }
  const stop = new AbortController();
  const worker = await workerIn(folder);
  const working = worker.work(client, AbortSignal.any([signal, stop.signal]));
  try {
    const examples = examplesOf(agents, documents);
    const runs = await Promise.all(
      examples.map((example) => runExample(context, client, example, names.get(example.file) ?? '')),
    );
    return runs.filter((run) => run !== undefined);
  } finally {
    stop.abort();
    await working;
  }
}

async function storedNames(
  client: ChordaClient,
  folder: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const stored = files.map(async (file) => {
    const { name } = await client.workflows.apply(await definitionIn(join(folder, file)), { signal });
    return [file, name] as const;
  });
  return new Map(await Promise.all(stored));
}

interface WorkerModule {
  work(client: ChordaClient, signal: AbortSignal): Promise<void>;
}

/** The worker of the examples, as whoever reads them runs it. */
async function workerIn(folder: string): Promise<WorkerModule> {
  return (await import(pathToFileURL(resolve(folder, 'worker.ts')).href)) as WorkerModule;
}

const roles = {
  reader: 'You read documents and say what they are about.',
  researcher: 'You gather facts about a topic.',
  writer: 'You write short texts from notes, and heed remarks.',
  critic: 'You read drafts. Answer APPROVED where one is good, else say what is missing.',
};
type Agents = Readonly<Record<keyof typeof roles, string>>;

async function createdAgents(client: ChordaClient, signal: AbortSignal): Promise<Agents | undefined> {
  const made = Object.entries(roles).map(async ([role, instructions]) => {
    const agent = { name: `Example ${role}`, agent_type: role, capabilities: ['DOCUMENT_ANALYSIS'], instructions };
    const { agent_id: id } = { agent_id: undefined, ...(await client.agents.create(agent, { signal })) };
    if (id !== undefined) await untilReady(client, id, signal);
    return [role, id] as const;
  });
  const ids = await Promise.all(made);
  // Each role is in it: it was made from them.
  return ids.every(([, id]) => id !== undefined) ? (Object.fromEntries(ids) as Agents) : undefined;
}

function examplesOf({ reader, ...crew }: Agents, folder: string): readonly Example[] {
  const order = { order: 'order-7', sku: 'pump', count: 2, price: 30, country: 'FR' };
  const documents = documentsIn(folder)
    .slice(0, documentsMax)
    .map(({ name, text }) => ({ name, text: text.slice(0, documentCharactersMax) }));
  return [
    { title: 'order', file: 'order.yaml', input: order },
    {
      title: 'order, undone',
      file: 'order.yaml',
      input: { ...order, order: 'order-8', country: 'AQ' },
      ends: 'failed',
    },
    { title: 'credit approval', file: 'credit-approval.yaml', input: { customer: 'ada', amount: 20_000, years: 4 } },
    { title: 'nightly report', file: 'nightly-report.yaml', input: null },
    { title: 'document analysis', file: 'document-analysis.workflow.ts', input: { agent: reader, documents } },
    { title: 'crew', file: 'crew.workflow.ts', input: { topic: 'Pumps that leak', agents: crew } },
  ];
}

const titleWidth = 19;

async function runExample(
  context: CommandContext,
  client: ChordaClient,
  { title, input, ends = 'completed' }: Example,
  workflow: string,
): Promise<ExampleRun | undefined> {
  const { signal } = context;
  const begunMs = performance.now();
  const started = { workflow_id: undefined, ...(await client.runs.start(workflow, { input }, { signal })) };
  const { workflow_id: id } = started;
  if (id === undefined) return undefined;
  const answer = somebodyWhoAnswers(client, id, signal);
  const label = context.output.paint('dim', title.padEnd(titleWidth));
  await followRun(context, client, id, { untilMs: Date.now() + patienceMs, label, onPlan: answer });
  const report = await client.runs.report(id, { signal });
  const completed = report.success['completed'];
  const code = report.ending?.['error_code'];
  return {
    example: title,
    run_id: id,
    status: report.status,
    is_as_expected: report.status === ends,
    steps_completed: typeof completed === 'number' ? completed : 0,
    execution_time_ms: Math.round(performance.now() - begunMs),
    output: report.output,
    error: typeof code === 'string' ? code : null,
  };
}

/** Fills in the form of a task, once, as soon as there is one. */
function somebodyWhoAnswers(client: ChordaClient, run: string, signal: AbortSignal): (plan: RunPlan) => Promise<void> {
  let hasAnswered = false;
  return async (plan) => {
    const waits = stepsOf(plan)
      .flat()
      .some(({ type, status }) => type === 'human' && status === 'scheduled');
    if (hasAnswered || !waits) return;
    const { items } = await client.runs.history(run, { signal, limit: 100 });
    const opened = items.findLast(({ type }) => type === 'workflow.human_task_opened')?.data;
    const task: unknown = Object(opened).task_id;
    if (typeof task !== 'string') return;
    hasAnswered = true;
    const form_data = { limit: 15_000, reason: 'pays in time' };
    await client.tasks.decide(
      task,
      { user_id: 'bob', groups: ['credit'], decision: 'submitted', form_data },
      { signal },
    );
  };
}

const outputLengthMax = 60;

export function examplesText(output: Output, runs: readonly ExampleRun[]): string {
  const rows = runs.map(
    ({ example, status, error, steps_completed: steps, execution_time_ms: timeMs, output: value }) => [
      example,
      statusText(output, status),
      String(steps),
      spanText(timeMs),
      error === null ? shortly(JSON.stringify(value)) : `${error}; what it did was undone`,
    ],
  );
  return output.table(['WORKFLOW', 'IS', 'STEPS', 'TIME', 'CAME TO'], rows);
}

function shortly(text: string): string {
  return text.length > outputLengthMax ? `${text.slice(0, outputLengthMax - 1)}…` : text;
}
