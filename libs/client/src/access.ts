import type {
  ApiKey,
  ApiKeys,
  ApiKeyWithText,
  NewApiKey,
  NewTenant,
  Tenant,
  TenantChange,
  Tenants,
} from './generated/answers.js';
import { changeOf, type Http } from './http.js';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** `client.keys`: who may talk to the gateway. Needs the scope `admin`. */
export class KeysApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Makes a key. Its text, `key`, is answered this once. Sent once: a repeat would make a second key. */
  async create(key: NewApiKey, options: CallOptions = {}): Promise<ApiKeyWithText> {
    return (await this.#http.jsonOnce(changeOf('POST', '/v1/keys', key, options))) as ApiKeyWithText;
  }

  /** The keys of the tenant, without their secrets. */
  async list(options: CallOptions = {}): Promise<readonly ApiKey[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/keys', ...options })) as ApiKeys).items;
  }

  async get(keyId: string, options: CallOptions = {}): Promise<ApiKey> {
    return (await this.#http.json({ method: 'GET', path: pathOf('keys', keyId), ...options })) as ApiKey;
  }

  /** Ends a key: gateways refuse it within a second. A second call has the effect of one. */
  async revoke(keyId: string, options: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: pathOf('keys', keyId), ...options });
  }
}

/** `client.tenants`: who shares the deployment. All but `own` need the scope `deployment:operate`. */
export class TenantsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The tenant of the key that is used, and its limits. */
  async own(options: CallOptions = {}): Promise<Tenant> {
    return (await this.#http.json({ method: 'GET', path: '/v1/tenant', ...options })) as Tenant;
  }

  async list(options: CallOptions = {}): Promise<readonly Tenant[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/tenants', ...options })) as Tenants).items;
  }

  async get(tenantId: string, options: CallOptions = {}): Promise<Tenant> {
    return (await this.#http.json({ method: 'GET', path: pathOf('tenants', tenantId), ...options })) as Tenant;
  }

  /** Sent once: a repeat of what was done would be answered `ALREADY_EXISTS`. */
  async create(tenant: NewTenant, options: CallOptions = {}): Promise<Tenant> {
    return (await this.#http.jsonOnce(changeOf('POST', '/v1/tenants', tenant, options))) as Tenant;
  }

  /** Changes what is named; null takes a limit away. */
  async change(tenantId: string, change: TenantChange, options: CallOptions = {}): Promise<Tenant> {
    return (await this.#http.json(changeOf('PATCH', pathOf('tenants', tenantId), change, options))) as Tenant;
  }
}

function pathOf(resource: string, id: string): string {
  return `/v1/${resource}/${encodeURIComponent(id)}`;
}
