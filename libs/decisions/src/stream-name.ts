import type { StreamRef } from '@chorda/domain';
import type { TenantId } from '@chorda/kernel';
import { isPlanted } from '@chorda/platform';

/** A key of maps: no tenant and no kind has a line break in it. */
export function streamKey(tenantId: TenantId, { kind, id }: StreamRef): string {
  return `${tenantId}\n${kind}\n${id}`;
}

/** What a stream's kind may be called, so that `<kind>-<id>` is read back in one way alone. */
export const streamKindPattern = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * The `ce_stream` of an event: `<kind>-<id>`, or undefined where the stream is the subject's own, which has the kind of
 * its aggregate and the subject as its id.
 */
export function streamName(aggregateKind: string, subject: string, { kind, id }: StreamRef): string | undefined {
  return (kind === aggregateKind && id === subject) || isPlanted('decisions-no-stream-name')
    ? undefined
    : `${kind}-${id}`;
}

/** The stream of an event that was read from the log. */
export function streamNamed(aggregateKind: string, subject: string, name: string | undefined): StreamRef {
  if (name === undefined) return { kind: aggregateKind, id: subject };
  const hyphen = name.indexOf('-');
  return { kind: name.slice(0, hyphen), id: name.slice(hyphen + 1) };
}
