import { Authenticator } from '../auth/authenticator.js';
import { allows, type Credential } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import type { RateLimits } from '../limits/rate-limits.js';
import type { CredentialWatch } from './credential-watch.js';
import type { StreamAdmission } from './stream-admission.js';
import type { Admitted } from './socket/tail-socket.js';
import type { TailFeed } from './tail-feed.js';

export interface TailDoorParts {
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  readonly admission: StreamAdmission;
  readonly watch: CredentialWatch;
  readonly feed: Pick<TailFeed, 'listen'>;
}

const tokenPattern = /^(chd_[A-Za-z0-9_-]{8,200}|[\w-]{1,2000}\.[\w-]{1,6000}\.[\w-]{1,1500})$/;
const scope = 'events:read';

/**
 * Who comes by WebSocket goes by no guard of the router: the same is asked of him here, in the same words.
 *
 * @throws {@link Problem}
 */
export async function admitSocket(parts: TailDoorParts, token: string, leave: () => void): Promise<Admitted> {
  const credential = await credentialOf(parts.authenticator, token);
  if (!allows(credential, scope)) throw new Problem('FORBIDDEN', `The API key or token needs the scope ${scope}`);
  await parts.limits.admitRequest(credential);
  const giveBack = parts.admission.enter(credential, 'websocket');
  try {
    const endListening = await listenTo(parts.feed);
    const endWatch = parts.watch.watch(token, credential, scope, leave);
    return {
      credential,
      release: () => {
        endWatch();
        endListening();
        giveBack();
      },
    };
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** @throws {@link Problem} `UNAVAILABLE` where the brokers do not say where the log ends. */
export async function listenTo(feed: Pick<TailFeed, 'listen'>): Promise<() => void> {
  try {
    return await feed.listen();
  } catch (error) {
    const headers = { 'retry-after': '1' };
    throw new Problem('UNAVAILABLE', 'The log cannot be followed at the moment', { headers, cause: error });
  }
}

async function credentialOf(authenticator: Authenticator, token: string): Promise<Credential> {
  const headers = { 'www-authenticate': 'Bearer realm="chorda"' };
  if (!tokenPattern.test(token)) throw new Problem('UNAUTHENTICATED', 'The API key or token is not valid', { headers });
  let credential: Credential | undefined;
  try {
    credential = await authenticator.credentialOf(token);
  } catch (error) {
    const retry = { 'retry-after': '1' };
    throw new Problem('UNAVAILABLE', 'API keys and tokens cannot be checked at the moment', {
      headers: retry,
      cause: error,
    });
  }
  if (credential === undefined) throw new Problem('UNAUTHENTICATED', 'The API key or token is not valid', { headers });
  return credential;
}
