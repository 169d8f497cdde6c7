import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';

export interface CreateTriggerOptions {
  readonly id?: string;
  readonly topic: readonly string[];
  readonly filter?: string;
  readonly input?: string;
  readonly atVersion?: number;
  readonly title?: string;
  readonly signed?: boolean;
}

const client = ({ environment }: CommandContext) => gatewayClient(environment).triggers;

export async function createTrigger(
  context: CommandContext,
  workflow: string,
  options: CreateTriggerOptions,
): Promise<void> {
  const { id, topic, filter, input, atVersion, title, signed = false } = options;
  const common = {
    workflow_name: workflow,
    ...(id !== undefined && { trigger_id: id }),
    ...(filter !== undefined && { filter }),
    ...(input !== undefined && { input }),
    ...(atVersion !== undefined && { workflow_version: atVersion }),
    ...(title !== undefined && { title }),
  };
  const wanted =
    topic.length > 0
      ? ({ kind: 'event', ...common, topics: [...topic] } as const)
      : ({ kind: 'http', ...common, signed } as const);
  const made = await client(context).create(wanted, { signal: context.signal });
  context.output.result(made, () => toJson(made, 2));
}

export async function listTriggers(context: CommandContext): Promise<void> {
  const items = await client(context).list({ signal: context.signal });
  const { output } = context;
  output.result({ items }, () =>
    output.table(
      ['TRIGGER', 'KIND', 'STATUS', 'WORKFLOW', 'FIRES', 'REFUSALS', 'LAST ERROR'],
      items.map((one) => [
        ...[one.trigger_id, one.kind ?? '', one.status ?? '', one.workflow_name ?? ''],
        ...[String(one.fires), String(one.refusals), one.last_error_code ?? ''],
      ]),
    ),
  );
}

export async function actOnTrigger(
  context: CommandContext,
  act: 'show' | 'pause' | 'resume' | 'delete',
  id: string,
): Promise<void> {
  const triggers = client(context);
  const called = { signal: context.signal };
  if (act === 'delete') {
    await triggers.delete(id, called);
    return context.output.result({ trigger_id: id, status: 'deleted' }, () => `Trigger ${id} is deleted`);
  }
  const found = act === 'show' ? await triggers.get(id, called) : await triggers[act](id, called);
  context.output.result(found, () => toJson(found, 2));
}
