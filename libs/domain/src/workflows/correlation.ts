import type { Correlation, Expression } from './form.js';

/** What a wait says of itself, beside its key, to whoever brings it events that producers send. */
export type WaitCorrelation = {
  /** What makes the key of such an event; absent: its subject is the key. */
  readonly by?: { readonly language: Expression['language']; readonly text: string };
};

export function correlationOf(correlate: Correlation | undefined): WaitCorrelation {
  const key = correlate?.key ?? null;
  return key === null ? {} : { by: { language: key.language, text: key.text } };
}
