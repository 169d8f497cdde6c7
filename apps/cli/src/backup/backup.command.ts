import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

/** `chorda backup …`: what only Postgres knows. */
export function backupCommand(cli: CommandLine): Command {
  const backup = new Command('backup').description(
    'What only Postgres knows: tenants, keys, registered types and tools',
  );
  backup.addCommand(createCommand(cli));
  backup.addCommand(restoreCommand(cli));
  return backup;
}

function createCommand(cli: CommandLine): Command {
  return new Command('create')
    .description(
      'Writes tenants, API keys (as hashes), registered event types, tools and unpublished audit events to a file, all\n' +
        'as of one moment and while everything runs. Everything else is made of the log: back up Kafka for that.',
    )
    .argument('<file>', 'where to write it, readable for you alone; replaced when the new one is whole')
    .addHelpText('after', examples(['chorda backup create chorda-backup.gz', 'Every night, say']))
    .action(
      cli.action(async (context, file: string) => {
        const { backUp } = await import('./back-up.js');
        return backUp(context, file);
      }),
    );
}

function restoreCommand(cli: CommandLine): Command {
  return new Command('restore')
    .description(
      'Puts a backup back, in one transaction: a damaged file changes nothing. Run `chorda apply` first on a new\n' +
        'database, and `chorda decisions restore` after it; docs/backup.md has all the steps.',
    )
    .argument('<file>', 'what `chorda backup create` wrote')
    .option('--replace', 'delete what the tables hold now; without it, tables that are in use are left alone')
    .addHelpText('after', examples(['chorda backup restore chorda-backup.gz', 'After the database was lost']))
    .action(
      cli.action(async (context, file: string, options: { readonly replace?: boolean }) => {
        const { putBack } = await import('./back-up.js');
        return putBack(context, file, options);
      }),
    );
}
