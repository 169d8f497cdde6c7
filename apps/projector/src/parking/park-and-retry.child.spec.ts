import { parkAndRetry } from './park-and-retry.fixture.spec.js';

/** The process that `parking-crash.int.spec.ts` kills. */
const { DATABASE_URL = '', IS_MENDED, IS_RETRY } = process.env;

await parkAndRetry(DATABASE_URL, { isMended: IS_MENDED === 'yes', isRetry: IS_RETRY === 'yes' });
