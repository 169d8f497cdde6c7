import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { lines } from '../command-line/lines.js';

/** The topics as the brokers have them, as the gateway sees it. */
export async function listBrokerTopics({ output, environment, signal }: CommandContext): Promise<void> {
  const items = await gatewayClient(environment).topics.list({ signal });
  output.result({ items }, () =>
    output.table(
      ['TOPIC', 'KEY', 'PARTITIONS', 'RECORDS'],
      items.map(({ name, key, partition_count, records }) => [
        name,
        String(key ?? ''),
        String(partition_count ?? ''),
        String(records ?? ''),
      ]),
    ),
  );
}

export async function showTopic({ output, environment, signal }: CommandContext, name: string): Promise<void> {
  const topic = await gatewayClient(environment).topics.get(name, { signal });
  output.result(topic, () => lines(topic));
}
