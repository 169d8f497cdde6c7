import type { JsonValue } from '@chorda/kernel';
import {
  isAlias,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { Faults, within, type DefinitionFault } from './fault.js';

/** Bytes of a text: what a parser takes a third of a second for. */
export const sourceBytesMax = 256 * 1024;
const nodesMax = 40_000;
const depthMax = 48;

export interface Source {
  /** Undefined where the text is no YAML at all. */
  readonly value: JsonValue | undefined;
  readonly faults: readonly DefinitionFault[];
  /** Where in the text a pointer leads, or what it is in where there is no such place. */
  place(pointer: string): { readonly line: number | null; readonly column: number | null };
}

/** Reads YAML 1.2 or JSON, which is YAML too, and keeps where everything stands. Nothing is looked up or run. */
export function readSource(text: string): Source {
  const bytes = Buffer.byteLength(text);
  if (bytes > sourceBytesMax) {
    const detail = `must have at most ${sourceBytesMax} bytes, not ${bytes}`;
    return { value: undefined, faults: [{ pointer: '', detail, line: null, column: null }], place: nowhere };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    lineCounter: lines,
    // Ours below takes one look at each name; the library compares each with each.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const reader = new Reader(document);
  const value = document.errors.length === 0 ? reader.read() : undefined;
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const syntax = [...document.errors, ...document.warnings].slice(0, 20).map(({ message, pos }) => ({
    pointer: '',
    detail: sentenceOf(message),
    ...at(pos[0]),
  }));
  const place = (pointer: string) => {
    const offset = reader.offsetOf(pointer);
    return offset === undefined ? { line: null, column: null } : at(offset);
  };
  return {
    value,
    faults: [...syntax, ...reader.faults.all.map((fault) => ({ ...fault, ...place(fault.pointer) }))],
    place,
  };
}

function nowhere() {
  return { line: null, column: null };
}

function sentenceOf(message: string): string {
  if (message.includes('call stack')) return `must be nested at most ${depthMax} deep`;
  return `must be YAML or JSON: ${message}`;
}

/** Values of a document by hand: the library's own way to JSON has neither places nor bounds for what aliases repeat. */
class Reader {
  readonly faults = new Faults();
  private readonly offsets = new Map<string, number>();
  private readonly anchors = new Map<string, ParsedNode>();
  private readonly open = new Set<ParsedNode>();
  private nodes = 0;

  constructor(private readonly document: Document.Parsed) {}

  read(): JsonValue | undefined {
    const { contents } = this.document;
    if (contents === null) {
      this.faults.add('', 'must not be empty');
      return undefined;
    }
    const value = this.valueOf(contents, '', 0);
    return this.nodes > nodesMax ? undefined : value;
  }

  /** The nearest that is there. */
  offsetOf(pointer: string): number | undefined {
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const offset = this.offsets.get(at);
      if (offset !== undefined || at === '') return offset;
    }
  }

  private valueOf(node: ParsedNode | null, pointer: string, depth: number): JsonValue {
    this.nodes += 1;
    if (node === null) return null;
    if (!this.offsets.has(pointer)) this.offsets.set(pointer, node.range[0]);
    if (this.nodes > nodesMax) {
      if (this.nodes === nodesMax + 1) {
        this.faults.add('', `must have at most ${nodesMax} values, those that aliases repeat counted`);
      }
      return null;
    }
    if (depth > depthMax) return this.refused(pointer, `must be nested at most ${depthMax} deep`);
    if (isAlias(node)) return this.repeated(node.source, pointer, depth);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isScalar(node)) return this.scalar(node, pointer);
    this.open.add(node);
    const value = isSeq(node)
      ? node.items.map((item, index) => this.valueOf(item, within(pointer, index), depth + 1))
      : this.object(node, pointer, depth);
    this.open.delete(node);
    return value;
  }

  private repeated(name: string, pointer: string, depth: number): JsonValue {
    const node = this.anchors.get(name);
    if (node === undefined) return this.refused(pointer, `refers to &${name}, which does not stand before it`);
    if (this.open.has(node)) return this.refused(pointer, `refers to &${name}, which it is part of`);
    return this.valueOf(node, pointer, depth + 1);
  }

  private object(map: YAMLMap.Parsed, pointer: string, depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    for (const { key, value } of map.items as readonly Pair<ParsedNode, ParsedNode | null>[]) {
      const name = this.nameOf(key, pointer);
      if (name === undefined) continue;
      const place = within(pointer, name);
      if (members.has(name)) {
        this.offsets.set(`${place}#again`, key.range[0]);
        this.faults.add(`${place}#again`, `has the name ${name} twice`);
        continue;
      }
      this.offsets.set(place, key.range[0]);
      members.set(name, this.valueOf(value, place, depth + 1));
    }
    return Object.fromEntries(members);
  }

  private nameOf(key: ParsedNode, pointer: string): string | undefined {
    if (isScalar(key) && typeof key.value === 'string') return key.value;
    // `200: …` reads as a number, and means its text.
    if (isScalar(key) && typeof key.value === 'number') return key.source ?? String(key.value);
    if (isScalar(key) && typeof key.value === 'boolean') return String(key.value);
    this.faults.add(pointer, 'must have texts as names');
    return undefined;
  }

  private scalar({ value, source }: Scalar, pointer: string): JsonValue {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) {
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
      return this.refused(pointer, `must be a number that JSON holds exactly, not ${source ?? value}`);
    }
    return this.refused(pointer, 'must be a value of JSON');
  }

  private refused(pointer: string, detail: string): null {
    this.faults.add(pointer, detail);
    return null;
  }
}
