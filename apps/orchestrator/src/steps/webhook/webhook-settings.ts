import { jsonValue, type workflowWork } from '@chorda/contracts';
import { z } from 'zod';

/** Framing is the request's own; and what proves who sent it is nobody else's to say. */
const ownHeaders = new Set([
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

const settings = z.object({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
  url: z.string({ error: 'must be a text' }).min(1),
  headers: z
    .record(headerName, headerValue)
    .nullable()
    .transform((given) => given ?? {})
    .refine((given) => Object.keys(given).length <= headersMax, { error: `must be at most ${headersMax}` })
    .superRefine((given, context) => {
      for (const name of Object.keys(given)) {
        if (!ownHeaders.has(name.toLowerCase())) continue;
        context.addIssue({ code: 'custom', path: [name], message: 'cannot be set here' });
      }
    }),
  query: z.record(z.string(), z.union([scalar, z.array(scalar)]).nullable()).nullable(),
  expect_status: z.array(z.tuple([z.int(), z.int()])),
  output_as: z.enum(['response', 'body']),
  signing_secret: z.string().nullable().default(null),
});

export type WebhookSettings = Omit<z.output<typeof settings>, 'query'>;

/** What a webhook step is asked to do, its query within the URL; a text says what is wrong with it. */
export function webhookSettings(data: workflowWork.StepRequested['data']): WebhookSettings | string {
  const read = settings.safeParse(jsonValue(data.settings));
  if (!read.success) {
    return read.error.issues.map(({ path, message }) => `${path.join('/')} ${message}`).join('; ');
  }
  const { query, url, ...rest } = read.data;
  if (!URL.canParse(url)) return 'url must be an absolute http or https URL';
  const asked = new URL(url);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of value === null ? [] : [value].flat()) asked.searchParams.append(name, one);
  }
  return { ...rest, url: asked.href };
}
