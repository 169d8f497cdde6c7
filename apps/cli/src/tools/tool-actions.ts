import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';

export async function listTools({ output, environment }: CommandContext): Promise<void> {
  const tools = await gatewayClient(environment).tools.list();
  output.result({ tools }, () =>
    tools.length === 0
      ? 'There are no tools. `worker.tool(…)` of @chorda/client offers one.'
      : output.table(
          ['NAME', 'IDEMPOTENT', 'TIMEOUT', 'LAST POLL', 'DESCRIPTION'],
          tools.map(({ name, idempotent, timeout_ms: timeoutMs, polled_at: polledAt, description }) => [
            ...[name, idempotent ? 'yes' : 'no', `${timeoutMs} ms`, polledAt ?? 'never', description ?? ''],
          ]),
        ),
  );
}

export async function removeTool({ output, environment }: CommandContext, name: string): Promise<void> {
  await gatewayClient(environment).tools.remove(name);
  output.result({ name, removed: true }, () => `${name} is gone. Agents that were initialised with it keep it.`);
}
