import type { Answers } from '@chorda/client';
import { hashOfForm, readAnyDefinition } from '@chorda/workflows';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import type { Output } from '../command-line/output.js';
import { definitionIn } from './definition-file.js';
import { definitionText } from './definition-text.js';

export interface ExportOptions {
  readonly versionNumber?: string;
  readonly format: Answers.WorkflowExport['format'];
}

/** Checked here first: what is wrong with it is told with its place, whether or not a server can be reached. */
export async function applyDefinition(
  context: CommandContext,
  file: string,
  { dryRun }: { readonly dryRun?: boolean },
): Promise<void> {
  const { output, environment, signal } = context;
  const source = await definitionIn(file);
  checked(file, source);
  const applied = await gatewayClient(environment).workflows.apply(source, { signal, dryRun });
  output.result(applied, () =>
    dryRun === true
      ? `${applied.name} would be ${applied.outcome}`
      : `${applied.name} is ${applied.outcome}: version ${applied.version}, ${applied.hash}`,
  );
  if (dryRun !== true) output.note(`Run it: chorda runs start ${applied.name} --wait`);
}

export async function validateDefinition({ output }: CommandContext, file: string): Promise<void> {
  const { form, format } = checked(file, await definitionIn(file));
  const valid = { name: form.name, hash: hashOfForm(form), format };
  output.result(valid, () => `${file} is valid: ${valid.name}, ${valid.hash}`);
}

export async function listDefinitions(
  { output, environment, signal }: CommandContext,
  { archived = false }: { readonly archived?: boolean },
): Promise<void> {
  const items = await gatewayClient(environment).workflows.list({ signal, archived });
  output.result({ items }, () => summaries(output, items));
}

export async function listVersions({ output, environment, signal }: CommandContext, name: string): Promise<void> {
  const items = await gatewayClient(environment).workflows.versions(name, { signal });
  output.result({ items }, () => summaries(output, items));
}

export async function showDefinition(
  { output, environment, signal }: CommandContext,
  name: string,
  versionNumber: string | undefined,
): Promise<void> {
  const version = numberIn(versionNumber);
  const definition = await gatewayClient(environment).workflows.get(name, { signal, version });
  output.result(definition, () => definitionText(output, definition));
}

export async function exportDefinition(
  { output, environment, signal }: CommandContext,
  name: string,
  { versionNumber, format }: ExportOptions,
): Promise<void> {
  const version = numberIn(versionNumber);
  const text = await gatewayClient(environment).workflows.export(name, { signal, version, format });
  output.result({ name, format, text }, () => text.trimEnd());
}

export async function archiveDefinition({ output, environment, signal }: CommandContext, name: string): Promise<void> {
  await gatewayClient(environment).workflows.archive(name, { signal });
  output.result({ name, archived: true }, () => `${name} is archived`);
}

function checked(file: string, source: string) {
  const { form, faults, format } = readAnyDefinition(source);
  if (form !== null) return { form, format };
  const told = faults.map(({ line, column, pointer, detail }) => {
    const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
    return `${place} ${pointer} ${detail}`;
  });
  throw new CommandFailure(exitCodes.failed, told.join('\n'));
}

function numberIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new CommandFailure(exitCodes.usage, `A version is a number from 1, not ${text}`);
}

function summaries(output: Output, items: readonly Answers.WorkflowSummary[]): string {
  if (items.length === 0) return 'None. Store one: chorda workflows apply FILE';
  const rows = items.map(
    ({ name, version, title, created_at: createdAt, created_by: createdBy, archived_at: archivedAt }) => [
      name,
      String(version),
      title ?? '',
      createdAt,
      createdBy,
      archivedAt === null ? '' : output.paint('dim', 'archived'),
    ],
  );
  return output.table(['NAME', 'VERSION', 'TITLE', 'STORED', 'BY', ''], rows);
}
