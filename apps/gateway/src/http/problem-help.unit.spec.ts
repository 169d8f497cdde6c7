import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorPage } from './error-page.js';

const file = fileURLToPath(new URL('../../../../docs/reference/errors.md', import.meta.url));

describe('docs/reference/errors.md', () => {
  it('has every code with its status, cause and fix, as the gateway answers it', () => {
    // Written by `npm run api:release`.
    if (process.env['CHORDA_API_RELEASE']) writeFileSync(file, errorPage());
    expect(readFileSync(file, 'utf8'), 'run npm run api:release').toBe(errorPage());
  });
});
