/** A name as a reference token of a JSON pointer (RFC 6901). */
export function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The JSON pointer of a path, as schema libraries give them; '' is the whole document. */
export function pointerOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path.map((part) => `/${pointerToken(String(typeof part === 'object' ? part.key : part))}`).join('');
}
