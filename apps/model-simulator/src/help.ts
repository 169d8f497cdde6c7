import { settingDefaults } from './simulator.env.js';

/** What `--help` prints. */
export function helpText(): string {
  const settings = settingDefaults();
  const width = Math.max(...settings.map(({ key }) => key.length));
  return [
    'Chorda model simulator: speaks vLLM 0.32’s HTTP, and is no model.',
    '',
    'Usage: node apps/model-simulator/dist/main.js',
    '',
    'Every answer says that it is simulated. A line "@simulate {"say": "…"}" or "@simulate {"call": "TOOL",',
    '"arguments": {…}}" in a message says what it shall answer; docs/how-to/use-a-model.md has the rest.',
    '',
    'Settings come from the environment (docs/configuration.md), with their defaults:',
    '',
    ...settings.map(({ key, value }) => `  ${key.padEnd(width)}  ${value}`.trimEnd()),
    '',
    'Metrics of the process: METRICS_PORT. Metrics under vLLM’s names: /metrics of the simulator itself.',
    '',
  ].join('\n');
}
