import { ChordaClient, type RetryOptions } from '@chorda/client';
import { exitCodes } from './exit-codes.js';
import { CommandFailure } from './failure.js';

/** The gateway that this command talks to: CHORDA_URL and CHORDA_API_KEY, or those of a running `npm start`. */
export function gatewayClient(
  environment: NodeJS.ProcessEnv,
  options: { readonly retry?: RetryOptions; readonly timeoutMs?: number; readonly source?: string } = {},
): ChordaClient {
  const url = environment['CHORDA_URL'];
  if (url === undefined) {
    throw new CommandFailure(
      exitCodes.unavailable,
      'No Chorda runs from this folder, and CHORDA_URL is not set',
      'Start it with `npm start` in the repository, or set CHORDA_URL and CHORDA_API_KEY to one that runs elsewhere.',
    );
  }
  return new ChordaClient({ url, apiKey: environment['CHORDA_API_KEY'], ...options });
}
