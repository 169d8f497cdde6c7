import type { EventSchema, FieldShape, FieldType, RecordShape } from '../schema/event-schema.js';
import { knownTopic } from '../topics/catalogue.js';
import { topicsOf } from './asyncapi.js';

/** `docs/reference/events.md`: every type with its fields, for people. */
export function referencePage(path: string, schemas: readonly EventSchema[]): string {
  const areas = [...new Set(schemas.map((schema) => schema.area))];
  const list = areas.map((area) => {
    const links = schemas
      .filter((schema) => schema.area === area)
      .map((schema) => `[${schema.type}](#${anchor(schema)})`);
    return `- **${area}**: ${links.join(', ')}`;
  });
  const sections = schemas.map(section);
  return `<!-- ${path}: written by \`npm run contracts:generate\`, never by hand. -->\n\n# Events\n\n${introduction}\n\n${list.join('\n')}\n\n${sections.join('\n')}`;
}

const introduction = `Every event type, from its schema in \`schemas/\`. A **fact** has happened and nobody can refuse it: send it to \`POST /v1/events\`. A **decision** begins as the request named with it; sent as an event it is refused. A **command** is what that request puts on the log, or what an executor answers with; **work** is what the decision engine asks of executors; a **delta** is a part of an answer as it comes. None of them is an event: no read model and no tail shows them.

The key of every record is \`<tenant>/<subject>\`. Types are shown as JSON has them: *long* is a decimal string, *count* a number of at most 2^53-1, *decimal* exact decimal text, *timestamp* RFC 3339 text, *json* any JSON value. In the log they are Avro; a timestamp is milliseconds since the epoch there, and json is its text. Fields without a default must be given. **P** marks personal data.`;

function section(schema: EventSchema): string {
  const topics = topicsOf(schema);
  const first = topics[0] ?? schema.topic;
  const kept = knownTopic(first).retentionMs;
  const facts = [
    kindWord(schema),
    `Topic ${topics.map((topic) => `\`${topic}\``).join(', ')}, kept ${kept === 'forever' ? 'for ever' : `${kept / 86_400_000} days`}.`,
    `Subject: ${schema.subject.map((field) => `\`${field}\``).join(', else ')}${needsSender(schema) ? ', else the sender chooses it' : ''}.`,
    `Record \`${schema.record}\`.`,
  ];
  return `## ${schema.type}\n\n${schema.shape.doc} ${facts.join(' ')}\n\n${fieldTable(schema.shape)}`;
}

function kindWord({ kind, command }: EventSchema): string {
  switch (kind) {
    case 'fact':
      return 'Fact.';
    case 'decision':
      return `Decision: \`${command}\`.`;
    case 'command':
      return command === undefined ? 'Command of an executor.' : `Command: \`${command}\`.`;
    case 'work':
      return 'Work for an executor.';
    case 'delta':
      return 'Delta.';
  }
}

function fieldTable(shape: RecordShape): string {
  const rows = fieldRows(shape, '');
  return `| field | type | default | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function fieldRows(shape: RecordShape, path: string): readonly string[] {
  return shape.fields.flatMap((field) => {
    const name = `${path}${field.name}`;
    const nested = recordIn(field.type);
    const row = `| \`${name}\` | ${typeWord(field.type)} | ${defaultWord(field)} | ${field.personal ? '**P** ' : ''}${cell(field.doc)} |`;
    return [row, ...(nested ? fieldRows(nested.record, `${name}${nested.list ? '[]' : ''}.`) : [])];
  });
}

function recordIn(type: FieldType): { readonly record: RecordShape; readonly list: boolean } | undefined {
  if (type.kind === 'record') return { record: type.record, list: false };
  if (type.kind === 'nullable') return recordIn(type.of);
  if (type.kind !== 'array') return undefined;
  const inner = recordIn(type.items);
  return inner && { record: inner.record, list: true };
}

function typeWord(type: FieldType): string {
  switch (type.kind) {
    case 'nullable':
      return `${typeWord(type.of)} or null`;
    case 'array':
      return `list of ${typeWord(type.items)}`;
    case 'enum':
      return type.symbols
        .filter((symbol) => symbol !== 'unknown')
        .map((symbol) => `\`${symbol}\``)
        .join(', ');
    case 'long':
      return `${type.safe ? 'count' : 'long'}${boundsWord(type.bounds)}`;
    case 'int':
    case 'float':
    case 'double':
      return `${type.kind}${boundsWord(type.bounds)}`;
    case 'decimal':
      return `decimal (${type.precision}, ${type.scale})`;
    case 'record':
      return 'object';
    case 'string':
      return type.brand ?? 'string';
    case 'uuid':
      return type.brand ? `${type.brand} (uuid)` : 'uuid';
    case 'boolean':
    case 'json':
    case 'timestamp':
      return type.kind;
  }
}

function boundsWord({ minimum, maximum }: { readonly minimum?: number; readonly maximum?: number }): string {
  if (minimum === undefined && maximum === undefined) return '';
  if (maximum === undefined) return `, from ${minimum}`;
  return minimum === undefined ? `, to ${maximum}` : `, ${minimum} to ${maximum}`;
}

function defaultWord(field: FieldShape): string {
  return field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``;
}

function needsSender(schema: EventSchema): boolean {
  return schema.subject.every(
    (name) => schema.shape.fields.find((field) => field.name === name)?.type.kind === 'nullable',
  );
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** As GitHub makes anchors of headings. */
function anchor(schema: EventSchema): string {
  return schema.type.replaceAll('.', '');
}
