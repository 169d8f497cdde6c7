import type { ListItem, UsageQuery } from '@chorda/client';
import { timeOrAge } from '../command-line/arguments.js';
import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';

export interface UsageOptions {
  readonly by: string;
  readonly since: string;
  readonly until?: string;
  readonly agent?: string;
  readonly model?: string;
  readonly limit: number;
}

const sums = ['attempts', 'attempts_failed', 'prompt_tokens', 'completion_tokens', 'cost_usd'];

export async function showUsage({ environment, output, signal }: CommandContext, options: UsageOptions): Promise<void> {
  const nowMs = Date.now();
  const { agent, model, limit } = options;
  const query: UsageQuery = {
    // The gateway knows the names and says which are wrong.
    groupBy: options.by.split(',') as NonNullable<UsageQuery['groupBy']>,
    from: new Date(timeOrAge(options.since, nowMs)),
    limit,
    ...(options.until === undefined ? {} : { to: new Date(timeOrAge(options.until, nowMs)) }),
    ...(agent === undefined ? {} : { agentId: agent }),
    ...(model === undefined ? {} : { model }),
  };
  const usage = await gatewayClient(environment).usage(query, { signal });
  output.result(usage, () => {
    const items = Array.isArray(usage['items']) ? (usage['items'] as readonly ListItem[]) : [];
    const total = Object(usage['total']) as ListItem;
    const groups = Object.keys(items[0] ?? {}).filter((name) => !(name in total));
    const columns = [...groups, ...sums];
    const row = (item: ListItem) => columns.map((column) => String(item[column] ?? ''));
    const headings = columns.map((column) => column.toUpperCase());
    return output.table(headings, [...items.map(row), row({ ...total, [groups[0] ?? '']: 'TOTAL' })]);
  });
  if (usage['truncated'] === true) output.note('There are more groups: add --limit, or narrow the time.');
  if (usage['complete'] === false) output.note(`Not complete: ${String(usage['reason'])}`);
}
