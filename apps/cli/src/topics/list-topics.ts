import { topicCatalogue, type CatalogueTopic } from '@chorda/contracts';
import type { CommandContext } from '../command-line/command-line.js';

export function listTopics({ output }: CommandContext): Promise<void> {
  const topics = topicCatalogue.map((topic) => ({
    name: topic.name,
    key: topic.key,
    partitions: topic.partitions,
    retention_ms: topic.retentionMs === 'forever' ? null : topic.retentionMs,
  }));
  output.result({ topics }, () =>
    output.table(
      ['TOPIC', 'KEY', 'PARTITIONS', 'KEPT'],
      topicCatalogue.map((topic) => [topic.name, topic.key, String(topic.partitions), kept(topic)]),
    ),
  );
  return Promise.resolve();
}

function kept({ retentionMs }: CatalogueTopic): string {
  if (retentionMs === 'forever') return 'for ever';
  const hours = retentionMs / 3_600_000;
  return hours < 24 ? `${hours} h` : `${hours / 24} d`;
}
