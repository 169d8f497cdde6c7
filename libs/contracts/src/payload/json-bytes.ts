const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
/** Deeper values are left to the engine's own parser, which has no stack to run out of. */
const depthMax = 31;

/**
 * Whether bytes [start, end) are the text of one JSON value: without a string of them and without the value, which is what
 * most of `JSON.parse` costs. The engine's own parser answers where this one does not know.
 */
export function isJsonAt(bytes: Buffer, start: number, end: number): boolean {
  return new JsonWalk(bytes, end).isValue(start) || isJson(bytes.toString('utf8', start, end));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Says yes only to what is JSON; its no may mean that it is too deep. Every step answers with where it ended, or -1. */
class JsonWalk {
  constructor(
    private readonly bytes: Buffer,
    private readonly end: number,
  ) {}

  isValue(start: number): boolean {
    // A bit a level: an object has one. Lists and objects that are open are thereby all that is remembered.
    let kinds = 0;
    let depth = 0;
    let at = this.gap(start);
    for (;;) {
      const byte = this.byteAt(at);
      if (byte === openList || byte === openObject) {
        if (++depth > depthMax) return false;
        kinds = (kinds << 1) | (byte === openObject ? 1 : 0);
        at = this.gap(at + 1);
        const isEmpty = this.byteAt(at) === (byte === openObject ? closeObject : closeList);
        if (!isEmpty) {
          if (byte === openObject) at = this.name(at);
          if (at < 0) return false;
          continue;
        }
      } else {
        at = this.scalar(at, byte) - 1;
        if (at < 0) return false;
      }
      // Behind a value: what is open ends, or brings its next value.
      for (at = this.gap(at + 1); depth > 0; at = this.gap(at + 1)) {
        const next = this.byteAt(at);
        if (next === comma) break;
        if (next !== ((kinds & 1) === 1 ? closeObject : closeList)) return false;
        kinds >>>= 1;
        depth -= 1;
        // A list that was closed here was given its empty or last value above.
      }
      if (depth === 0) return at === this.end;
      at = this.gap(at + 1);
      if ((kinds & 1) === 1) at = this.name(at);
      if (at < 0) return false;
    }
  }

  private byteAt(at: number): number {
    return at < this.end ? (this.bytes[at] ?? -1) : -1;
  }

  private gap(at: number): number {
    let next = at;
    for (; next < this.end; next++) {
      const byte = this.bytes[next];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    }
    return next;
  }

  /** A member's name and colon, up to its value. */
  private name(at: number): number {
    const end = this.byteAt(at) === quote ? this.text(at) : -1;
    if (end < 0) return -1;
    const next = this.gap(end);
    return this.byteAt(next) === colon ? this.gap(next + 1) : -1;
  }

  private scalar(at: number, first: number): number {
    if (first === quote) return this.text(at);
    if (first === 0x74) return this.word(at, 'true');
    if (first === 0x66) return this.word(at, 'false');
    if (first === 0x6e) return this.word(at, 'null');
    return this.number(at);
  }

  private text(from: number): number {
    const { bytes, end } = this;
    for (let at = from + 1; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) return at + 1;
      if (byte < 0x20) return -1;
      if (byte !== backslash) continue;
      at += 1;
      const escaped = this.byteAt(at);
      if (escaped === 0x75) {
        for (let digit = 0; digit < 4; digit++) if (!isHex(this.byteAt(++at))) return -1;
      } else if (escaped < 0 || !'"\\/bfnrt'.includes(String.fromCharCode(escaped))) return -1;
    }
    return -1;
  }

  private word(from: number, word: string): number {
    for (let index = 0; index < word.length; index++)
      if (this.byteAt(from + index) !== word.charCodeAt(index)) return -1;
    return from + word.length;
  }

  private number(from: number): number {
    let at = this.byteAt(from) === 0x2d ? from + 1 : from;
    if (this.byteAt(at) === 0x30) at += 1;
    else if ((at = this.digits(at)) < 0) return -1;
    if (this.byteAt(at) === 0x2e && (at = this.digits(at + 1)) < 0) return -1;
    const exponent = this.byteAt(at);
    if (exponent !== 0x65 && exponent !== 0x45) return at;
    const sign = this.byteAt(at + 1);
    return this.digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }

  /** At least one. */
  private digits(from: number): number {
    let at = from;
    while (isDigit(this.byteAt(at))) at += 1;
    return at > from ? at : -1;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x61 && byte <= 0x66) || (byte >= 0x41 && byte <= 0x46);
}
