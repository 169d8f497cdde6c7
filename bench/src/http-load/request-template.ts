/** Digits that are written over in each copy, so that no two requests are the same and none is built anew. */
const slotDigits = 12;
const slotMark = '#'.repeat(slotDigits);

/** What is put where a template wants a number of its own: `${slot}`. */
export const slot = slotMark;

/** One HTTP request as bytes, with places for the numbers that make its events unlike all others. */
export class RequestTemplate {
  private readonly bytes: Buffer;
  private readonly slots: readonly number[];

  constructor(head: Readonly<Record<string, string>>, method: string, target: string, body: string) {
    const lines = [
      `${method} ${target} HTTP/1.1`,
      ...Object.entries(head).map(([name, value]) => `${name}: ${value}`),
      ...(body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
    ];
    this.bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
    this.slots = slotsOf(this.bytes);
  }

  /** How many numbers one request takes. */
  get numbers(): number {
    return this.slots.length;
  }

  /** A copy that holds `first`, `first + 1` and so on. */
  render(first: number): Buffer {
    const copy = Buffer.from(this.bytes);
    this.slots.forEach((at, index) => copy.write(String(first + index).padStart(slotDigits, '0'), at, 'latin1'));
    return copy;
  }
}

function slotsOf(bytes: Buffer): readonly number[] {
  const slots: number[] = [];
  for (let at = bytes.indexOf(slotMark); at !== -1; at = bytes.indexOf(slotMark, at + slotDigits)) slots.push(at);
  return slots;
}
