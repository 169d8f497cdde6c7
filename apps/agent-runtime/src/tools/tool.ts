import type { JsonValue, TenantId } from '@chorda/kernel';
import { z } from 'zod';
import type { OnBehalf } from '../model/model-port.js';

export interface ToolCall {
  readonly tenantId: TenantId;
  /** The same for every attempt at this call, and of no other call: tools hand it on as idempotency key. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Of an agent's call; tools that ask a model say so. */
  readonly onBehalf?: OnBehalf;
}

export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly model: string;
}

export interface ToolAnswer {
  readonly value: JsonValue;
  /** Of tools that ask a model. */
  readonly usage?: TokenUsage;
}

/** Something that an agent can have done. Its name, description and parameters are what the model is shown. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the arguments. */
  readonly parameters: JsonValue;
  /** Whether a call whose outcome is unknown may be made again, with the same key. */
  readonly idempotent: boolean;
  readonly timeoutMs: number;
  /** Of the answer's JSON. */
  readonly resultBytesMax: number;
  /** @throws ToolError of one of its kinds; anything else is a fault of the tool, its effect unknown. */
  run(args: JsonValue, call: ToolCall): Promise<ToolAnswer>;
}

/** Models take names of these letters alone. */
export const toolNamePattern = /^[a-zA-Z0-9_-]{1,64}$/;

/** A tool whose arguments are defined once: what the model is shown is what is checked and what `run` gets. */
export function defineTool<Shape extends z.ZodObject>(
  definition: Omit<Tool, 'parameters' | 'run'> & {
    readonly args: Shape;
    run(args: z.infer<Shape>, call: ToolCall): Promise<ToolAnswer>;
  },
): Tool {
  const { args, run, ...rest } = definition;
  const parameters: JsonValue = JSON.parse(JSON.stringify(z.toJSONSchema(args, { io: 'input' })));
  return { ...rest, parameters, run: async (given, call) => run(args.parse(given), call) };
}
