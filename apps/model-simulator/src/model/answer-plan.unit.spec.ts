import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decode } from '../text/tokenizer.js';
import { planAnswer, type AnswerLimits } from './answer-plan.js';
import { DeltaCursor } from './delta-cursor.js';
import type { Draft } from './draft.js';

const limitsOf: fc.Arbitrary<AnswerLimits> = fc.record({
  maxTokens: fc.integer({ min: 1, max: 200 }),
  minTokens: fc.constantFrom(0, 0, 1),
  stop: fc.array(fc.constantFrom('a', 'an', '€', ' ', '}', 'zz'), { maxLength: 2 }),
  stopTokenIds: fc.constantFrom([], [40, 68]),
  ignoresEnd: fc.boolean(),
  keepsStop: fc.boolean(),
});

const draftOf: fc.Arbitrary<Draft> = fc.record({
  text: fc.string({ unit: fc.constantFrom('a', 'n', ' ', 'é', '€', '😀', '\n'), maxLength: 40 }),
  calls: fc.array(
    fc.record({
      name: fc.constantFrom('lookup', 'send "it"'),
      arguments: fc.constantFrom('{}', '{"key":"ü€"}', 'not json'),
    }),
    { maxLength: 2 },
  ),
});

it('says in a stream exactly what it says at once, within its limits', () => {
  fc.assert(
    fc.property(draftOf, limitsOf, (draft, limits) => {
      const plan = planAnswer(draft, limits);
      const cursor = new DeltaCursor(plan);
      let text = '';
      const calls: { name: string; arguments: string }[] = [];
      for (let token = 0; token < plan.tokens.length; token += 1) {
        const delta = cursor.next();
        if (delta?.kind === 'text') text += delta.text;
        if (delta?.kind === 'call') calls.push({ name: delta.name, arguments: '' });
        const last = calls.at(-1);
        if (delta?.kind === 'arguments' && last !== undefined) last.arguments += delta.text;
      }
      expect(plan.tokens.length).toBeLessThanOrEqual(limits.maxTokens);
      if (plan.finishReason === 'length') expect(plan.tokens.length).toBe(limits.maxTokens);
      if (plan.calls.length > 0) expect(calls).toEqual(plan.calls);
      if (draft.calls.length === 0 || plan.calls.length > 0) expect(text).toBe(plan.text);
    }),
    { numRuns: 1_000 },
  );
});

const none: AnswerLimits = {
  maxTokens: 100,
  minTokens: 0,
  stop: [],
  stopTokenIds: [],
  ignoresEnd: false,
  keepsStop: false,
};
const say = (text: string): Draft => ({ text, calls: [] });

it('counts the token that ends an answer, and those of a stop', () => {
  expect(planAnswer(say('abc'), none)).toMatchObject({ text: 'abc', finishReason: 'stop', stopReason: null });
  expect(planAnswer(say('abc'), none).tokens).toHaveLength(4);
  const stopped = planAnswer(say('abc def'), { ...none, stop: ['c d', 'zz'] });
  expect([stopped.text, stopped.tokens.length, stopped.stopReason]).toEqual(['ab', 5, 'c d']);
  expect(planAnswer(say('abc def'), { ...none, stop: ['c d'], keepsStop: true }).text).toBe('abc d');
  expect(planAnswer(say('abc'), { ...none, stopTokenIds: [65] })).toMatchObject({ text: 'a', stopReason: 65 });
});

it('goes on past its end when it is told to, and to its least length', () => {
  const long = planAnswer(say('abc'), { ...none, ignoresEnd: true });
  expect([long.tokens.length, long.finishReason]).toEqual([100, 'length']);
  expect(decode([...long.tokens.subarray(0, 3)])).toBe('abc');
  expect(planAnswer(say('abc'), { ...none, minTokens: 20 }).tokens).toHaveLength(21);
});

it('gives a call that was cut as the text it is', () => {
  const plan = planAnswer(
    { text: '', calls: [{ name: 'lookup', arguments: '{"key":"a"}' }] },
    { ...none, maxTokens: 50 },
  );
  expect(plan).toMatchObject({ calls: [], finishReason: 'length', text: expect.stringMatching(/^<tool_call>/) });
});
