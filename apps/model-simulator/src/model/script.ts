import { z } from 'zod';
import type { ChatMessage } from '../text/chat-template.js';

const callSchema = z.strictObject({
  tool: z.string().min(1),
  /** Left out: written by the tool's own schema. A text goes out as it stands, so that it can be wrong JSON. */
  arguments: z.unknown().optional(),
});

/**
 * What the model says in one turn: a text, tool calls, or both. `{{user}}` in a text stands for the last message of the
 * user, `{{tool}}` for the last result of a tool.
 */
const turnSchema = z
  .strictObject({
    say: z.string().optional(),
    call: z.string().min(1).optional(),
    arguments: z.unknown().optional(),
    calls: z.array(callSchema).min(1).max(128).optional(),
    /** A value that is said as JSON. */
    json: z.unknown().optional(),
  })
  .refine((turn) => turn.call !== undefined || turn.arguments === undefined, { error: 'arguments need a call' })
  .refine((turn) => turn.say === undefined || turn.json === undefined, { error: 'say and json exclude each other' });

export const scriptSchema = z.strictObject({
  /** The script of requests to this model alone. */
  model: z.string().optional(),
  /** The script of requests in whose messages this text stands. */
  contains: z.string().min(1).optional(),
  turns: z.array(turnSchema).min(1).max(1_000),
});
export const scriptsSchema = z.array(scriptSchema).max(1_000);

export type ScriptTurn = z.infer<typeof turnSchema>;
export type Script = z.infer<typeof scriptSchema>;

export class ScriptError extends Error {}

const directive = '@simulate ';

/**
 * What a script says to these messages, if there is one.
 *
 * A line `@simulate {…}` in a message of the user or the system is a turn; several are turns that follow each other,
 * one for each answer that the messages already hold after that message. The last message with such lines counts. Past
 * the last turn the model answers as it does without a script.
 *
 * @throws {@link ScriptError} when a line begins like a turn and is none.
 */
export function scriptedTurn(
  messages: readonly ChatMessage[],
  model: string,
  scripts: readonly Script[],
): ScriptTurn | undefined {
  const at = messages.findLastIndex(
    ({ role, text }) => (role === 'user' || role === 'system' || role === 'developer') && text.includes(directive),
  );
  if (at >= 0) {
    const turns = turnsIn(messages[at]?.text ?? '');
    if (turns.length > 0) return turns[answersAfter(messages, at)];
  }
  const script = scripts.find(
    (one) =>
      (one.model === undefined || one.model === model) &&
      (one.contains === undefined || messages.some(({ text }) => text.includes(one.contains ?? ''))),
  );
  return script?.turns[answersAfter(messages, -1)];
}

/** A text without the lines that are for the simulator. */
export function withoutDirectives(text: string): string {
  if (!text.includes(directive)) return text;
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith(directive))
    .join('\n')
    .trim();
}

function answersAfter(messages: readonly ChatMessage[], at: number): number {
  return messages.filter(({ role }, index) => index > at && role === 'assistant').length;
}

function turnsIn(text: string): readonly ScriptTurn[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(directive))
    .map((line) => readTurn(line.slice(directive.length)));
}

function readTurn(text: string): ScriptTurn {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new ScriptError(`A line that begins with ${directive.trim()} must go on with JSON: ${text.slice(0, 100)}`);
  }
  const read = turnSchema.safeParse(given);
  if (read.success) return read.data;
  throw new ScriptError(`A line that begins with ${directive.trim()} is no turn: ${z.prettifyError(read.error)}`);
}
