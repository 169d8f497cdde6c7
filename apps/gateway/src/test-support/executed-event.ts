import { parseEventData, type AnyEvent } from '@chorda/contracts';
import { executedData } from './requests.js';

/** A lawful event, for specs that look at everything but its data. */
export const executedEvent: AnyEvent = lawful();

function lawful(): AnyEvent {
  const parsed = parseEventData('agent.executed', executedData());
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.event;
}
