const redacted = '[redacted]';

const secretKey =
  /authorization|cookie|password|passwd|secret|token|api[-_]?key|private[-_]?key|credential|connection[-_]?string/i;
/** Payloads may hold what people wrote; a log line names an event, it does not repeat it. */
const payloadKey = /^(data|payload|body|value|input_data|output_data|prompt|messages|completion)$/i;

const secretText: readonly (readonly [RegExp, string])[] = [
  [/\b(chd_[a-z0-9]{1,32}_)[A-Za-z0-9]+/g, `$1${redacted}`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${redacted}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${redacted}@`],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, redacted],
  [/\bsk-[A-Za-z0-9_-]{16,}/g, redacted],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
  [/\b(password|passwd|secret|api[-_]?key|access_token)(\s*[=:]\s*)[^\s,;&"']+/gi, `$1$2${redacted}`],
];

const textLengthMax = 8_192;
const depthMax = 6;
const entriesMax = 100;

/** Takes out what looks like a secret, whatever it stands in, and cuts what is too long for a log line. */
export function redactText(text: string): string {
  let clean = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}… (${text.length} characters)` : text;
  for (const [pattern, replacement] of secretText) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Counts keep their figures under any name (`input_tokens: 12`); texts and objects under a secret's name do not. */
function isHidden(key: string, value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return false;
  return secretKey.test(key) || payloadKey.test(key);
}

/** A copy that JSON can hold, bounded in depth, width and length, without secrets. Never throws. */
export function redactValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : redactObject(value, depth);
    default:
      return value;
  }
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return redactText(`${value.name}: ${value.message}`);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= depthMax) return '[too deep]';
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((item) => redactValue(item, depth + 1));
  const clean: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).slice(0, entriesMax)) {
    clean[key] = isHidden(key, item) ? redacted : redactValue(item, depth + 1);
  }
  return clean;
}
