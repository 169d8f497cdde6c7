import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { RegisterTypeOptions } from './external-types.js';
import type { ReleaseCommandOptions } from './release-schemas.js';

/** `chorda schemas …`: the event schemas, in the repository and in the registry. */
export function schemasCommand(cli: CommandLine): Command {
  const schemas = new Command('schemas').description('The schemas of the events: list, check, register, release');
  schemas.addCommand(listCommand(cli));
  schemas.addCommand(showCommand(cli));
  schemas.addCommand(checkCommand(cli));
  schemas.addCommand(registerCommand(cli));
  schemas.addCommand(releaseCommand(cli));
  return schemas;
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .description('Every event type: fact or decision, its topic, its Avro record, the fingerprint of its schema')
    .option('--gateway', 'as the gateway has them, with the types that teams registered')
    .addHelpText('after', examples(['chorda schemas list', 'Those of this build; no server is asked']))
    .action(
      cli.action(async (context, options: { readonly gateway?: boolean }) => {
        if (options.gateway === true) {
          const { listTypes } = await import('./external-types.js');
          return listTypes(context);
        }
        const { listSchemas } = await import('./list-schemas.js');
        return listSchemas(context);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .description('One event type with its Avro schemas, as the gateway has it')
    .argument('<type>', 'its name')
    .addHelpText('after', examples(['chorda schemas show agent.executed', 'What its payload has to be']))
    .action(
      cli.action(async (context, type: string) => {
        const { showType } = await import('./external-types.js');
        return showType(context, type);
      }),
    );
}

function checkCommand(cli: CommandLine): Command {
  return new Command('check')
    .description(
      'Inside the repository: whether a schema breaks what was released. Always: whether the registry has every\n' +
        'schema of this build. Ends with 1 where something is missing.',
    )
    .option('--offline', 'ask no registry')
    .addHelpText('after', examples(['chorda schemas check --offline', 'The compatibility gate, as CI runs it']))
    .action(
      cli.action(async (context, options: { readonly offline?: boolean }) => {
        const { checkAllSchemas } = await import('./check-schemas.js');
        return checkAllSchemas(context, options);
      }),
    );
}

function registerCommand(cli: CommandLine): Command {
  return new Command('register')
    .description(
      'Without a type: gives the registry every schema of this build, under FULL_TRANSITIVE. Services only look up.\n' +
        'With one: registers an event type of your own, or a version of it that breaks no reader, at the gateway.',
    )
    .argument('[type]', 'external.<name>')
    .option('--avro <file>', 'an Avro record, as JSON')
    .option('--json-schema <file>', 'a JSON Schema of draft 2020-12')
    .option('--dry-run', 'check everything and change nothing')
    .addHelpText(
      'after',
      examples(
        ['chorda schemas register', 'Before a new version of the services starts'],
        ['chorda schemas register external.order_placed --avro order.avsc', 'A type of your own'],
      ),
    )
    .action(
      cli.action(async (context, type: string | undefined, options: RegisterTypeOptions) => {
        if (type !== undefined) {
          const { registerType } = await import('./external-types.js');
          return registerType(context, type, options);
        }
        const { registerAllSchemas } = await import('./register-schemas.js');
        return registerAllSchemas(context);
      }),
    );
}

function releaseCommand(cli: CommandLine): Command {
  return new Command('release')
    .description(
      'Inside the repository: copies every schema that has changed into schemas/released/. From then on a change that\n' +
        'breaks it fails CI. Commit the copies, with what `npm run contracts:generate` then writes.',
    )
    .option('--replace', 'drop released versions that the schema breaks: their events can no longer be read')
    .addHelpText('after', examples(['chorda schemas release', 'Release what has changed']))
    .action(
      cli.action(async (context, options: ReleaseCommandOptions) => {
        const { releaseAllSchemas } = await import('./release-schemas.js');
        return releaseAllSchemas(context, options);
      }),
    );
}
