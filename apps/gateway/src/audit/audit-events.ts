import { parseEventData, type AnyEvent, type EventCodec } from '@chorda/contracts';
import { newId, type Clock, type JsonValue, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';

export interface AuditEventParts {
  readonly producer: Pick<Producer, 'send'>;
  readonly codec: Pick<EventCodec, 'encode'>;
  readonly clock: Clock;
}

export interface AuditEventIdentity {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly timeMs: number;
  readonly correlationId: string;
}

const auditSource = 'urn:chorda:service:gateway';

/** Appends an `audit.*` event. @throws what the producer throws. */
export async function sendAuditEvent(
  { producer, codec }: AuditEventParts,
  type: 'audit.changed' | 'audit.denied',
  data: JsonValue,
  identity: AuditEventIdentity,
): Promise<void> {
  const parsed = parseEventData(type, data);
  if (!parsed.ok) throw new TypeError(`An audit event of ours breaks its schema: ${JSON.stringify(parsed.issues)}`);
  const { event } = parsed;
  const metadata = { ...identity, source: auditSource, subject: actorIdOf(event) };
  await producer.send(codec.encode({ event, metadata }));
}

export function freshIdentity(tenantId: TenantId, clock: Clock): AuditEventIdentity {
  return { id: newId(), tenantId, timeMs: clock.nowMs(), correlationId: newId() };
}

function actorIdOf(event: AnyEvent): string {
  if (event.type !== 'audit.changed' && event.type !== 'audit.denied')
    throw new TypeError(`Not audited: ${event.type}`);
  return event.data.actor_id;
}
