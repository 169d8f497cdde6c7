import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { helpText } from './help.js';
import { readSimulatorSettings, settingDefaults } from './simulator.env.js';
import { simulatorDefaults } from './simulator-settings.js';

it('needs nothing: its defaults are those that are written down', () => {
  expect(readSimulatorSettings({})).toEqual(simulatorDefaults);
});

it('reads models, adapters and times', () => {
  const settings = readSimulatorSettings({
    CHORDA_SIMULATOR_MODELS: 'large, small',
    CHORDA_SIMULATOR_EMBEDDING_MODELS: 'none',
    CHORDA_SIMULATOR_LORAS: 'law=large',
    CHORDA_SIMULATOR_TOKEN_MS: '0.5',
    CHORDA_SIMULATOR_SLOTS: '8',
  });
  expect(settings).toMatchObject({
    models: ['large', 'small'],
    embeddingModels: [],
    loras: [{ name: 'law', base: 'large' }],
    engine: { tokenMs: 0.5, slots: 8 },
  });
});

it('names every setting that is wrong at once, and no value', () => {
  const read = () =>
    readSimulatorSettings({
      CHORDA_SIMULATOR_SLOTS: '0',
      CHORDA_SIMULATOR_TOKEN_MS: '-1',
      CHORDA_SIMULATOR_MODELS: 'a,,b',
      CHORDA_SIMULATOR_POLICY: 'secret-value',
    });
  expect(read).toThrow(/SLOTS must be at least 1/);
  expect(read).toThrow(/TOKEN_MS must be milliseconds/);
  expect(read).toThrow(/MODELS must hold names/);
  expect(read).not.toThrow(/secret-value/);
});

it.each([
  [{ CHORDA_SIMULATOR_LORAS: 'law=nowhere' }, /LORAS names a model that CHORDA_SIMULATOR_MODELS lacks/],
  [{ CHORDA_SIMULATOR_EMBEDDING_MODELS: 'simulated' }, /MODELS names something that another/],
  [{ CHORDA_SIMULATOR_KV_BLOCKS: '10' }, /KV_BLOCKS must be so many that one request of 131072 tokens fits/],
  [{ CHORDA_SIMULATOR_SCRIPTS: '/nowhere/at/all' }, /SCRIPTS names a file that cannot be read/],
])('refuses settings that contradict each other: %o', (env, message) => {
  expect(() => readSimulatorSettings(env)).toThrow(message);
});

it('reads scripts from a file, and says what is wrong with them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'scripts.json');
  const scripts = [
    { contains: 'weather', turns: [{ call: 'look', arguments: { at: 'sky' } }, { say: 'It is {{tool}}.' }] },
  ];
  writeFileSync(path, JSON.stringify(scripts));
  expect(readSimulatorSettings({ CHORDA_SIMULATOR_SCRIPTS: path }).scripts).toEqual(scripts);
  writeFileSync(path, JSON.stringify([{ turns: [{ say: 'a', json: {} }] }]));
  expect(() => readSimulatorSettings({ CHORDA_SIMULATOR_SCRIPTS: path })).toThrow(/say and json exclude each other/);
});

it('lists every setting in its help', () => {
  const text = helpText();
  for (const { key } of settingDefaults()) expect(text).toContain(key);
});
