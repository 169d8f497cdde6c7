import { z } from 'zod';
import { ToolFailedError } from '../tools/tool-errors.js';
import { defineTool, type Tool } from '../tools/tool.js';

/** Two tools that do the same: call the effect server once with the key of the call. One of them may be repeated. */
export function effectTools(url: string): readonly Tool[] {
  const tool = (name: string, idempotent: boolean) =>
    defineTool({
      name,
      description: 'Has an effect outside.',
      idempotent,
      timeoutMs: 20_000,
      resultBytesMax: 10_000,
      args: z.strictObject({}),
      async run(_args, { key, signal }) {
        const headers = { 'idempotency-key': key };
        const response = await fetch(url, { method: 'POST', headers, signal }).catch(() => {
          throw new ToolFailedError('EFFECT_UNKNOWN', 'no answer', 'unknown', true);
        });
        return { value: z.json().parse(await response.json()) };
      },
    });
  return [tool('effect_once', false), tool('effect_again', true)];
}
