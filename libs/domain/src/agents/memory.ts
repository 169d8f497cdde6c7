import { jsonText, jsonValue, memoryId, type agent, type AgentEvent, type JsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { DomainError } from '../domain-error.js';
import { idPattern, memoryBytesMax, memoryEntriesMax, memoryEntryBytesMax } from './limits.js';
import { invalid } from './refusals.js';
import type { Session } from './session.js';

/** What an entry is to the agent: `context` is told to the model at the start of each execution, the others on request. */
export const memoryAreas = ['data', 'context', 'variables'] as const;
export type MemoryArea = (typeof memoryAreas)[number];

export function isMemoryArea(text: unknown): text is MemoryArea {
  return memoryAreas.some((area) => area === text);
}

export interface MemoryWrite {
  readonly area: MemoryArea;
  readonly key: string;
  /** Null: the entry is forgotten. */
  readonly value: JsonText | null;
}

const entryName = ({ area, key }: Pick<MemoryWrite, 'area' | 'key'>) => `${area}/${key}`;

/** @throws {@link DomainError} `INVALID_COMMAND`, or `MEMORY_FULL` where the session holds as much as it may. */
export function checkWrite(session: Session, write: MemoryWrite): void {
  if (!idPattern.test(write.key)) throw invalid('key', `must match ${idPattern.source}`);
  if (write.value === null) return;
  const bytes = Buffer.byteLength(write.value);
  if (bytes > memoryEntryBytesMax) throw invalid('value', `must have at most ${memoryEntryBytesMax} bytes as JSON`);
  const { [entryName(write)]: before, ...others } = session.entries;
  const used = Object.entries(others).reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0);
  const isFull = used + entryName(write).length + bytes > memoryBytesMax;
  if (isFull || (before === undefined && Object.keys(others).length >= memoryEntriesMax)) {
    const detail = `A session remembers at most ${memoryEntriesMax} entries of ${memoryBytesMax} bytes together`;
    throw new DomainError('MEMORY_FULL', detail, { entries: Object.keys(session.entries).length, bytes: used });
  }
}

export interface MemoryPlace {
  readonly agentId: agent.MemoryWritten['data']['agent_id'];
  readonly executionId: agent.MemoryWritten['data']['execution_id'];
  deriveId(name: string): string;
}

/** Undefined where nothing changes: what is forgotten was not there, or the same stands there already. */
export function memoryWritten(session: Session, write: MemoryWrite, place: MemoryPlace): AgentEvent | undefined {
  const name = entryName(write);
  const before = session.entries[name];
  if (before === (write.value ?? undefined)) return undefined;
  return {
    type: 'agent.memory_written',
    data: {
      agent_id: place.agentId,
      execution_id: place.executionId,
      memory_id: memoryId(place.deriveId(`memory/${name}`)),
      tier: 'working',
      key: name,
      value: write.value ?? jsonText(null),
      source_event_ids: [],
      expires_at: null,
    },
  };
}

/** The entries as values, area by area. */
export function memoryOf({ entries }: Session): Readonly<Record<MemoryArea, { readonly [key: string]: JsonValue }>> {
  const of = (area: MemoryArea) =>
    Object.fromEntries(
      Object.entries(entries).flatMap(([name, value]) =>
        name.startsWith(`${area}/`) ? [[name.slice(area.length + 1), jsonValue(value)] as const] : [],
      ),
    );
  return { data: of('data'), context: of('context'), variables: of('variables') };
}

const toolTimeMs = 30_000;
const place = {
  area: { type: 'string', enum: [...memoryAreas], description: 'data, context or variables.' },
  key: { type: 'string', pattern: idPattern.source, description: 'Name of the entry.' },
};

function toolOf(name: string, description: string, properties: JsonValue, required: readonly string[]) {
  const parameters = jsonText({ type: 'object', properties, required: [...required], additionalProperties: false });
  return { name, description, parameters, queue: 'tools', idempotent: true, timeout_ms: toolTimeMs } as const;
}

/** Tools that the rules answer themselves, in the turn that asks for them: no executor sees their calls. */
export const memoryTools: readonly agent.ToolDefinition[] = [
  toolOf('memory_read', 'Reads what is remembered of this session: all, one area, or one entry.', place, []),
  toolOf(
    'memory_write',
    'Remembers a value for the rest of this session; null forgets it.',
    { ...place, value: { description: 'Any JSON value.' } },
    ['area', 'key', 'value'],
  ),
];

export function isMemoryTool(name: string): boolean {
  return memoryTools.some((tool) => tool.name === name);
}
