import { eventDataToJsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Opened } from './opened-events.js';

/** An event as expressions of triggers and correlations see it. @throws what its payload cannot be read for. */
export function eventValue({ data }: Opened): { readonly [name: string]: JsonValue } {
  const { event, metadata } = data.read();
  return {
    id: metadata.id,
    type: event.type,
    source: metadata.source,
    subject: metadata.subject,
    time: new Date(metadata.timeMs).toISOString(),
    correlation_id: metadata.correlationId,
    data: JSON.parse(eventDataToJsonText(event)) as JsonValue,
  };
}
