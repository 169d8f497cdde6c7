import type { ChordaClient } from '@chorda/client';
import { defaultTenant, tenantId } from '@chorda/kernel';
import { createApiKey } from '@chorda/platform';
import { ApiKeyRepository, type ApiKeyRecord } from '@chorda/read-models';
import { withDatabase } from '../command-line/database.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';

export interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly state: 'valid' | 'revoked' | 'expired';
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

export interface WantedKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | undefined;
}

/** Where keys are kept and made. */
export interface KeyStore {
  create(key: WantedKey): Promise<ShownKey & { readonly key: string }>;
  list(): Promise<readonly ShownKey[]>;
  /** False: there is no such key that is still valid. */
  revoke(id: string): Promise<boolean>;
}

export interface KeyStoreOptions {
  readonly tenant?: string;
  readonly database?: boolean;
}

/**
 * The gateway, where there is a key for it; else the database, which is how the first key is made. The database asks for
 * no scope and writes no audit event: whoever has its password may do everything anyway.
 */
export function keyStore(environment: NodeJS.ProcessEnv, options: KeyStoreOptions): KeyStore {
  if (options.database === true || environment['CHORDA_API_KEY'] === undefined) {
    return new DatabaseKeys(environment, options.tenant ?? defaultTenant);
  }
  return new GatewayKeys(gatewayClient(environment), options.tenant);
}

class GatewayKeys implements KeyStore {
  constructor(
    private readonly client: ChordaClient,
    private readonly tenant: string | undefined,
  ) {}

  async create({ name, scopes, expiresAt }: WantedKey) {
    const made = await this.client.keys.create({
      name,
      scopes: scopes as Parameters<ChordaClient['keys']['create']>[0]['scopes'] & object,
      ...(this.tenant === undefined ? {} : { tenant_id: this.tenant }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt.toISOString() }),
    });
    return { ...shownByGateway(made), key: made.key };
  }

  async list(): Promise<readonly ShownKey[]> {
    await this.requireOwnTenant();
    return (await this.client.keys.list()).map(shownByGateway);
  }

  async revoke(id: string): Promise<boolean> {
    await this.requireOwnTenant();
    if ((await this.client.keys.get(id)).state !== 'valid') return false;
    await this.client.keys.revoke(id);
    return true;
  }

  private async requireOwnTenant(): Promise<void> {
    if (this.tenant === undefined) return;
    const { tenant_id: own } = await this.client.tenants.own();
    if (own === this.tenant) return;
    const next = `Use a key of ${this.tenant}, or add --database where DATABASE_URL is known.`;
    throw new CommandFailure(exitCodes.usage, `The gateway shows the keys of ${own}, whose key this is`, next);
  }
}

type GatewayKey = Awaited<ReturnType<ChordaClient['keys']['get']>>;

function shownByGateway({ key_id: id, tenant_id: tenant, ...key }: GatewayKey): ShownKey {
  const { name, scopes, state, created_at, expires_at, revoked_at } = key;
  return { id, name, tenant, scopes, state, created_at, expires_at, revoked_at };
}

class DatabaseKeys implements KeyStore {
  private readonly tenant;

  constructor(
    private readonly environment: NodeJS.ProcessEnv,
    tenant: string,
  ) {
    this.tenant = tenantId(tenant);
  }

  async create({ name, scopes, expiresAt }: WantedKey) {
    const { keyId, text, secretHash } = createApiKey();
    const record = { tenantId: this.tenant, keyId, name, scopes, expiresAt };
    await this.with((keys) => keys.issue({ ...record, secretHash }));
    return { ...shownOf({ ...record, createdAt: new Date(), revokedAt: undefined }), key: text };
  }

  async list(): Promise<readonly ShownKey[]> {
    return (await this.with((keys) => keys.list(this.tenant))).map(shownOf);
  }

  revoke(id: string): Promise<boolean> {
    return this.with((keys) => keys.revoke(this.tenant, id));
  }

  private with<Result>(work: (keys: ApiKeyRepository) => Promise<Result>): Promise<Result> {
    return withDatabase(this.environment, (pool) => work(new ApiKeyRepository(pool)));
  }
}

type StoredKey = Pick<ApiKeyRecord, 'keyId' | 'name' | 'tenantId' | 'scopes' | 'createdAt' | 'expiresAt' | 'revokedAt'>;

function shownOf(key: StoredKey): ShownKey {
  const { keyId: id, name, tenantId: tenant, scopes, createdAt, expiresAt, revokedAt } = key;
  return {
    id,
    name,
    tenant,
    scopes,
    state: stateOf(key, Date.now()),
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
  };
}

function stateOf(key: StoredKey, nowMs: number): ShownKey['state'] {
  if (key.revokedAt !== undefined) return 'revoked';
  return key.expiresAt !== undefined && key.expiresAt.getTime() <= nowMs ? 'expired' : 'valid';
}
