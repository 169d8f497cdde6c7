import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { CreateKeyOptions } from './create-key.js';
import type { KeyStoreOptions } from './key-store.js';
import type { RevokeKeyOptions } from './revoke-key.js';

/** `chorda keys …`: who may talk to the gateway. At the gateway; without a key at the database, which makes the first. */
export function keysCommand(cli: CommandLine): Command {
  const keys = new Command('keys').description(
    'API keys: who may talk to the gateway, for which tenant, and do what.\n' +
      'With CHORDA_API_KEY, which must have the scope admin, they are made at the gateway; without, or with --database, in\n' +
      'the database itself, which is how the first key is made.',
  );
  keys.addCommand(createCommand(cli));
  keys.addCommand(listCommand(cli));
  keys.addCommand(showCommand(cli));
  keys.addCommand(revokeCommand(cli));
  return keys;
}

function createCommand(cli: CommandLine): Command {
  return new Command('create')
    .summary('Make a key and print it, once')
    .description('Make a key and print it. This is the only time that it is shown: only its hash is kept.')
    .argument('<name>', 'what the key is for, for people who read the list')
    .option('--tenant <id>', 'the tenant whose events it reads and writes (default: your own)')
    .option('--database', 'work on the database itself')
    .option('--scope <scope...>', 'what it may do', ['events:write', 'events:read', 'system:read'])
    .option('--expires-in <days>', 'days until it stops working (default: never)', positiveNumber)
    .addHelpText(
      'after',
      examples(
        ['chorda keys create billing-service', 'A key that reads and writes events'],
        ['chorda keys create grafana --scope events:read', 'A key that only reads'],
        ['chorda keys create demo --scope events:write events:simulate', 'A key for `chorda demo`'],
      ),
    )
    .action(
      cli.action(async (context, name: string, options: CreateKeyOptions) => {
        const { createKey } = await import('./create-key.js');
        return createKey(context, name, options);
      }),
    );
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .summary('All keys, without their secrets')
    .description('All keys, without their secrets')
    .option('--tenant <id>', 'the tenant (default: your own)')
    .option('--database', 'work on the database itself')
    .action(
      cli.action(async (context, options: KeyStoreOptions) => {
        const { listKeys } = await import('./list-keys.js');
        return listKeys(context, options);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .summary('One key, without its secret')
    .description('One key, without its secret')
    .argument('<id>', 'the id from `chorda keys list`')
    .option('--tenant <id>', 'the tenant (default: your own)')
    .option('--database', 'work on the database itself')
    .action(
      cli.action(async (context, id: string, options: KeyStoreOptions) => {
        const { showKey } = await import('./list-keys.js');
        return showKey(context, id, options);
      }),
    );
}

function revokeCommand(cli: CommandLine): Command {
  return new Command('revoke')
    .summary('End a key')
    .description('End a key: gateways refuse it within seconds')
    .argument('<id>', 'the id from `chorda keys list`')
    .option('--tenant <id>', 'the tenant (default: your own)')
    .option('--database', 'work on the database itself')
    .option('-y, --yes', 'do not ask')
    .action(
      cli.action(async (context, id: string, options: RevokeKeyOptions) => {
        const { revokeKey } = await import('./revoke-key.js');
        return revokeKey(context, id, options);
      }),
    );
}
