/** From the end: what differs, differs there; a call into the engine costs more than these few steps. */
export function isSameAt(
  bytes: Buffer,
  start: number,
  end: number,
  other: Buffer,
  otherStart: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let at = end - 1, from = otherEnd - 1; at >= start; at--, from--) if (bytes[at] !== other[from]) return false;
  return true;
}

/** Whether the text is ASCII and stands there. */
export function isAsciiAt(bytes: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const byte = bytes[start + at]!;
    if (byte > 0x7f || byte !== text.charCodeAt(at)) return false;
  }
  return true;
}
