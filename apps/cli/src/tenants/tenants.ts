import type { Answers } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { lines } from '../command-line/lines.js';

export interface TenantOptions {
  readonly name?: string;
  readonly requestsPerMinute?: number;
  readonly eventsPerMinute?: number;
  readonly eventsPerDay?: number;
  /** False with `--no-limits`. */
  readonly limits?: boolean;
  readonly disable?: boolean;
  readonly enable?: boolean;
}

export async function listTenants({ output, environment, signal }: CommandContext): Promise<void> {
  const items = await gatewayClient(environment).tenants.list({ signal });
  output.result({ items }, () =>
    output.table(
      ['ID', 'NAME', 'CREATED', 'DISABLED'],
      items.map(({ tenant_id, name, created_at, disabled_at }) => [tenant_id, name, created_at, disabled_at ?? '']),
    ),
  );
}

/** Without an id: the own one. */
export async function showTenant({ output, environment, signal }: CommandContext, id?: string): Promise<void> {
  const { tenants } = gatewayClient(environment);
  const tenant = id === undefined ? await tenants.own({ signal }) : await tenants.get(id, { signal });
  output.result(tenant, () => lines(tenant));
}

export async function createTenant(context: CommandContext, id: string, options: TenantOptions): Promise<void> {
  const { output, environment, signal } = context;
  const wanted = { tenant_id: id, ...changesOf(options), name: options.name ?? id };
  const tenant = await gatewayClient(environment).tenants.create(wanted, { signal });
  output.result(tenant, () => lines(tenant));
}

export async function changeTenant(context: CommandContext, id: string, options: TenantOptions): Promise<void> {
  const { output, environment, signal } = context;
  const changes = changesOf(options);
  if (Object.keys(changes).length === 0) {
    throw new CommandFailure(
      exitCodes.usage,
      'Nothing to change',
      '`chorda tenants change --help` shows what there is.',
    );
  }
  const tenant = await gatewayClient(environment).tenants.change(id, changes, { signal });
  output.result(tenant, () => lines(tenant));
}

function changesOf(options: TenantOptions): Answers.TenantChange {
  const { name, requestsPerMinute, eventsPerMinute, eventsPerDay, disable, enable } = options;
  const none = { requests_per_minute: null, events_per_minute: null, events_per_day: null };
  return {
    ...(options.limits === false ? none : {}),
    ...(name === undefined ? {} : { name }),
    ...(requestsPerMinute === undefined ? {} : { requests_per_minute: requestsPerMinute }),
    ...(eventsPerMinute === undefined ? {} : { events_per_minute: eventsPerMinute }),
    ...(eventsPerDay === undefined ? {} : { events_per_day: eventsPerDay }),
    ...(disable === true ? { disabled: true } : enable === true ? { disabled: false } : {}),
  };
}
