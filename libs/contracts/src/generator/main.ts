import { InvalidInputError } from '@chorda/kernel';
import { gateIssues } from './gate.js';
import { generate, staleFiles } from './generate.js';

/**
 * `npm run contracts:generate [-- --check]`. Answers the exit status: 0, or 1 where `check` found something to mend.
 */
export function runGenerator(root: string, options: { readonly check: boolean }): number {
  try {
    return options.check ? check(root) : write(root);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    for (const issue of error.issues) console.error(`${issue.pointer}: ${issue.detail}`);
    return 1;
  }
}

function write(root: string): number {
  const written = generate(root);
  console.log(written.length ? `Wrote ${written.join(', ')}` : 'Generated files are fresh');
  return 0;
}

function check(root: string): number {
  const stale = staleFiles(root);
  for (const path of stale) console.error(`${path} is stale: run npm run contracts:generate and commit it`);
  const breaking = gateIssues(root);
  for (const issue of breaking) console.error(`${issue.pointer}: ${issue.detail}`);
  return stale.length + breaking.length === 0 ? 0 : 1;
}
