import type { JournalFilter } from './journal.repository.js';

/** Collects SQL conditions and their parameters, so that no value ever stands in the text. */
export class Conditions {
  readonly parameters: unknown[] = [];
  private readonly texts: string[] = [];

  /** The placeholder of a new parameter. */
  parameter(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  add(text: string): void {
    this.texts.push(text);
  }

  toString(): string {
    return this.texts.join(' AND ');
  }
}

/** What the filter says of an event. */
export function addFilter(conditions: Conditions, filter: JournalFilter): void {
  const { types, subject, correlationId, source } = filter;
  // With one type, equality keeps the index in time order; ANY would need a sort.
  if (types?.length === 1) conditions.add(`type = ${conditions.parameter(types[0])}`);
  else if (types && types.length > 1) conditions.add(`type = ANY (${conditions.parameter(types)}::text[])`);
  if (subject !== undefined) conditions.add(`subject = ${conditions.parameter(subject)}`);
  if (correlationId !== undefined) conditions.add(`correlation_id = ${conditions.parameter(correlationId)}`);
  if (source !== undefined) conditions.add(`source = ${conditions.parameter(source)}`);
}
