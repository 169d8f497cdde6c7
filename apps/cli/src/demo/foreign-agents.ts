import type { Day } from './day.js';
import { usageData } from './model-call.js';
import type { Process } from './schedule.js';
import { messageText } from './text.js';

interface ForeignAgent {
  readonly id: string;
  readonly source: string;
  readonly model: string;
  /** Billionths of a US dollar a token. */
  readonly price: number;
  /** Of all events of the day. */
  readonly share: number;
}

/** Agents that run in other systems: Chorda knows what they report and decides nothing about them. */
export const foreignAgents: readonly ForeignAgent[] = [
  { id: 'crm-assistant', source: 'https://crm.example/agents', model: 'gpt-4.1-mini', price: 400, share: 0.01 },
  { id: 'erp-forecaster', source: 'https://erp.example/agents', model: 'own-forecast-2', price: 0, share: 0.005 },
];

/** One report after the other, all day long; `perMs` is how many events of all kinds there are a millisecond. */
export function* foreignWork(day: Day, agent: ForeignAgent, perMs: number): Process {
  const { random } = day;
  for (;;) {
    yield random.exponential(1 / (perMs * agent.share));
    const promptTokens = random.between(300, 4_000);
    const completionTokens = random.between(50, 900);
    const costNanoUsd = (promptTokens + completionTokens * 4) * agent.price;
    const report = {
      agent_id: agent.id,
      execution_id: day.newId('exec'),
      user_id: `user-${random.between(1, 400)}`,
      input_data: { text: messageText(random, 300) },
      execution_time_ms: Math.floor(random.logNormal(2_500, 0.6)),
      model: agent.model,
      usage: usageData({ promptTokens, cachedPromptTokens: 0, completionTokens, costNanoUsd }),
    };
    const cause = { correlationId: day.newId('chain') };
    if (random.chance(0.92)) {
      const output = { text: messageText(random, 500) };
      const data = { ...report, output_data: output, status: 'completed' };
      day.emit('agent.executed', agent.id, cause, data, agent.source);
    } else {
      const error = { message: 'The provider answered 429 Too Many Requests.' };
      const data = { ...report, error, error_code: 'RATE_LIMITED', status: 'failed' };
      day.emit('agent.failed', agent.id, cause, data, agent.source);
    }
  }
}
