import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { printListing } from './list-items.js';

export async function tellCorrelation(context: CommandContext, id: string, limit: number): Promise<void> {
  const client = gatewayClient(context.environment);
  const story = client.correlation(id, { limit: Math.min(500, limit), signal: context.signal });
  await printListing(context, story, ['recordedtime', 'orderedby', 'type', 'subject', 'id'], limit);
}
