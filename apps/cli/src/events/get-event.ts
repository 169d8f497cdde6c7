import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';
import { untilFound } from './until-found.js';

export async function getEvent(
  context: CommandContext,
  id: string,
  options: { readonly source?: string; readonly wait: number },
): Promise<void> {
  const client = gatewayClient(context.environment);
  const { source } = options;
  const get = () => client.events.get(id, { signal: context.signal, ...(source === undefined ? {} : { source }) });
  const event = await untilFound(get, options.wait * 1_000, context.signal);
  context.output.result(event, () => toJson(event, 2));
}
