// Before each spec file of units and of real servers: what fast-check draws is fixed, as `draws` says.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { draws } from '../../libs/testing/src/draws.js';

const { testPath } = expect.getState();
// Loading it costs more than most files of tests take, and few draw anything.
if (testPath !== undefined && readFileSync(testPath, 'utf8').includes('fast-check')) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal(draws);
}
