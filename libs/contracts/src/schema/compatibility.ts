import type { JsonValue } from '@chorda/kernel';
import { isList, type AvroJson } from './avro.js';
import { readEventSchema, type FieldShape, type FieldType, type RecordShape } from './event-schema.js';

/** A change that would make events unreadable, or readable as something else. */
export interface BreakingChange {
  /** Path of the field inside the record, `metadata.step_id`; '' for the record itself. */
  readonly field: string;
  readonly rule: string;
}

/**
 * FULL compatibility of two versions of one record, and our own rules on top. FULL_TRANSITIVE is this against every
 * released version: any build reads what any other build wrote, forwards and backwards.
 *
 * Our own rules: a default keeps its value (old events would say something new), logical types, scales, JSON marks and
 * ranges stay (equal bytes would mean something else), the topic and the subject stay (order would break), and a fact
 * never becomes a decision.
 */
export function breakingChanges(before: AvroJson, after: AvroJson): readonly BreakingChange[] {
  const [old, now] = [readEventSchema(before, 'Released schema'), readEventSchema(after)];
  const changes: BreakingChange[] = [];
  const check = (same: boolean, rule: string): void => {
    if (!same) changes.push({ field: '', rule });
  };
  check(old.record === now.record, `the record was renamed from ${old.record} to ${now.record}`);
  check(old.kind === now.kind, `a ${old.kind} became a ${now.kind}: a change of meaning is a new type`);
  check(old.topic === now.topic, `the topic changed from ${old.topic} to ${now.topic}`);
  const sameSubject = JSON.stringify(old.subject) === JSON.stringify(now.subject);
  check(sameSubject, `the subject changed from ${old.subject.join(', ')} to ${now.subject.join(', ')}`);
  compareRecords(old.shape, now.shape, '', changes);
  return changes;
}

function compareRecords(old: RecordShape, now: RecordShape, path: string, changes: BreakingChange[]): void {
  if (old.name !== now.name) changes.push({ field: path, rule: `the record type was renamed from ${old.name}` });
  const known = new Map(now.fields.map((field) => [field.name, field]));
  for (const before of old.fields) {
    const field = join(path, before.name);
    const after = known.get(before.name);
    known.delete(before.name);
    if (after) compareFields(before, after, field, changes);
    else if (before.default === undefined) {
      changes.push({ field, rule: 'was removed or renamed, and older builds have no default for it' });
    }
  }
  for (const added of known.values()) {
    if (added.default !== undefined) continue;
    changes.push({ field: join(path, added.name), rule: 'is new or renamed and has no default: older events lack it' });
  }
}

function compareFields(old: FieldShape, now: FieldShape, field: string, changes: BreakingChange[]): void {
  if (!equal(old.default, now.default)) {
    // Taking a default away would leave builds that read events without the field with nothing to put there.
    const rule =
      now.default === undefined ? 'lost its default' : 'changed its default: older events would say another thing';
    if (old.default !== undefined) changes.push({ field, rule });
  }
  if (old.personal && !now.personal) changes.push({ field, rule: 'lost its personal-data mark' });
  compareTypes(old.type, now.type, field, changes);
}

function compareTypes(old: FieldType, now: FieldType, field: string, changes: BreakingChange[]): void {
  const refuse = (rule: string): void => void changes.push({ field, rule });
  if (old.kind !== now.kind) return refuse(`changed its type from ${old.kind} to ${now.kind}`);
  if (old.kind === 'nullable' && now.kind === 'nullable') return compareTypes(old.of, now.of, field, changes);
  if (old.kind === 'array' && now.kind === 'array') return compareTypes(old.items, now.items, `${field}[]`, changes);
  if (old.kind === 'record' && now.kind === 'record') return compareRecords(old.record, now.record, field, changes);
  if (old.kind === 'enum' && now.kind === 'enum') return compareEnums(old, now, field, changes);
  if (old.kind === 'long' && now.kind === 'long' && old.safe !== now.safe) {
    return refuse('changed its range: its values would change between number and decimal text');
  }
  if (old.kind === 'decimal' && now.kind === 'decimal' && (old.scale !== now.scale || old.precision > now.precision)) {
    return refuse(`changed from decimal(${old.precision}, ${old.scale}) to decimal(${now.precision}, ${now.scale})`);
  }
}

type EnumType = Extract<FieldType, { kind: 'enum' }>;

function compareEnums(old: EnumType, now: EnumType, field: string, changes: BreakingChange[]): void {
  if (old.name !== now.name) changes.push({ field, rule: `the enum was renamed from ${old.name}` });
  // A new symbol is read as `unknown` by older builds; a symbol that went would turn old events into `unknown`.
  for (const symbol of old.symbols) {
    if (!now.symbols.includes(symbol)) changes.push({ field, rule: `the symbol ${symbol} was removed or renamed` });
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Defaults are null, scalars or the empty list. */
function equal(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (isList(a) && isList(b)) return JSON.stringify(a) === JSON.stringify(b);
  return a === b;
}
