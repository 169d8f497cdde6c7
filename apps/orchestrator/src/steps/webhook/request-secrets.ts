import type { TenantId } from '@chorda/kernel';
import {
  checkSecretTarget,
  OutboundRefusedError,
  secretOf,
  signed,
  signingKeyOf,
  withoutSecret,
  type Secret,
  type Secrets,
} from '@chorda/outbound';

const named = /\{\{\s*secret:([A-Za-z0-9_.-]{1,100})\s*\}\}/g;

/** The secrets of one request: put in where it is sent, taken out of what comes back. */
export class RequestSecrets {
  private readonly used = new Map<string, Secret>();

  constructor(
    private readonly secrets: Secrets,
    private readonly tenantId: TenantId,
  ) {}

  /** @throws OutboundRefusedError where the tenant has no such secret, or it is not meant for this URL. */
  into(headers: Readonly<Record<string, string>>, url: URL): Readonly<Record<string, string>> {
    const put = ([name, text]: readonly [string, string]) =>
      [name, text.replaceAll(named, (_all, secret: string) => this.valueOf(secret, url))] as const;
    return Object.fromEntries(Object.entries(headers).map(put));
  }

  /** @throws OutboundRefusedError as {@link into} */
  signature(
    name: string | null,
    url: URL,
    message: { readonly id: string; readonly timeMs: number; readonly body: string },
  ): Readonly<Record<string, string>> {
    if (name === null) return {};
    const secret = this.secretOf(name, url);
    const key = signingKeyOf(secret.value);
    if (secret.scheme !== 'signing' || key === undefined) {
      throw new OutboundRefusedError('SECRET_CANNOT_SIGN', `the secret ${name} is not of the scheme signing`);
    }
    return signed(key, message);
  }

  /** Servers that echo a request would otherwise write the secret into the history of the run. */
  clean(bytes: Buffer): Buffer {
    return [...this.used].reduce((text, [name, secret]) => withoutSecret(text, secret, name), bytes);
  }

  private valueOf(name: string, url: URL): string {
    const secret = this.secretOf(name, url);
    if (secret.scheme !== 'signing') return secret.value;
    throw new OutboundRefusedError('SECRET_SIGNS', `the secret ${name} signs and is not sent`);
  }

  private secretOf(name: string, url: URL): Secret {
    const secret = secretOf(this.secrets, name, this.tenantId);
    checkSecretTarget(secret, name, url);
    this.used.set(name, secret);
    return secret;
  }
}
