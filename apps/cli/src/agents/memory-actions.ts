import type { MemoryEntry } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { toJson } from '../command-line/output.js';
import { called, client, jsonOf, show } from './command-actions.js';

export async function showSession(context: CommandContext, agent: string, session: string): Promise<void> {
  const found = await client(context).agents.session(agent, session, called(context));
  const { output } = context;
  output.result(found, () => {
    const said = found.messages.map(({ role, content }) => [String(role), toJson(content).slice(0, 100)]);
    const entries = Object.entries(found.memory).flatMap(([area, values]) =>
      Object.entries(values).map(([key, value]) => [`${area}/${key}`, toJson(value).slice(0, 100)]),
    );
    return `${output.table(['ROLE', 'SAID'], said)}\n${output.table(['ENTRY', 'VALUE'], entries)}`;
  });
}

export async function writeMemory(
  context: CommandContext,
  agent: string,
  session: string,
  name: string,
  json: string,
): Promise<void> {
  const entry = { ...entryOf(name), value: jsonOf('The value', json) };
  show(context, await client(context).agents.remember(agent, session, entry, called(context)));
}

export async function forgetMemory(
  context: CommandContext,
  agent: string,
  session: string,
  name: string,
): Promise<void> {
  show(context, await client(context).agents.forget(agent, session, entryOf(name), called(context)));
}

function entryOf(name: string): MemoryEntry {
  const at = name.indexOf('/');
  const [area, key] = [name.slice(0, at), name.slice(at + 1)];
  if ((area === 'data' || area === 'context' || area === 'variables') && key !== '') return { area, key };
  throw new CommandFailure(
    exitCodes.usage,
    `${name} names no entry`,
    'Give data/NAME, context/NAME or variables/NAME.',
  );
}
