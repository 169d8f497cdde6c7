import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventTypes, eventDataToJson, parseEventData, partitionOf, partitionCountOf } from '../index.js';
import { allEventTypes, arbitraryEvent, arbitraryJson, envelopeOf, plainMetadata } from '../testing/arbitrary-event.js';
import { asReceived } from '../testing/record.js';
import { EventCodec } from './event-codec.js';

const codec = EventCodec.offline(7);

describe.each(allEventTypes)('%s', (type) => {
  it('comes back from Kafka as it was sent, through the record and through the journal', () => {
    const fingerprint = Buffer.from(eventTypes[type].schemaFingerprint, 'hex');
    fc.assert(
      fc.property(arbitraryEvent(type), (event) => {
        const envelope = envelopeOf(event);
        const record = codec.encode(envelope);
        expect(codec.decode(asReceived(record))).toEqual(envelope);
        expect(codec.decodePayload(type, fingerprint, record.value.subarray(5))).toEqual(event);
        expect(record.partition).toBe(partitionOf(record.key, partitionCountOf(record.topic)));
      }),
      { numRuns: 40 },
    );
  });

  it('shows at HTTP what was given there', () => {
    fc.assert(
      fc.property(arbitraryJson(type), (json) => {
        const parsed = parseEventData(type, json);
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
        expect(JSON.stringify(eventDataToJson(parsed.event))).toBe(JSON.stringify(json));
      }),
      { numRuns: 40 },
    );
  });
});

it('keeps the metadata of an event, whatever is in it', () => {
  const text = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 80 });
  const counter = fc.bigInt({ min: 0n, max: 10n ** 17n });
  const metadata = fc.record(
    {
      id: text,
      source: text,
      correlationId: text,
      causationId: text,
      timeMs: fc.integer({ min: 0, max: 4e12 }),
      decision: fc.record({
        streamVersion: counter,
        partitionSeq: counter,
        epoch: counter,
        commandId: text,
        commandOffset: counter,
      }),
      traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    },
    { requiredKeys: ['id', 'source', 'correlationId', 'timeMs'] },
  );
  fc.assert(
    fc.property(arbitraryEvent('workflow.step_completed'), metadata, (event, given) => {
      const envelope = envelopeOf(event, { ...plainMetadata, ...given, subject: envelopeOf(event).metadata.subject });
      expect(codec.decode(asReceived(codec.encode(envelope)))).toEqual(envelope);
    }),
  );
});
