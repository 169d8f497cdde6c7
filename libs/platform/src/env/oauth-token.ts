import { BackboneError } from '@chorda/kernel';
import { z } from 'zod';

export class TokenUnavailableError extends BackboneError {
  readonly code = 'TOKEN_UNAVAILABLE';
  readonly retriable = true;

  constructor(reason: string, options?: ErrorOptions) {
    super(`No access token for Kafka: ${reason}`, options);
  }
}

const answerSchema = z.object({ access_token: z.string(), expires_in: z.number().positive().default(60) });
const requestTimeoutMs = 10_000;

/**
 * Asks for a token by OAuth 2.0 client credentials and keeps it for four fifths of its life, so that a reconnect never
 * presents one that ends on the way.
 */
export function clientCredentialsToken(client: {
  readonly url: string;
  readonly clientId: string;
  readonly secret: string;
}): () => Promise<string> {
  let held: { readonly token: string; readonly freshUntilMs: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async () => {
    const answer = await requestToken(client);
    held = { token: answer.access_token, freshUntilMs: Date.now() + answer.expires_in * 800 };
    return held.token;
  };
  return async () => {
    if (held && Date.now() < held.freshUntilMs) return held.token;
    // A start opens many connections at once: one question for all of them.
    asking ??= ask().finally(() => (asking = undefined));
    return asking;
  };
}

async function requestToken(client: { readonly url: string; readonly clientId: string; readonly secret: string }) {
  const credentials = Buffer.from(`${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.secret)}`);
  try {
    const response = await fetch(client.url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${credentials.toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    if (!response.ok) throw new TokenUnavailableError(`the token endpoint answered ${response.status}`);
    return answerSchema.parse(await response.json());
  } catch (error) {
    if (error instanceof TokenUnavailableError) throw error;
    throw new TokenUnavailableError('the token endpoint gave no usable answer', { cause: error });
  }
}
