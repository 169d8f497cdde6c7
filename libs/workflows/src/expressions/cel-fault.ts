import { compileCel } from './cel-program.js';

/** What is wrong with a text that shall be CEL, in words; undefined: nothing that can be told before it is asked. */
export function celFault(text: string): string | undefined {
  try {
    compileCel(text);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `is no CEL expression: ${why.slice(0, 500)}`;
  }
}
