import type { ChatMessage } from '../text/chat-template.js';
import { patternText } from './pattern-text.js';
import { hashOf, pick, seededRandom, type Random } from './random.js';
import { schemaValue, type JsonSchema } from './schema-value.js';
import { scriptedTurn, withoutDirectives, type Script, type ScriptTurn } from './script.js';

export interface Tool {
  readonly name: string;
  readonly parameters: JsonSchema;
}

export type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string };

/** What the answer must look like, of `response_format` and vLLM's `structured_outputs`. */
export type AnswerFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json'; readonly schema: JsonSchema }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'regex'; readonly pattern: string };

export interface DraftRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly prompt: Uint16Array;
  readonly seed: number | undefined;
  /** Which of the `n` answers. */
  readonly index: number;
  readonly format: AnswerFormat;
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  readonly allowsSeveralCalls: boolean;
}

export interface PlannedCall {
  readonly name: string;
  /** As the model writes them: JSON, where the script does not say otherwise. */
  readonly arguments: string;
}

/** What the model wants to say, before any limit of the request cuts it. */
export interface Draft {
  readonly text: string;
  readonly calls: readonly PlannedCall[];
}

const openings = ['Simulated answer', 'Simulated reply', 'Simulated response', 'Simulated words'] as const;
const quotedCharactersMax = 400;

/**
 * The simulated model. The same request gets the same answer; another seed or another of `n` another one.
 *
 * - A script that speaks to the messages is followed.
 * - A tool that must be called is called, with arguments that its schema accepts.
 * - A format that is asked for is kept.
 * - Else it says that it is simulated, and repeats what it was asked.
 */
export function draftAnswer(request: DraftRequest, scripts: readonly Script[]): Draft {
  const seed = hashOf(`${request.model} ${request.seed ?? ''} ${request.index}`, hashOf(request.prompt));
  const random = seededRandom(seed);
  const turn = scriptedTurn(request.messages, request.model, scripts);
  if (turn !== undefined) return scriptedDraft(turn, request, random);
  const { toolChoice, tools, format } = request;
  const forced =
    typeof toolChoice === 'object' ? toolChoice.name : toolChoice === 'required' ? tools[0]?.name : undefined;
  if (forced !== undefined)
    return { text: '', calls: [{ name: forced, arguments: argumentsFor(forced, tools, random) }] };
  switch (format.kind) {
    case 'json':
      return { text: JSON.stringify(schemaValue(format.schema, random)), calls: [] };
    case 'choice':
      return { text: pick([format.choices[0] ?? '', ...format.choices.slice(1)], random), calls: [] };
    case 'regex':
      return { text: patternText(format.pattern, random), calls: [] };
    case 'text':
      return { text: `${pick(openings, random)}: ${echoOf(request.messages)}`, calls: [] };
  }
}

function scriptedDraft(turn: ScriptTurn, request: DraftRequest, random: Random): Draft {
  const { tools, messages } = request;
  const given = turn.calls ?? (turn.call === undefined ? [] : [{ tool: turn.call, arguments: turn.arguments }]);
  const calls = request.toolChoice === 'none' ? [] : given;
  const text = turn.json === undefined ? filledIn(turn.say ?? '', messages) : JSON.stringify(turn.json);
  return {
    text,
    calls: calls.slice(0, request.allowsSeveralCalls ? undefined : 1).map((call) => ({
      name: call.tool,
      arguments: call.arguments === undefined ? argumentsFor(call.tool, tools, random) : textOf(call.arguments),
    })),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function argumentsFor(name: string, tools: readonly Tool[], random: Random): string {
  const tool = tools.find((one) => one.name === name);
  return tool === undefined ? '{}' : JSON.stringify(schemaValue(tool.parameters, random));
}

function filledIn(text: string, messages: readonly ChatMessage[]): string {
  const last = (role: string) => withoutDirectives(messages.findLast((message) => message.role === role)?.text ?? '');
  // Functions, because `$&` in what a user wrote means nothing here.
  return text.replaceAll('{{user}}', () => last('user')).replaceAll('{{tool}}', () => last('tool'));
}

function echoOf(messages: readonly ChatMessage[]): string {
  const asked = messages.findLast(({ role }) => role === 'tool' || role === 'user') ?? messages.at(-1);
  const text = Array.from(withoutDirectives(asked?.text ?? ''))
    .slice(0, quotedCharactersMax)
    .join('');
  return asked?.role === 'tool' ? `the tool answered “${text}”` : `you said “${text}”`;
}
