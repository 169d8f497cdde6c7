import type { Tool, ToolChoice } from '../../model/draft.js';
import { badRequest } from '../answer-error.js';
import { isObject, type Fields } from '../fields.js';

export interface ChatTools {
  readonly tools: readonly Tool[];
  readonly choice: ToolChoice;
  readonly allowsSeveralCalls: boolean;
}

/** @param isParserOn Whether the server was started so that calls are found in what the model says. */
export function readTools(fields: Fields, isParserOn: boolean): ChatTools {
  const tools = (fields.list('tools') ?? []).map((tool, index) => readTool(tool, index));
  const allowsSeveralCalls = fields.flag('parallel_tool_calls') ?? true;
  fields.check();
  const choice = readChoice(fields.body['tool_choice'] ?? undefined, tools);
  if (choice === 'auto' && !isParserOn) {
    throw badRequest('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set');
  }
  if (choice !== 'none' && !isParserOn) {
    const shown = typeof choice === 'object' ? `function "${choice.name}"` : `"${choice}"`;
    throw badRequest(`tool_choice=${shown} requires --tool-call-parser to be set`);
  }
  return { tools, choice, allowsSeveralCalls };
}

function readTool(given: unknown, index: number): Tool {
  const made = isObject(given) ? given['function'] : undefined;
  if (!isObject(made) || typeof made['name'] !== 'string') {
    throw badRequest(`tools.${index} must be a function with a name.`, 'tools');
  }
  const { name, parameters } = made;
  return { name, parameters: isObject(parameters) ? parameters : { type: 'object' } };
}

function readChoice(given: unknown, tools: readonly Tool[]): ToolChoice {
  if (given === undefined) return tools.length > 0 ? 'auto' : 'none';
  if (given === 'none') return 'none';
  if (tools.length === 0) throw badRequest('When using `tool_choice`, `tools` must be set.', 'tool_choice');
  if (given === 'auto' || given === 'required') return given;
  const made = isObject(given) ? given['function'] : undefined;
  const name = isObject(made) ? made['name'] : undefined;
  if (typeof name !== 'string') {
    throw badRequest('tool_choice must be none, auto, required or name a function.', 'tool_choice');
  }
  if (tools.some((tool) => tool.name === name)) return { name };
  throw badRequest('The tool specified in `tool_choice` does not match any of the specified `tools`', 'tool_choice');
}
