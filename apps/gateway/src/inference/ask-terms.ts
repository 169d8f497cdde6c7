import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { pointerOf } from '../http/json-pointer.js';
import { Problem, type ProblemIssue } from '../http/problem.js';
import { priorities, type AskTerms } from './ask.js';

const id = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 256 && !/[\0\r\n]/.test(text), {
    error: 'must be 1 to 256 bytes of text without line breaks',
  });
const deadlineMin = 100;

/** What a request may say of itself beside what the model is told. */
export const askTerms = {
  priority: z.enum(priorities).optional(),
  deadline_ms: z.int().min(deadlineMin).optional(),
  session_id: id.optional(),
  user_id: id.optional(),
  agent_id: id.optional(),
  execution_id: id.optional(),
  workflow_id: id.optional(),
  step_id: id.optional(),
  tokens_max: z.int().min(1).optional(),
  cost_usd_max: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, { error: 'must be US dollars as decimal text, such as "0.25"' })
    .optional(),
  attempts_max: z.int().min(1).max(100).optional(),
} satisfies z.ZodRawShape;

/** Which header and which key of the body's `metadata` say the same to a client of the OpenAI API. */
export const termHeaders = {
  priority: 'x-chorda-priority',
  deadline_ms: 'x-chorda-deadline-ms',
  session_id: 'x-chorda-session',
  user_id: 'x-chorda-user',
  agent_id: 'x-chorda-agent',
  execution_id: 'x-chorda-execution',
  workflow_id: 'x-chorda-workflow',
  step_id: 'x-chorda-step',
  tokens_max: 'x-chorda-tokens-max',
  cost_usd_max: 'x-chorda-cost-usd-max',
  attempts_max: 'x-chorda-attempts-max',
} as const satisfies Record<keyof AskTerms, string>;

type TermName = keyof typeof termHeaders;
const termNames: readonly TermName[] = Object.keys(termHeaders).filter(isTermName);
const numbers: ReadonlySet<TermName> = new Set<TermName>(['deadline_ms', 'tokens_max', 'attempts_max']);
const metadataPrefix = 'chorda_';

function isTermName(name: string): name is TermName {
  return Object.hasOwn(termHeaders, name);
}

const schema = z.strictObject(askTerms);
const nothingSaid: AskTerms = {};

/**
 * The terms of a request to the OpenAI door. A header counts before the body's `metadata`.
 *
 * @throws {@link Problem} `INVALID_REQUEST`, naming the header or the member of `metadata`.
 */
export function readTerms(
  headers: IncomingHttpHeaders,
  metadata: Readonly<Record<string, unknown>> | undefined,
): AskTerms {
  let said: Record<string, unknown> | undefined;
  const places = new Map<string, ProblemIssue>();
  for (const name of termNames) {
    const header = headers[termHeaders[name]];
    const own = metadata?.[`${metadataPrefix}${name}`];
    if (header === undefined && own === undefined) continue;
    said ??= {};
    said[name] = asTold(name, header ?? own);
    const pointer = header === undefined ? `/metadata/${metadataPrefix}${name}` : '';
    places.set(name, { pointer, detail: '', ...(header === undefined ? {} : { header: termHeaders[name] }) });
  }
  if (said === undefined) return nothingSaid;
  const parsed = schema.safeParse(said);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    ...(places.get(String(path[0])) ?? { pointer: pointerOf(path) }),
    detail: message,
  }));
  const text = issues.map((issue) => `${'header' in issue ? issue.header : issue.pointer} ${issue.detail}`).join('; ');
  throw new Problem('INVALID_REQUEST', text.slice(0, 2_000), { issues });
}

/** Headers and `metadata` hold texts alone. */
function asTold(name: TermName, value: unknown): unknown {
  return numbers.has(name) && typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

/** `metadata` without what was meant for us; undefined where nothing is left of it. */
export function foreignMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const entries = Object.entries(metadata).filter(([name]) => !name.startsWith(metadataPrefix));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
