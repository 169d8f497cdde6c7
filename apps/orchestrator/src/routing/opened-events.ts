import type { EventCodec, OpenedEvent } from '@chorda/contracts';
import type { RecordDecoder } from '@chorda/messaging';

/** An event of which the headers are read; its payload is decoded for whoever wants it. */
export interface Opened {
  readonly type: string;
  readonly data: OpenedEvent;
}

/** Most events concern nobody here: their payload is never decoded. */
export function openingDecoder(codec: EventCodec): RecordDecoder {
  return {
    decode(record) {
      const opened = codec.open(record);
      return { event: { type: opened.type, data: opened }, metadata: opened.metadata };
    },
    learn: (schemaId) => codec.learn(schemaId),
  };
}
