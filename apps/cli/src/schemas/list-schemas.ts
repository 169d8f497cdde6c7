import { allEventTypes, eventTypes } from '@chorda/contracts';
import type { CommandContext } from '../command-line/command-line.js';

export function listSchemas({ output }: CommandContext): Promise<void> {
  const types = allEventTypes.map((type) => eventTypes[type]);
  const schemas = types.map((info) => ({
    type: info.type,
    kind: info.kind,
    topic: info.topic,
    command: info.command ?? null,
    record: info.record,
    data_schema: info.dataSchema,
  }));
  output.result({ schemas }, () =>
    output.table(
      ['TYPE', 'KIND', 'TOPIC', 'RECORD', 'FINGERPRINT'],
      types.map((info) => [info.type, info.kind, info.topic, info.record, info.schemaFingerprint.slice(0, 12)]),
    ),
  );
  return Promise.resolve();
}
