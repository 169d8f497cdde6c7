/** Postgres cannot keep U+0000 in a text; the event's own bytes, in the journal, keep it. */
export function storableText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text;
}
