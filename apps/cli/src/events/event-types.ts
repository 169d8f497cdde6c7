import { allEventTypes, isEventType, type EventType } from '@chorda/contracts';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';

/** `agent.*` means every type of the area, `*` every type; any other text is a type of the catalogue. */
export function typesOf(patterns: readonly string[]): readonly EventType[] {
  return [...new Set(patterns.flatMap(typesOfPattern))];
}

function typesOfPattern(pattern: string): readonly EventType[] {
  if (isEventType(pattern)) return [pattern];
  const area = /^([a-z]+)\.\*$/.exec(pattern)?.[1];
  const types = pattern === '*' ? allEventTypes : allEventTypes.filter((type) => type.startsWith(`${area ?? ''}.`));
  if (area !== undefined || pattern === '*') if (types.length > 0) return types;
  const near = allEventTypes.filter((type) => type.includes(pattern.replace(/^.*\./, '')));
  const hint = near.length > 0 ? `Did you mean ${near.slice(0, 3).join(' or ')}? ` : '';
  throw new CommandFailure(
    exitCodes.usage,
    `There is no event type ${pattern}`,
    `${hint}\`chorda schemas list\` prints them all; a whole area is written like "agent.*".`,
  );
}
