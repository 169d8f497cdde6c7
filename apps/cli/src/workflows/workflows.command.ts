import { Command, Option } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { ExportOptions } from './workflows.js';

/** `chorda workflows …`: definitions of workflows. */
export function workflowsCommand(cli: CommandLine): Command {
  const workflows = new Command('workflows').description(
    'Definitions of workflows: apply, list, show, validate, export',
  );
  workflows.addCommand(applyCommand(cli));
  workflows.addCommand(validateCommand(cli));
  workflows.addCommand(listCommand(cli));
  workflows.addCommand(showCommand(cli));
  workflows.addCommand(versionsCommand(cli));
  workflows.addCommand(exportCommand(cli));
  workflows.addCommand(archiveCommand(cli));
  return workflows;
}

function applyCommand(cli: CommandLine): Command {
  return new Command('apply')
    .description('Store a definition, or a new version of it: YAML, JSON, or CNCF Serverless Workflow 1.0')
    .argument('<file>', 'the definition; a .ts or .js module that exports what the builder made; - reads from stdin')
    .option('--dry-run', 'check it at the gateway and change nothing')
    .addHelpText(
      'after',
      examples(
        ['chorda workflows apply order.yaml', 'The same again changes nothing'],
        ['chorda workflows apply order.workflow.ts', 'A module that exports what the builder made'],
      ),
    )
    .action(
      cli.action(async (context, file: string, options: { readonly dryRun?: boolean }) => {
        const { applyDefinition } = await import('./workflows.js');
        return applyDefinition(context, file, options);
      }),
    );
}

function validateCommand(cli: CommandLine): Command {
  return new Command('validate')
    .description('Check a definition without a server: everything that is wrong, with line and column')
    .argument('<file>', 'the definition; a .ts or .js module that exports what the builder made; - reads from stdin')
    .addHelpText('after', examples(['chorda workflows validate order.yaml', 'Ends with 1 where something is wrong']))
    .action(
      cli.action(async (context, file: string) => {
        const { validateDefinition } = await import('./workflows.js');
        return validateDefinition(context, file);
      }),
    );
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .description('The newest version of each workflow')
    .option('--archived', 'archived ones too')
    .addHelpText('after', examples(['chorda workflows list', 'Names, versions and titles']))
    .action(
      cli.action(async (context, options: { readonly archived?: boolean }) => {
        const { listDefinitions } = await import('./workflows.js');
        return listDefinitions(context, options);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .description('One version of a workflow: its steps as a tree; with --json also form and source')
    .argument('<name>', 'the workflow')
    .option('--version-number <number>', 'which version; the newest where nothing is said')
    .addHelpText('after', examples(['chorda workflows show order', 'The newest version']))
    .action(
      cli.action(async (context, name: string, options: { readonly versionNumber?: string }) => {
        const { showDefinition } = await import('./workflows.js');
        return showDefinition(context, name, options.versionNumber);
      }),
    );
}

function versionsCommand(cli: CommandLine): Command {
  return new Command('versions')
    .description('All versions of a workflow, newest first')
    .argument('<name>', 'the workflow')
    .addHelpText('after', examples(['chorda workflows versions order', 'Who stored which, and when']))
    .action(
      cli.action(async (context, name: string) => {
        const { listVersions } = await import('./workflows.js');
        return listVersions(context, name);
      }),
    );
}

function exportCommand(cli: CommandLine): Command {
  return new Command('export')
    .description('A version of a workflow as a text to be kept elsewhere')
    .argument('<name>', 'the workflow')
    .option('--version-number <number>', 'which version; the newest where nothing is said')
    .addOption(
      new Option('--format <format>', 'which form').choices(['yaml', 'json', 'serverless-workflow']).default('yaml'),
    )
    .addHelpText('after', examples(['chorda workflows export order > order.yaml', 'Reading it gives the same hash']))
    .action(
      cli.action(async (context, name: string, options: ExportOptions) => {
        const { exportDefinition } = await import('./workflows.js');
        return exportDefinition(context, name, options);
      }),
    );
}

function archiveCommand(cli: CommandLine): Command {
  return new Command('archive')
    .description('Start no more runs of a workflow; those that run go on')
    .argument('<name>', 'the workflow')
    .addHelpText('after', examples(['chorda workflows archive order', 'Applying it again makes it available again']))
    .action(
      cli.action(async (context, name: string) => {
        const { archiveDefinition } = await import('./workflows.js');
        return archiveDefinition(context, name);
      }),
    );
}
