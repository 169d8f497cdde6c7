import { pointerOfRepeat } from './json-repeats.js';
import { Problem } from './problem.js';

/** Nesting that a body may have: 32 of a payload, and the batch and the event around it. Deeper is only ever an attack. */
export const jsonDepthMax = 34;
/** Members of one object: an engine takes seconds to build one of millions, in which nobody else is served. */
export const jsonMembersMax = 10_000;
const jsonMembersOfAllMax = 1_000_000;

interface Shape {
  readonly depth: number;
  /** A number with so many digits, or an exponent, that a double may not hold it. */
  readonly suspectNumber: boolean;
  /** Members of all objects together, as they are written. */
  readonly members: number;
  /** Members of the object that has the most. */
  readonly membersOfOne: number;
  /** Commas directly in the outermost value. */
  readonly outerCommas: number;
}

const quote = 0x22;
const backslash = 0x5c;

const membersAt = new Int32Array(jsonDepthMax + 2);

/** One pass over the bytes, before anything is built from them: a body of 10 MB takes about 15 ms. */
function shapeOf(body: Buffer): Shape {
  let depth = 0;
  let depthSeen = 0;
  let digits = 0;
  let suspectNumber = false;
  let members = 0;
  let membersOfOne = 0;
  let outerCommas = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === quote) {
      at = endOfString(body, at);
      digits = 0;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > depthSeen) depthSeen = depth;
      if (depth > jsonDepthMax) break;
      membersAt[depth] = 0;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth > 0) depth -= 1;
      digits = 0;
    } else if (byte === 0x3a) {
      members += 1;
      const own = (membersAt[depth] ?? 0) + 1;
      membersAt[depth] = own;
      if (own > membersOfOne) membersOfOne = own;
      digits = 0;
    } else if (byte === 0x2c) {
      if (depth === 1) outerCommas += 1;
      digits = 0;
    } else if (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
      digits += 1;
      if (digits > 15) suspectNumber = true;
    } else if (digits > 0 && (byte === 0x65 || byte === 0x45)) {
      suspectNumber = true;
    } else if (byte !== 0x2e) {
      digits = 0;
    }
  }
  return { depth: depthSeen, suspectNumber, members, membersOfOne, outerCommas };
}

/** The index of the closing quote. `indexOf` runs at memory speed, where a loop over long texts would not. */
function endOfString(body: Buffer, start: number): number {
  let at = start;
  for (;;) {
    at = body.indexOf(quote, at + 1);
    if (at === -1) return body.length;
    let backslashes = 0;
    while (body[at - 1 - backslashes] === backslash) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}

interface RawJson {
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
}

const { rawJSON, isRawJSON } = JSON as typeof JSON & RawJson;

/** No double is written with more; comparing a megabyte of digits would cost its sender nothing and us much. */
const comparedDigitsMax = 400;

/**
 * A number that a double cannot hold keeps its text: `JSON.stringify` writes it as it came, so JSON values that we only
 * carry (`input_data`) stay exact. A field that wants a whole number refuses it, since it is an object here.
 */
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  if (!Number.isFinite(value)) throw new RangeError(`number ${context.source.slice(0, 40)} is beyond a double`);
  if (context.source.length > comparedDigitsMax) return rawJSON(context.source);
  return decimalOf(context.source) === decimalOf(String(value)) ? value : rawJSON(context.source);
}

/** Equal texts for equal numbers: the digits without zeros around them, and where the point stands. */
function decimalOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = trimmedZeros(digits);
  if (significant === '') return '0';
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length - (digits.length - significant.length))}`;
}

/** By hand: `/0+$/` takes quadratic time over many zeros that do not end the text. */
function trimmedZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return digits.slice(0, end);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface JsonLimits {
  /** Items that the outermost value may have, where it is a list. */
  readonly itemsMax?: number;
}

/**
 * @throws {@link Problem} `INVALID_JSON` where the bytes are not UTF-8, not JSON, nested deeper than
 * {@link jsonDepthMax}, hold a number beyond a double, or an object with two members of one name, of which parsers
 * take the first, the last or both. `PAYLOAD_TOO_LARGE` for too many members or items, before anything is built.
 */
export function parseExactJson(body: Buffer, { itemsMax }: JsonLimits = {}): unknown {
  if (body.length === 0) throw new Problem('INVALID_JSON', 'The body is empty');
  const shape = shapeOf(body);
  refuseShape(shape, itemsMax);
  const value = parsed(body, shape.suspectNumber);
  if (membersOf(value, shape.suspectNumber) !== shape.members) throw repeatedMember(body);
  return value;
}

function refuseShape({ depth, members, membersOfOne, outerCommas }: Shape, itemsMax: number | undefined): void {
  if (depth > jsonDepthMax) {
    throw new Problem('INVALID_JSON', `The body is nested deeper than ${jsonDepthMax} levels`);
  }
  if (membersOfOne > jsonMembersMax) {
    throw new Problem('PAYLOAD_TOO_LARGE', `An object holds at most ${jsonMembersMax} members`);
  }
  if (members > jsonMembersOfAllMax) {
    throw new Problem('PAYLOAD_TOO_LARGE', `All objects of a body hold at most ${jsonMembersOfAllMax} members`);
  }
  if (itemsMax !== undefined && outerCommas >= itemsMax) {
    throw new Problem('PAYLOAD_TOO_LARGE', `A batch holds at most ${itemsMax} events; this one has ${outerCommas + 1}`);
  }
}

function parsed(body: Buffer, suspectNumber: boolean): unknown {
  try {
    const text = utf8.decode(body);
    return suspectNumber ? JSON.parse(text, exactNumber) : JSON.parse(text);
  } catch (error) {
    // The engine's message quotes the body, which may hold what must not be in logs; its place is enough.
    const place = error instanceof SyntaxError ? /position \d+/.exec(error.message)?.[0] : undefined;
    const reason = error instanceof RangeError ? error.message : `not JSON in UTF-8${place ? ` (at ${place})` : ''}`;
    throw new Problem('INVALID_JSON', `The body cannot be read: ${reason}`, { cause: error });
  }
}

/** Fewer than were written means that one name came twice: counting costs a tenth of looking at every name. */
function membersOf(value: unknown, mayBeRaw: boolean): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += membersOf(item, mayBeRaw);
    return members;
  }
  if (mayBeRaw && isRawJSON(value)) return 0;
  const children: readonly unknown[] = Object.values(value);
  members = children.length;
  for (const child of children) members += membersOf(child, mayBeRaw);
  return members;
}

/** Naming the place is a courtesy; in ten megabytes it would hold up everybody else. */
const searchedBytesMax = 1024 * 1024;

function repeatedMember(body: Buffer): Problem {
  const pointer = body.length > searchedBytesMax ? '' : (pointerOfRepeat(body.toString()) ?? '');
  const issues = [{ pointer, detail: 'must come once in its object' }];
  const what = pointer === '' ? 'a member of one of its objects' : pointer.slice(0, 200);
  return new Problem('INVALID_JSON', `The body cannot be read: ${what} comes twice`, { issues });
}
