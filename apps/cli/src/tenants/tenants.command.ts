import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { TenantOptions } from './tenants.js';

/** `chorda tenants …`: who shares the deployment, and how much each may send. */
export function tenantsCommand(cli: CommandLine): Command {
  const tenants = new Command('tenants').description(
    'Who shares the deployment, and how much each may send. All but `own` need a key with the scope deployment:operate',
  );
  tenants.addCommand(ownCommand(cli));
  tenants.addCommand(listCommand(cli));
  tenants.addCommand(showCommand(cli));
  tenants.addCommand(createCommand(cli));
  tenants.addCommand(changeCommand(cli));
  return tenants;
}

function ownCommand(cli: CommandLine): Command {
  return new Command('own').description('The tenant of your key, and its limits').action(
    cli.action(async (context) => {
      const { showTenant } = await import('./tenants.js');
      return showTenant(context);
    }),
  );
}

function listCommand(cli: CommandLine): Command {
  return new Command('list').description('All tenants').action(
    cli.action(async (context) => {
      const { listTenants } = await import('./tenants.js');
      return listTenants(context);
    }),
  );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .description('One tenant')
    .argument('<id>', 'its id')
    .action(
      cli.action(async (context, id: string) => {
        const { showTenant } = await import('./tenants.js');
        return showTenant(context, id);
      }),
    );
}

function withLimits(command: Command): Command {
  return command
    .option('--requests-per-minute <count>', 'requests of the whole tenant', positiveNumber)
    .option('--events-per-minute <count>', 'events of the whole tenant', positiveNumber)
    .option('--events-per-day <count>', 'events in any 24 hours', positiveNumber);
}

function createCommand(cli: CommandLine): Command {
  return withLimits(new Command('create').description('Make a tenant'))
    .argument('<id>', 'a to z, 0 to 9 and -, at most 63')
    .option('--name <text>', 'for people (default: the id)')
    .addHelpText('after', examples(['chorda tenants create acme --name "Acme Ltd"', 'Make one']))
    .action(
      cli.action(async (context, id: string, options: TenantOptions) => {
        const { createTenant } = await import('./tenants.js');
        return createTenant(context, id, options);
      }),
    );
}

function changeCommand(cli: CommandLine): Command {
  return withLimits(new Command('change').description('Change a name or limits, or let its keys in no longer'))
    .argument('<id>', 'its id')
    .option('--name <text>', 'for people')
    .option('--no-limits', 'take all limits of its own away')
    .option('--disable', 'let none of its keys in')
    .option('--enable', 'let them in again')
    .addHelpText('after', examples(['chorda tenants change acme --events-per-day 1000000', 'A quota']))
    .action(
      cli.action(async (context, id: string, options: TenantOptions) => {
        const { changeTenant } = await import('./tenants.js');
        return changeTenant(context, id, options);
      }),
    );
}
