import type { EncodedEvent, EventCodec, EventEnvelope } from '@chorda/contracts';

/** A codec that makes of an event what a projection asks for: of most events most of them ask for little. */
export function readingOnDemand(
  codec: Pick<EventCodec, 'decodeOnDemand' | 'learn'>,
): Pick<EventCodec, 'decode' | 'learn'> {
  return {
    decode: (record: EncodedEvent): EventEnvelope => codec.decodeOnDemand(record),
    learn: (schemaId: number) => codec.learn(schemaId),
  };
}
