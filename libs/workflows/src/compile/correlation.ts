import { workflowLimits, type Correlation } from '@chorda/domain';
import { durationMsOf, durationText } from '../document/durations.js';
import type { CorrelationDocument } from '../document/types.js';
import { within } from '../source/fault.js';
import { closed, dyn, type Known } from '../types/known.js';
import type { Compiler } from './compiler.js';

const text: Known = { type: 'string' };
/** An event that a producer sent. What a run knows is not there: the key is made before anybody knows which run it is for. */
const sentKnown = closed({
  ...{ id: text, type: text, source: text, subject: text, time: text, correlation_id: text },
  data: dyn,
});

export function correlationOf(
  document: CorrelationDocument | undefined,
  pointer: string,
  compiler: Compiler,
): { readonly correlate?: Correlation } {
  if (document === undefined) return {};
  const { key, kept } = typeof document === 'string' ? { key: document, kept: undefined } : document;
  const keptMs = kept === undefined ? null : (durationMsOf(kept) ?? 0);
  if (keptMs !== null && keptMs > workflowLimits.emittedTtlMsMax) {
    compiler.faults.add(within(pointer, 'kept'), `must be at most ${durationText(workflowLimits.emittedTtlMsMax)}`);
  }
  const at = typeof document === 'string' ? pointer : within(pointer, 'key');
  return { correlate: { key: compiler.value(key, at, { event: sentKnown }), kept_ms: keptMs } };
}
