import type { Backoff, ErrorMatch, Join, RetryRule, Timeouts } from '@chorda/domain';
import { durationMsOf } from '../document/durations.js';
import type {
  BackoffDocument,
  DurationDocument,
  ErrorMatchDocument,
  JoinDocument,
  RetryRuleDocument,
  SharedDocument,
} from '../document/types.js';
import { within } from '../source/fault.js';
import type { ScopeTypes } from '../types/check-cel.js';
import { dyn, type Known } from '../types/known.js';
import type { Compiler } from './compiler.js';

/** What expressions see of an error. */
export const errorKnown: Known = {
  type: 'map',
  members: {
    class: { type: 'string' },
    code: { type: 'string' },
    message: { type: 'string' },
    status: { type: 'dyn' },
    details: dyn,
    retriable: { type: 'bool' },
  },
  isClosed: true,
};

const backoffMsDefault = 1_000;
const backoffMsMaxDefault = 5 * 60_000;

export function msOf(value: DurationDocument): number {
  return durationMsOf(value) ?? 0;
}

function optionalMs(value: DurationDocument | undefined): number | null {
  return value === undefined ? null : msOf(value);
}

/** @param among How many there are to wait for. */
export function joinOf(
  document: JoinDocument | undefined,
  { among, pointer, compiler }: { among: number; pointer: string; compiler: Compiler },
): Join {
  const mode = document ?? 'all';
  if (mode === 'all') return { mode, count: null, cancel_rest: false };
  if (mode === 'any' || mode === 'first') return { mode: 'any', count: null, cancel_rest: mode === 'first' };
  if (mode.count > among) compiler.faults.add(pointer, `waits for ${mode.count} of ${among}`);
  return { mode: 'count', count: mode.count, cancel_rest: mode.cancel_rest ?? false };
}

export function errorMatchOf(
  document: ErrorMatchDocument | undefined,
  pointer: string,
  scope: ScopeTypes,
  compiler: Compiler,
): ErrorMatch {
  if (document === undefined) return { classes: [], codes: [], statuses: [], when: null };
  if (isClasses(document)) {
    return { classes: document.includes('*') ? [] : document, codes: [], statuses: [], when: null };
  }
  return {
    classes: document.classes ?? [],
    codes: document.codes ?? [],
    statuses: document.statuses ?? [],
    when: compiler.condition(document.when, within(pointer, 'when'), { ...scope, error: errorKnown }),
  };
}

export function retryOf(
  document: SharedDocument['retry'],
  pointer: string,
  scope: ScopeTypes,
  compiler: Compiler,
): readonly RetryRule[] {
  if (document === undefined) return [];
  const rules = isRules(document) ? document : [document];
  return rules.map((rule, index) => {
    const place = isRules(document) ? within(pointer, index) : pointer;
    return {
      errors: errorMatchOf(rule.errors, within(place, 'errors'), scope, compiler),
      attempts_max: rule.attempts,
      backoff: backoffOf(rule.backoff),
      time_ms_max: optionalMs(rule.time_max),
    };
  });
}

function backoffOf(document: BackoffDocument | undefined): Backoff {
  const said = typeof document === 'object' ? document : { delay: document ?? backoffMsDefault };
  const ms = msOf(said.delay);
  return {
    kind: said.kind ?? 'exponential',
    ms,
    ms_max: Math.max(ms, optionalMs(said.delay_max) ?? backoffMsMaxDefault),
    factor: said.factor ?? 2,
    jitter: said.jitter ?? 0.2,
  };
}

export function timeoutsOf(document: SharedDocument['timeouts']): Timeouts {
  return {
    schedule_to_start_ms: optionalMs(document?.schedule_to_start),
    run_ms: optionalMs(document?.run),
    idle_ms: optionalMs(document?.idle),
    whole_ms: optionalMs(document?.whole),
  };
}

function isClasses(document: ErrorMatchDocument): document is readonly string[] {
  return Array.isArray(document);
}

function isRules(document: NonNullable<SharedDocument['retry']>): document is readonly RetryRuleDocument[] {
  return Array.isArray(document);
}
