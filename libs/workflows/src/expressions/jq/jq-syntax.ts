import type { JsonValue } from '@chorda/kernel';

/** A jq program as it was written. */
export type Jq =
  | { readonly kind: 'identity' }
  | { readonly kind: 'recurse' }
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'text'; readonly format: string | null; readonly parts: readonly (string | Jq)[] }
  | { readonly kind: 'format'; readonly format: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'index'; readonly of: Jq; readonly by: Jq }
  | { readonly kind: 'slice'; readonly of: Jq; readonly from: Jq | null; readonly to: Jq | null }
  | { readonly kind: 'iterate'; readonly of: Jq }
  | { readonly kind: 'list'; readonly items: Jq | null }
  | { readonly kind: 'object'; readonly members: readonly { readonly name: Jq; readonly value: Jq }[] }
  | { readonly kind: 'negate'; readonly of: Jq }
  | { readonly kind: 'pipe' | 'comma'; readonly left: Jq; readonly right: Jq }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly left: Jq; readonly right: Jq }
  | { readonly kind: 'assign'; readonly operator: string; readonly left: Jq; readonly right: Jq }
  | { readonly kind: 'if'; readonly condition: Jq; readonly whenTrue: Jq; readonly otherwise: Jq | null }
  | { readonly kind: 'try'; readonly body: Jq; readonly handler: Jq | null }
  | { readonly kind: 'bind'; readonly source: Jq; readonly pattern: Pattern; readonly body: Jq }
  | {
      readonly kind: 'reduce';
      readonly source: Jq;
      readonly pattern: Pattern;
      readonly start: Jq;
      readonly update: Jq;
    }
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Jq[] };

export type Operator = (typeof operators)[number];
export const operators = ['//', 'or', 'and', '==', '!=', '<=', '>=', '<', '>', '+', '-', '*', '/', '%'] as const;

export type Pattern =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Pattern[] }
  | { readonly kind: 'object'; readonly members: readonly { readonly name: string; readonly pattern: Pattern }[] };

/** Loops without a bound, definitions and what is not the same each time: left out of what may be written. */
export const refusedFunctions: ReadonlySet<string> = new Set([
  'repeat',
  'while',
  'until',
  'recurse',
  'recurse_down',
  'env',
  'now',
  'localtime',
  'mktime',
  'gmtime',
  'strftime',
  'strptime',
  'input',
  'inputs',
  'debug',
  'stderr',
  'input_filename',
  'halt',
  'halt_error',
  'combinations',
  'walk',
  'infinite',
  'nan',
  'splits',
  'sub',
  'gsub',
  'match',
  'capture',
  'scan',
  'tostream',
  'fromstream',
  'truncate_stream',
  'get_search_list',
  'import',
]);
export const refusedWords: ReadonlySet<string> = new Set(['def', 'foreach', 'label', 'break', 'import', 'include']);
