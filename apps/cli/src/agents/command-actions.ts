import type { Answers, CommandAnswer } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';

export interface CreateOptions {
  readonly name: string;
  readonly id?: string;
  readonly tool: readonly string[];
  readonly capability: readonly string[];
  readonly model?: string;
  readonly instructions?: string;
  readonly concurrency?: number;
}

export interface ExecuteOptions {
  readonly data?: string;
  readonly text?: string;
  readonly session?: string;
  readonly user?: string;
}

export interface AboutExecution {
  readonly agent?: string;
  readonly reason?: string;
}

export interface SettleOptions extends AboutExecution {
  readonly as: string;
  readonly output?: string;
}

export interface HistoryOptions {
  readonly after?: string;
  readonly limit: number;
  readonly agent?: string;
}

export interface StateOptions {
  readonly atVersion?: string;
  readonly at?: string;
  readonly agent?: string;
}

export async function createAgent(context: CommandContext, options: CreateOptions): Promise<void> {
  const { name, id, tool, capability, model, instructions, concurrency } = options;
  const agent = {
    name,
    tools: tool,
    capabilities: capability,
    ...(id !== undefined && { agent_id: id }),
    ...(model !== undefined && { model }),
    ...(instructions !== undefined && { instructions }),
    ...(concurrency !== undefined && { concurrency_max: concurrency }),
  };
  show(context, await client(context).agents.create(agent, called(context)));
}

export async function validateAgent(context: CommandContext, id: string): Promise<void> {
  show(context, await client(context).agents.validate(id, called(context)));
}

export async function executeAgent(context: CommandContext, id: string, options: ExecuteOptions): Promise<void> {
  const { data, text, session, user } = options;
  if ((data === undefined) === (text === undefined)) {
    throw new CommandFailure(
      exitCodes.usage,
      'What goes in is missing, or given twice',
      'Give --data JSON or --text TEXT.',
    );
  }
  const execution = {
    input_data: text ?? jsonOf('--data', data ?? ''),
    ...(session !== undefined && { session_id: session }),
    ...(user !== undefined && { user_id: user }),
  };
  show(context, await client(context).agents.execute(id, execution, called(context)));
}

export async function terminateAgent(context: CommandContext, id: string, { reason }: AboutExecution): Promise<void> {
  const why = reason === undefined ? {} : { reason };
  show(context, await client(context).agents.terminate(id, why, called(context)));
}

export async function deleteAgent(context: CommandContext, id: string): Promise<void> {
  show(context, await client(context).agents.delete(id, called(context)));
}

export async function cancelExecution(context: CommandContext, id: string, options: AboutExecution): Promise<void> {
  show(context, await client(context).executions.cancel(id, about(options), called(context)));
}

export async function retryExecution(context: CommandContext, id: string, { agent }: AboutExecution): Promise<void> {
  const of = agent === undefined ? {} : { agent_id: agent };
  show(context, await client(context).executions.retry(id, of, called(context)));
}

export async function settleIncident(
  context: CommandContext,
  id: string,
  incident: string,
  options: SettleOptions,
): Promise<void> {
  const settlement = {
    ...about(options),
    resolution: resolutionOf(options.as),
    ...(options.output !== undefined && { output_data: jsonOf('--output', options.output) }),
  };
  show(context, await client(context).executions.settle(id, incident, settlement, called(context)));
}

export async function showHistory(
  context: CommandContext,
  of: 'agents' | 'executions',
  id: string,
  { after, limit, agent }: HistoryOptions,
): Promise<void> {
  const { output } = context;
  const api = client(context);
  const asked = { ...called(context), after, limit };
  const page =
    of === 'agents'
      ? await api.agents.history(id, asked)
      : await api.executions.history(id, { ...asked, agentId: agent });
  output.result(page, () =>
    output.table(
      ['VERSION', 'TIME', 'TYPE', 'DATA'],
      page.items.map(({ stream_version, time, type, data }) => [
        stream_version,
        time,
        type,
        toJson(data).slice(0, 100),
      ]),
    ),
  );
}

export async function showState(
  context: CommandContext,
  of: 'agents' | 'executions',
  id: string,
  { atVersion, at, agent }: StateOptions,
): Promise<void> {
  const api = client(context);
  const asked = { ...called(context), version: atVersion, at };
  const found =
    of === 'agents' ? await api.agents.state(id, asked) : await api.executions.state(id, { ...asked, agentId: agent });
  context.output.result(found, () => toJson(found, 2));
}

export async function showCommand(context: CommandContext, id: string): Promise<void> {
  const found = await client(context).commands.get(id, called(context));
  context.output.result(found, () => toJson(found, 2));
}

export const client = ({ environment }: CommandContext) => gatewayClient(environment);
export const called = ({ signal }: CommandContext) => ({ signal });

export function show({ output }: CommandContext, answer: CommandAnswer): void {
  output.result(answer, () => toJson(answer, 2));
}

function about({ agent, reason }: AboutExecution): Answers.ExecutionReason {
  return { ...(agent !== undefined && { agent_id: agent }), ...(reason !== undefined && { reason }) };
}

const resolutions = ['completed', 'failed', 'repeat', 'abort'] as const;

function resolutionOf(text: string): (typeof resolutions)[number] {
  const found = resolutions.find((each) => each === text);
  if (found) return found;
  throw new CommandFailure(exitCodes.usage, `--as must be one of ${resolutions.join(', ')}`, `It is "${text}".`);
}

export function jsonOf(option: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new CommandFailure(
      exitCodes.usage,
      `${option} is no JSON`,
      'Put it into single quotes: --data \'{"ask":1}\'.',
    );
  }
}
