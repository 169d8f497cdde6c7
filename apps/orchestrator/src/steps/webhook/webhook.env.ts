import { AddressGuard, hostList, networkList, portList, secretMap } from '@chorda/outbound';
import { wholeNumber } from '@chorda/platform';
import { systemClock } from '@chorda/kernel';
import type { z } from 'zod';
import type { WebhookOptions } from './call-webhook.js';

/** Settings of webhook steps: what they may reach, with what, and for how long. */
export const webhookEnv = {
  /** By name, for `{{secret:NAME}}` in headers and for `signing_secret`. */
  CHORDA_WEBHOOK_SECRETS: secretMap,
  /** Hosts that webhooks may call, `*.example.com` for all names below one; left out: any. */
  CHORDA_WEBHOOK_HOSTS: hostList,
  CHORDA_WEBHOOK_PORTS: portList,
  /** Networks beside the public Internet that webhooks may reach. */
  CHORDA_WEBHOOK_NETWORKS: networkList,
  /** However long a definition allows a try. */
  CHORDA_WEBHOOK_TIMEOUT_MS: wholeNumber(100, 600_000).default(60_000),
  /** Of GET and HEAD; others are not redirected. */
  CHORDA_WEBHOOK_REDIRECTS_MAX: wholeNumber(0, 20).default(5),
  /** Of an answer; a larger one fails the step. */
  CHORDA_WEBHOOK_RESPONSE_BYTES_MAX: wholeNumber(1_024, 8_388_608).default(131_072),
  /** Of an OpenAPI document that a step names; a larger one fails the step. */
  CHORDA_WEBHOOK_OPENAPI_BYTES_MAX: wholeNumber(1_024, 8_388_608).default(4_194_304),
} as const;

const connectTimeoutMs = 5_000;

export function webhookOptionsOf(env: z.infer<z.ZodObject<typeof webhookEnv>>): WebhookOptions {
  return {
    guard: new AddressGuard(env.CHORDA_WEBHOOK_NETWORKS),
    rules: { hosts: env.CHORDA_WEBHOOK_HOSTS, ports: env.CHORDA_WEBHOOK_PORTS },
    secrets: env.CHORDA_WEBHOOK_SECRETS,
    redirectsMax: env.CHORDA_WEBHOOK_REDIRECTS_MAX,
    responseBytesMax: env.CHORDA_WEBHOOK_RESPONSE_BYTES_MAX,
    openApiBytesMax: env.CHORDA_WEBHOOK_OPENAPI_BYTES_MAX,
    connectTimeoutMs,
    timeoutMs: env.CHORDA_WEBHOOK_TIMEOUT_MS,
    nowMs: () => systemClock.nowMs(),
  };
}
