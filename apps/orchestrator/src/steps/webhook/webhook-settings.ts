import { jsonValue, type workflowWork } from '@chorda/contracts';
import { z } from 'zod';

/** Framing is the request's own; and what proves who sent it is nobody else's to say. Lower case. */
export const ownHeaders: ReadonlySet<string> = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'upgrade'],
  ...['transfer-encoding', 'proxy-authorization', 'idempotency-key', 'user-agent'],
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature'],
]);
const headersMax = 50;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, { error: 'is no name of a header' });
const headerValue = scalar.refine((text) => text.length <= 8_192 && !/[\r\n\0]/.test(text), {
  error: 'must be one line of at most 8,192 characters',
});

const headerMap = z
  .record(headerName, headerValue)
  .nullable()
  .transform((given) => given ?? {})
  .refine((given) => Object.keys(given).length <= headersMax, { error: `must be at most ${headersMax}` })
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      if (!ownHeaders.has(name.toLowerCase())) continue;
      context.addIssue({ code: 'custom', path: [name], message: 'cannot be set here' });
    }
  })
  // The same header in another case would be sent twice.
  .transform((given) => Object.fromEntries(Object.entries(given).map(([name, text]) => [name.toLowerCase(), text])));

const someText = z.string({ error: 'must be a text' }).min(1);
const settings = z.object({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']).nullable(),
  url: someText.nullable(),
  headers: headerMap,
  query: z.record(z.string(), z.union([scalar, z.array(scalar)]).nullable()).nullable(),
  expect_status: z.array(z.tuple([z.int(), z.int()])),
  output_as: z.enum(['response', 'body', 'raw']),
  signing_secret: z.string().nullable().default(null),
  openapi: z
    .object({
      document: someText,
      headers: headerMap,
      operation: someText,
      parameters: z.record(z.string(), z.json(), { error: 'must be an object' }).nullable(),
    })
    .optional(),
});

type Settings = z.output<typeof settings>;
type Query = Settings['query'];
type Shared = Omit<Settings, 'method' | 'url' | 'query' | 'openapi'>;

/** What is asked for, its query within the URL. */
export interface WebhookSettings extends Shared {
  readonly method: NonNullable<Settings['method']>;
  readonly url: string;
}

/** A request as it is sent, secrets apart. */
export interface HttpCall extends WebhookSettings {
  readonly body: string | undefined;
  /** Found in an OpenAPI document. */
  readonly isOperation: boolean;
}

/** An operation that is to be looked for in its document. */
export interface OperationSettings extends Shared {
  readonly openapi: NonNullable<Settings['openapi']>;
  readonly query: Query;
}

/** What a webhook step is asked to do; a text says what is wrong with it. */
export function webhookSettings(
  data: workflowWork.StepRequested['data'],
): WebhookSettings | OperationSettings | string {
  const read = settings.safeParse(jsonValue(data.settings));
  if (!read.success) return faultsOf(read.error);
  const { query, url, method, openapi, ...rest } = read.data;
  if (openapi !== undefined) return { ...rest, query, openapi };
  if (url === null) return 'url must be a text';
  if (method === null) return 'method must be said';
  if (!URL.canParse(url)) return 'url must be an absolute http or https URL';
  return { ...rest, method, url: withQuery(url, query) };
}

/** @param url One that can be parsed. */
export function withQuery(url: string, query: Query): string {
  const asked = new URL(url);
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of value === null ? [] : [value].flat()) added.append(name, one);
  }
  // What stands there already stays as it is written.
  if (added.size > 0) asked.search = [asked.search, added.toString()].filter((each) => each !== '').join('&');
  return asked.href;
}

/** Headers that came from elsewhere than settings, such as parameters of an operation; a text says what is wrong. */
export function lawfulHeaders(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> | string {
  const read = headerMap.safeParse(given);
  return read.success ? read.data : faultsOf(read.error);
}

function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('/')} ${message}`).join('; ');
}
