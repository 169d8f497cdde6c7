import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelSimulator } from '../index.js';
import { chunksOf, formOf, recordedExchanges, send, startAsRecorded, type Recording } from './recorded.spec.js';

/** What the recorded model said is noise, and so is what hangs on it: these say the opposite of what ours says. */
const saidOtherwise = new Set([
  'chat-tools-named.json', // It wrote no valid call, so it came back as text.
  'chat-tools-required.json', // It called three times.
  'chat-stop.json', // Its noise held none of the stop strings.
]);

/** Values that must be the same, wherever they stand. */
const fixedFields = new Set([
  'object',
  'model',
  'role',
  'finish_reason',
  'stop_reason',
  'max_model_len',
  'count',
  'tokens',
]);

function fixedValues(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(fixedValues);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    fixedFields.has(name) || name === 'usage' ? [[name, one]] : fixedValues(one),
  );
}

/** Chunks that look alike and follow each other are one: how many tokens there are is checked by usage. */
function distinct(forms: readonly unknown[]): readonly string[] {
  const texts = forms.map((form) => JSON.stringify(form));
  return texts.filter((text, index) => text !== texts[index - 1]);
}

const withoutTimes = (headers: Headers) => headers.get('content-type')?.replaceAll(' ', '') ?? null;

for (const recording of ['default', 'priority'] satisfies Recording[]) {
  describe(`what vLLM 0.32 answered (${recording})`, () => {
    let simulator: ModelSimulator;
    beforeAll(async () => {
      simulator = await startAsRecorded(recording);
    });
    afterAll(() => simulator.stop());

    const exchanges = recordedExchanges(recording).filter(([file]) => !saidOtherwise.has(file));
    it.each(exchanges)('is answered alike: %s', async (_file, exchange) => {
      const answer = await send(simulator, exchange);
      const { status, headers, body, sse, text } = exchange.response;
      expect(answer.status).toBe(status);
      expect(withoutTimes(answer.headers)).toBe(headers['content-type']?.replaceAll(' ', '') ?? null);
      expect(answer.headers.has('x-request-id')).toBe('x-request-id' in headers);
      expect(answer.headers.get('allow')).toBe(headers['allow'] ?? null);
      expect(answer.headers.get('x-chorda-simulated')).toBe('true');
      const given = await answer.text();
      if (text !== undefined) expect(given).toBe(text);
      if (body !== undefined) {
        const mine: unknown = JSON.parse(given);
        expect(formOf(mine)).toEqual(formOf(body));
        expect(fixedValues(mine)).toEqual(withoutLengths(fixedValues(body), exchange.request.body));
        if (status >= 400) expect(mine).toEqual(body);
      }
      if (sse !== undefined) {
        const [mine, theirs] = [chunksOf(given), chunksOf(sse)];
        expect(distinct(mine.map(formOf))).toEqual(distinct(theirs.map(formOf)));
        expect(fixedValues(mine.at(-2))).toEqual(fixedValues(theirs.at(-2)));
        expect(mine.at(-1)).toBe('[DONE]');
      }
    });
  });
}

/** How long an answer by schema is, its own white space says. */
function withoutLengths(values: readonly unknown[], request: unknown): readonly unknown[] {
  if (typeof request !== 'object' || request === null || !('response_format' in request)) return values;
  return values.map((value) =>
    Array.isArray(value) && value[0] === 'usage' ? ['usage', expect.objectContaining({ prompt_tokens: 28 })] : value,
  );
}
