import { readFile } from 'node:fs/promises';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { lines } from '../command-line/lines.js';
import { toJson } from '../command-line/output.js';

export interface RegisterTypeOptions {
  readonly avro?: string;
  readonly jsonSchema?: string;
  readonly dryRun?: boolean;
}

/** Registers `external.<name>` at the gateway, from a file. */
export async function registerType(context: CommandContext, type: string, options: RegisterTypeOptions): Promise<void> {
  const { output, environment, signal } = context;
  const { avro, jsonSchema, dryRun } = options;
  if ((avro === undefined) === (jsonSchema === undefined)) {
    throw new CommandFailure(exitCodes.usage, 'Name the file of the schema', 'Add --avro FILE or --json-schema FILE.');
  }
  const schema = avro === undefined ? { json_schema: await jsonIn(jsonSchema ?? '') } : { avro: await jsonIn(avro) };
  const registered = await gatewayClient(environment).schemas.register(type, schema, { signal, dryRun });
  output.result(registered, () => {
    const { outcome, topic, version } = registered;
    return dryRun === true
      ? `${type} would be ${outcome}`
      : `${type} is ${outcome}: topic ${topic}, version ${version}`;
  });
}

export async function showType({ output, environment, signal }: CommandContext, type: string): Promise<void> {
  const schema = await gatewayClient(environment).schemas.get(type, { signal });
  output.result(schema, () => toJson(schema, 2));
}

/** Those of the build and those that teams registered, as the gateway has them. */
export async function listTypes({ output, environment, signal }: CommandContext): Promise<void> {
  const items = await gatewayClient(environment).schemas.list({ signal });
  output.result({ items }, () => items.map((item) => lines({ [item.type]: item.topic })).join('\n'));
}

async function jsonIn(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new CommandFailure(exitCodes.usage, `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new CommandFailure(exitCodes.usage, `${file} must hold one JSON object`);
}
